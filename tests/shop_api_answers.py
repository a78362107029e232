"""Answers of Ecwid, WooCommerce and Shopify in the shapes that their documentation shows, about people who do not exist.

Each `play_…` keeps its lists in memory and filters, orders and pages them as the API is documented to, so that what
an adapter asks for counts, too. Lists may be changed while they are read.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from shop_api_server import Play, Question, Reply

Lists = dict[str, list[dict[str, Any]]]

ECWID_TOKEN = "secret_made_up"
WOOCOMMERCE_KEY, WOOCOMMERCE_SECRET = "ck_made_up", "cs_made_up"
SHOPIFY_TOKEN = "shpat_made_up"
SHOPIFY_APP = ("client-id-made-up", "client-secret-made-up")


def play_ecwid(lists: Lists, store: str = "1003", *, largest_page: int = 100) -> Play:
    """Lists by offset and limit, orders newest first, bounds as UNIX seconds."""
    orderings = {
        "REGISTERED_DATE_ASC": lambda i: i["registered"],
        "ADDED_TIME_ASC": lambda i: i["created"],
    }

    def play(question: Question) -> Reply:
        if question.headers.get("Authorization") != f"Bearer {ECWID_TOKEN}":
            return Reply(
                status=403,
                data={"errorMessage": "Your token is not valid", "errorCode": "ACCESS_DENIED"},
            )
        name = question.path.removeprefix(f"/api/v3/{store}/")
        if name == "profile":
            return Reply(data=lists["profile"][0])
        items = [i for i in lists.get(name, []) if _in_seconds(i, question)]
        if name == "orders":
            items.sort(key=lambda i: i["createDate"], reverse=True)
        if sort := question.params.get("sortBy"):
            items.sort(key=orderings[sort])
        offset = int(question.params.get("offset", 0))
        limit = min(int(question.params.get("limit", 100)), largest_page)
        page = items[offset : offset + limit]
        return Reply(
            data={
                "total": len(items),
                "count": len(page),
                "offset": offset,
                "limit": limit,
                "items": page,
            }
        )

    return play


def _in_seconds(item: dict[str, Any], question: Question) -> bool:
    updated = item.get("updated") or item.get("updateDate")
    created = item.get("createDate") or item.get("created") or item.get("registered")
    bounds = {"updatedFrom": (updated, 1), "updatedTo": (updated, -1)}
    bounds |= {"createdFrom": (created, 1), "createdTo": (created, -1)}
    return all(
        sign * (_ecwid_moment(said) - int(question.params[bound])) >= 0
        for bound, (said, sign) in bounds.items()
        if bound in question.params
    )


def _ecwid_moment(said: str) -> int:
    return int(datetime.strptime(said, "%Y-%m-%d %H:%M:%S %z").timestamp())


def play_woocommerce(lists: Lists, *, largest_page: int = 100, says_total: bool = True) -> Play:
    """Lists by offset, ordered by id, bounds exclusive and in GMT; customers know no bounds."""
    wanted = (
        "Basic " + base64.b64encode(f"{WOOCOMMERCE_KEY}:{WOOCOMMERCE_SECRET}".encode()).decode()
    )

    def play(question: Question) -> Reply:
        if question.headers.get("Authorization") != wanted:
            error = {
                "code": "woocommerce_rest_cannot_view",
                "message": "Sorry, …",
                "data": {"status": 401},
            }
            return Reply(status=401, data=error)
        name = question.path.removeprefix("/wp-json/wc/v3/")
        items = [
            i
            for i in lists.get(name, [])
            if name not in {"orders", "products"} or _in_gmt(i, question)
        ]
        items.sort(key=lambda i: i["id"])
        offset = int(question.params.get("offset", 0))
        limit = min(int(question.params.get("per_page", 10)), largest_page)
        headers = {"X-WP-Total": str(len(items)), "X-WP-TotalPages": str(-(-len(items) // limit))}
        return Reply(data=items[offset : offset + limit], headers=headers if says_total else {})

    return play


def _in_gmt(item: dict[str, Any], question: Question) -> bool:
    modified, created = item["date_modified_gmt"], item["date_created_gmt"]
    params = question.params
    return (
        modified > params.get("modified_after", "")
        and modified < params.get("modified_before", "9")
        and created > params.get("after", "")
        and created < params.get("before", "9")
    )


def play_shopify(lists: Lists, version: str = "2026-10") -> Play:
    """Lists by cursor, ordered by id; a cursor is the id after which it goes on."""

    def play(question: Question) -> Reply:
        if question.path == "/admin/oauth/access_token":
            app = (question.body["client_id"], question.body["client_secret"])
            if app != SHOPIFY_APP or question.body["grant_type"] != "client_credentials":
                return Reply(status=400, data={"error": "invalid_client"})
            return Reply(
                data={"access_token": SHOPIFY_TOKEN, "scope": "read_orders", "expires_in": 86399}
            )
        if question.headers.get("X-Shopify-Access-Token") != SHOPIFY_TOKEN:
            error = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return Reply(status=401, data={"errors": error})
        if question.path != f"/admin/api/{version}/graphql.json":
            return Reply(status=404, data={"errors": "Not Found"})
        return Reply(data=_graphql(lists, question.body["query"], question.body["variables"]))

    return play


def _graphql(lists: Lists, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    cost = {"requestedQueryCost": 52, "actualQueryCost": 12, "throttleStatus": _bucket(988)}
    if "order(id:" in query:
        order = next(o for o in lists["orders"] if o["id"] == variables["id"])
        data: dict[str, Any] = {
            "order": {"lineItems": _lines(order, variables["lines"], variables["after"])}
        }
        return {"data": data, "extensions": {"cost": cost}}
    name = next(n for n in ("customers", "orders", "products") if f"{n}(first:" in query)
    items = sorted((i for i in lists.get(name, []) if _found(i, variables["query"])), key=_number)
    page = _connection(items, variables["first"], variables["after"])
    if "lineItems" in query:
        page["nodes"] = [
            o | {"lineItems": _lines(o, variables["lines"], None)} for o in page["nodes"]
        ]
    return {"data": {name: page}, "extensions": {"cost": cost}}


def _lines(order: dict[str, Any], first: int, after: str | None) -> dict[str, Any]:
    return _connection(order["lineItems"], first, after)


def _connection(items: list[dict[str, Any]], first: int, after: str | None) -> dict[str, Any]:
    rest = [i for i in items if after is None or _number(i) > int(after)]
    nodes = rest[:first]
    cursor = str(_number(nodes[-1])) if nodes else None
    return {"nodes": nodes, "pageInfo": {"hasNextPage": len(rest) > first, "endCursor": cursor}}


def _number(item: dict[str, Any]) -> int:
    return int(item["id"].rpartition("/")[2])


def _found(item: dict[str, Any], search: str | None) -> bool:
    fields = {"updated_at": "updatedAt", "created_at": "createdAt"}
    for term in search.split(" AND ") if search else []:
        field, _, bound = term.partition(":")
        said = item[fields[field]]
        sign, moment = bound[:2], bound[2:].strip("'")
        if (sign == ">=" and said < moment) or (sign == "<=" and said > moment):
            return False
    return True


def throttled() -> Reply:
    """What Shopify says when the bucket is empty, with status 200."""
    cost = {"requestedQueryCost": 752, "actualQueryCost": None, "throttleStatus": _bucket(2)}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return Reply(data={"errors": errors, "extensions": {"cost": cost}})


def _bucket(available: int) -> dict[str, float]:
    return {"maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": 50.0}


def ecwid_lists() -> Lists:
    """A small Ecwid store: two customers, three orders and a cart that was left, two products."""
    return {
        "profile": [
            {
                "generalInfo": {"storeId": 1003, "storeUrl": "https://made-up.company.site"},
                "formatsAndUnits": {"currency": "EUR", "currencyPrefix": "€"},
                "languages": {"defaultLanguage": "es"},
            }
        ],
        "customers": [
            {
                "id": 177737165,
                "name": "Nuria Prada",
                "email": "nuria@people.example",
                "registered": "2025-12-21 06:05:58 +0000",
                "updated": "2026-11-20 21:15:10 +0000",
                "totalOrderCount": 2,
                "billingPerson": {
                    "name": "Nuria Prada",
                    "firstName": "Nuria",
                    "lastName": "Prada",
                    "countryCode": "ES",
                    "postalCode": "28004",
                    "stateOrProvinceCode": "M",
                    "phone": "+34 600 000 001",
                },
                "shippingAddresses": [],
                "contacts": [
                    {"id": 1, "contact": "+34 600 000 009", "type": "PHONE", "default": False},
                    {"id": 2, "contact": "+34 600 000 002", "type": "PHONE", "default": True},
                    {"id": 3, "contact": "nuria@people.example", "type": "EMAIL", "default": True},
                ],
                "acceptMarketing": True,
                "lang": "es",
            },
            {
                "id": 177737166,
                "name": "Cher",
                "email": "cher@people.example",
                "registered": "2026-11-20 09:00:00 +0400",
                "updated": "2026-11-20 10:00:00 +0000",
                "billingPerson": {"name": "Cher"},
                "acceptMarketing": False,
            },
        ],
        "orders": [
            _ecwid_order("EBJFT", 177737165, "PAID", "DELIVERED", "2026-11-10 08:00:00 +0000"),
            _ecwid_order(
                "EBJFU",
                177737166,
                "AWAITING_PAYMENT",
                "AWAITING_PROCESSING",
                "2026-11-20 08:00:00 +0000",
            ),
            _ecwid_order(
                "EBJFV",
                177737165,
                "PAID",
                "CUSTOM_FULFILLMENT_STATUS_1",
                "2026-11-20 07:00:00 +0000",
            ),
            _ecwid_order("EBJFW", None, "PAID", "SHIPPED", "2026-11-20 06:00:00 +0000"),
            _ecwid_order(
                "551c5edd",
                177737165,
                "INCOMPLETE",
                "AWAITING_PROCESSING",
                "2026-11-20 05:00:00 +0000",
            ),
        ],
        "products": [
            {
                "id": 439710255,
                "sku": "00001",
                "name": "Pizza",
                "price": 12.5,
                "url": "https://made-up.company.site/products/pizza",
                "created": "2024-08-19 08:49:01 +0000",
                "updated": "2026-11-20 07:58:07 +0000",
                "enabled": True,
                "defaultCategoryId": 22,
                "categoryIds": [22],
            },
            {
                "id": 439710256,
                "sku": "00002",
                "name": "Gift card",
                "price": 20,
                "created": "2024-08-19 08:49:02 +0000",
                "updated": "2026-11-20 07:58:08 +0000",
                "enabled": True,
                "defaultCategoryId": 0,
                "categoryIds": [],
            },
        ],
        "categories": [
            {"id": 11, "name": "Food", "enabled": True},
            {"id": 22, "parentId": 11, "name": "Italian", "enabled": False},
        ],
    }


def _ecwid_order(
    order_id: str, customer: int | None, payment: str, fulfilment: str, created: str
) -> dict[str, Any]:
    order = {
        "id": order_id,
        "subtotal": 30,
        "total": 37.39,
        "email": "somebody@people.example",
        "paymentStatus": payment,
        "fulfillmentStatus": fulfilment,
        "couponDiscount": 1.5,
        "discount": 2.85,
        "createDate": created,
        "updateDate": "2026-11-20 12:00:00 +0000",
        "customerId": customer,
        "items": [
            {
                "id": 1741253497,
                "productId": 439710255,
                "price": 12.5,
                "quantity": 2,
                "couponAmount": 1.5,
                "discounts": [{"discountInfo": {"value": 10, "type": "PERCENT"}, "total": 2.85}],
            },
            {"id": 1741253498, "productId": 439710256, "price": 5, "quantity": 1},
        ],
        "billingPerson": {"name": "Somebody", "countryCode": "ES"},
    }
    return {k: v for k, v in order.items() if v is not None}


def woocommerce_lists() -> Lists:
    """A small WooCommerce shop: two customers, orders in several states and of a guest, two products."""
    return {
        "customers": [
            {
                "id": 25,
                "date_created": "2025-03-21T16:09:28",
                "date_created_gmt": "2025-03-21T19:09:28",
                "date_modified": "2026-11-20T16:09:30",
                "date_modified_gmt": "2026-11-20T19:09:30",
                "email": "ana@people.example",
                "first_name": "Ana",
                "last_name": "Ruiz",
                "role": "customer",
                "username": "ana",
                "billing": {
                    "first_name": "Ana",
                    "last_name": "Ruiz",
                    "state": "CA",
                    "postcode": "94103",
                    "country": "US",
                    "email": "ana@people.example",
                    "phone": "(555) 010-0001",
                },
                "shipping": {"country": "US", "state": "CA", "postcode": "94103"},
                "meta_data": [{"id": 7, "key": "newsletter", "value": "yes"}],
            },
            {
                "id": 26,
                "date_created": "2026-11-20T05:00:00",
                "date_created_gmt": "2026-11-20T08:00:00",
                "date_modified": None,
                "date_modified_gmt": None,
                "email": "bo@people.example",
                "first_name": "",
                "last_name": "",
                "role": "customer",
                "username": "bo",
                "billing": {"first_name": "", "last_name": "", "country": "", "phone": ""},
                "shipping": {"country": "PT", "state": "", "postcode": "1000"},
                "meta_data": [],
            },
        ],
        "orders": [
            _woocommerce_order(727, 25, "completed", "2026-11-10T08:00:00"),
            _woocommerce_order(728, 26, "processing", "2026-11-20T08:00:00"),
            _woocommerce_order(729, 0, "completed", "2026-11-20T08:30:00"),
            _woocommerce_order(730, 25, "awaiting-shipment", "2026-11-20T09:00:00"),
            _woocommerce_order(731, 26, "failed", "2026-11-20T09:30:00"),
            _woocommerce_order(732, 26, "checkout-draft", "2026-11-20T09:45:00"),
        ],
        "products": [
            {
                "id": 794,
                "name": "Fish &amp; chips",
                "permalink": "https://shop.example/product/fish",
                "date_created_gmt": "2024-03-23T17:01:14",
                "date_modified_gmt": "2026-11-20T17:01:14",
                "type": "simple",
                "status": "publish",
                "sku": "",
                "price": "21.99",
                "categories": [{"id": 14, "name": "Fried &amp; hot", "slug": "fried"}],
                "tags": [],
                "attributes": [],
                "meta_data": [],
            },
            {
                "id": 795,
                "name": "Surprise",
                "permalink": "https://shop.example/product/surprise",
                "date_created_gmt": "2024-03-23T17:01:15",
                "date_modified_gmt": "2026-11-20T17:01:15",
                "type": "variable",
                "status": "publish",
                "sku": "",
                "price": "",
                "categories": [],
                "tags": [],
                "attributes": [],
                "meta_data": [],
            },
        ],
        "products/categories": [
            {"id": 9, "name": "Food &amp; drink", "slug": "food", "parent": 0},
            {"id": 14, "name": "Fried &amp; hot", "slug": "fried", "parent": 9},
        ],
    }


def _woocommerce_order(order_id: int, customer: int, status: str, created: str) -> dict[str, Any]:
    return {
        "id": order_id,
        "parent_id": 0,
        "number": str(order_id),
        "created_via": "checkout",
        "status": status,
        "currency": "USD",
        "date_created_gmt": created,
        "date_modified_gmt": "2026-11-20T12:08:40",
        "discount_total": "5.00",
        "discount_tax": "0.00",
        "total": "29.35",
        "customer_id": customer,
        "billing": {"first_name": "Some", "last_name": "Body", "email": "some@people.example"},
        "shipping": {},
        "date_paid_gmt": "2026-11-20T11:00:00",
        "date_completed_gmt": "2026-11-15T11:00:00" if status == "completed" else None,
        "line_items": [
            {
                "id": 315,
                "name": "Fish",
                "product_id": 794,
                "quantity": 2,
                "total": "20.00",
                "total_tax": "1.35",
            },
            {
                "id": 316,
                "name": "Surprise",
                "product_id": 795,
                "quantity": 1,
                "total": "8.00",
                "total_tax": "0.00",
            },
        ],
        "coupon_lines": [],
        "refunds": [],
        "meta_data": [],
    }


def shopify_lists() -> Lists:
    """A small Shopify shop: two customers, orders in several states and of nobody, two products."""
    return {
        "customers": [
            {
                "id": "gid://shopify/Customer/544365967",
                "createdAt": "2025-06-24T23:00:00Z",
                "updatedAt": "2026-11-20T09:00:00Z",
                "firstName": "Ivo",
                "lastName": "Marek",
                "locale": "cs",
                "defaultEmailAddress": {
                    "emailAddress": "ivo@people.example",
                    "marketingState": "SUBSCRIBED",
                    "marketingOptInLevel": "CONFIRMED_OPT_IN",
                    "marketingUpdatedAt": "2025-07-01T10:00:00Z",
                },
                "defaultPhoneNumber": {
                    "phoneNumber": "+420600000001",
                    "marketingState": "UNSUBSCRIBED",
                    "marketingOptInLevel": "SINGLE_OPT_IN",
                    "marketingCollectedFrom": "SHOPIFY",
                    "marketingUpdatedAt": "2026-11-20T09:00:00Z",
                },
                "defaultAddress": {
                    "countryCodeV2": "CZ",
                    "provinceCode": None,
                    "zip": "11000",
                    "phone": None,
                },
            },
            {
                "id": "gid://shopify/Customer/544365968",
                "createdAt": "2026-11-20T10:00:00Z",
                "updatedAt": "2026-11-20T10:00:00Z",
                "firstName": None,
                "lastName": None,
                "locale": "en",
                "defaultEmailAddress": {
                    "emailAddress": "jo@people.example",
                    "marketingState": "NOT_SUBSCRIBED",
                    "marketingOptInLevel": None,
                    "marketingUpdatedAt": None,
                },
                "defaultPhoneNumber": None,
                "defaultAddress": None,
            },
        ],
        "orders": [
            _shopify_order(
                1, 544365967, "PAID", "FULFILLED", ["2026-11-18T10:00:00Z", "2026-11-19T10:00:00Z"]
            ),
            _shopify_order(2, 544365968, "PAID", "FULFILLED", ["2026-11-18T10:00:00Z", None]),
            _shopify_order(3, 544365967, "PENDING", "UNFULFILLED", []),
            _shopify_order(4, 544365967, "REFUNDED", "RESTOCKED", []),
            _shopify_order(5, None, "PAID", "FULFILLED", []),
            _shopify_order(6, 544365967, "PAID", "AWAITING_DRONES", []),
            _shopify_order(7, 544365967, "PAID", "UNFULFILLED", [])
            | {"cancelledAt": "2026-11-20T10:30:00Z"},
            _shopify_order(8, 544365967, "PAID", "UNFULFILLED", []) | {"test": True},
        ],
        "products": [
            {
                "id": "gid://shopify/Product/108828309",
                "title": "Draft board",
                "status": "ACTIVE",
                "vendor": "Boards",
                "productType": "Snowboards",
                "updatedAt": "2026-11-20T08:00:00Z",
                "onlineStoreUrl": "https://made-up.myshopify.com/products/draft",
                "category": {
                    "name": "Snowboards",
                    "fullName": "Sporting Goods > Winter Sports > Snowboards",
                },
                "priceRangeV2": {"minVariantPrice": {"amount": "2629.95"}},
            },
            {
                "id": "gid://shopify/Product/108828310",
                "title": "Wax",
                "status": "DRAFT",
                "vendor": "Boards",
                "productType": "",
                "updatedAt": "2026-11-20T08:00:00Z",
                "onlineStoreUrl": None,
                "category": None,
                "priceRangeV2": {"minVariantPrice": {"amount": "9.5"}},
            },
        ],
    }


def _shopify_order(
    number: int, customer: int | None, paid: str, fulfilled: str, delivered: list[str | None]
) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Order/{450789460 + number}",
        "createdAt": f"2026-11-1{number}T08:00:00Z",
        "updatedAt": "2026-11-20T11:00:00Z",
        "cancelledAt": None,
        "displayFinancialStatus": paid,
        "displayFulfillmentStatus": fulfilled,
        "returnStatus": "RETURN_REQUESTED" if number == 2 else "NO_RETURN",
        "test": False,
        "customer": {"id": f"gid://shopify/Customer/{customer}"} if customer else None,
        "totalPriceSet": {"shopMoney": {"amount": "409.94", "currencyCode": "CZK"}},
        "totalDiscountsSet": {"shopMoney": {"amount": "10.0"}},
        "fulfillments": [
            {
                "status": "SUCCESS",
                "displayStatus": "DELIVERED" if at else "IN_TRANSIT",
                "deliveredAt": at,
            }
            for at in delivered
        ],
        "lineItems": [
            {
                "id": f"gid://shopify/LineItem/{line}",
                "quantity": line,
                "product": {"id": "gid://shopify/Product/108828309"} if line != 2 else None,
                "discountedTotalSet": {"shopMoney": {"amount": "199.99"}},
            }
            for line in range(1, 46 if number == 3 else 3)
        ],
    }


def at(said: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(said).replace(tzinfo=UTC)
