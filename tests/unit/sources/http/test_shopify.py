from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from api_shop import OpenShop
from perennial.errors import SourceError
from perennial.sources.http.api_key import ApiKey
from perennial.sources.http.api_map import Kind
from shop_api_answers import SHOPIFY_APP, Lists, at, play_shopify, shopify_lists, throttled
from shop_api_server import Question, Reply

IVO, JO = "544365967", "544365968"


@pytest.fixture
def lists() -> Lists:
    return shopify_lists()


def order(number: int) -> str:
    return str(450789460 + number)


def test_customers_have_the_numbers_that_the_shop_shows(open_shop: OpenShop, lists: Lists) -> None:
    ivo, jo = open_shop(Kind.SHOPIFY, play_shopify(lists)).rows("customers")

    assert ivo == {
        "customer_id": IVO,
        "first_name": "Ivo",
        "last_name": "Marek",
        "email": "ivo@people.example",
        "phone": "+420600000001",
        "birth_date": None,
        "language": "cs",
        "timezone": None,
        "country": "CZ",
        "region": None,
        "postal_code": "11000",
        "preferred_channel": None,
        "signed_up_at": "2025-06-24T23:00:00+00:00",
        "updated_at": "2026-11-20T09:00:00+00:00",
    }
    assert (jo["first_name"], jo["phone"], jo["country"]) == (None, None, None)


def test_consents_come_with_their_channel_moment_and_how_they_were_given(
    open_shop: OpenShop, lists: Lists
) -> None:
    rows = open_shop(Kind.SHOPIFY, play_shopify(lists)).rows("consents")

    assert [(c["consent_id"], c["state"], c["happened_at"], c["source"]) for c in rows] == [
        (f"{IVO}-email-offers", "granted", "2025-07-01T10:00:00Z", "Shopify confirmed_opt_in"),
        (f"{IVO}-sms-offers", "withdrawn", "2026-11-20T09:00:00Z", "Shopify single_opt_in shopify"),
        (f"{JO}-email-offers", "withdrawn", "2026-11-20T10:00:00+00:00", "Shopify"),
    ]


@pytest.mark.parametrize(
    "state", ["PENDING", "INVALID", "NOT_SUBSCRIBED", "REDACTED", "SOMETHING_NEW"]
)
def test_only_a_subscription_is_a_yes(open_shop: OpenShop, lists: Lists, state: str) -> None:
    lists["customers"][0]["defaultEmailAddress"]["marketingState"] = state

    states = open_shop(Kind.SHOPIFY, play_shopify(lists)).by("consents", "state")

    assert states[f"{IVO}-email-offers"] == "withdrawn"


def test_orders_have_our_words_for_their_status(open_shop: OpenShop, lists: Lists) -> None:
    rows = open_shop(Kind.SHOPIFY, play_shopify(lists)).rows("orders")

    assert {r["order_id"]: r["status"] for r in rows} == {
        order(1): "delivered",
        order(2): "shipped",
        order(3): "placed",
        order(4): "refunded",
        order(6): "awaiting_drones",
        order(7): "cancelled",
    }
    assert {k: rows[0][k] for k in ("customer_id", "total", "discount", "currency")} == {
        "customer_id": IVO,
        "total": "409.94",
        "discount": "10.0",
        "currency": "CZK",
    }
    assert [r["delivered_at"] for r in rows[:2]] == ["2026-11-19T10:00:00Z", None]
    assert [r["return_state"] for r in rows[:2]] == [None, "open"]


def test_lines_beyond_the_first_page_of_an_order_are_fetched(
    open_shop: OpenShop, lists: Lists
) -> None:
    rows = open_shop(Kind.SHOPIFY, play_shopify(lists)).rows("order_lines")

    long = sorted((r for r in rows if r["order_id"] == order(3)), key=lambda r: int(r["line_no"]))
    assert [r["quantity"] for r in long] == [str(n) for n in range(1, 46)]
    assert [r["product_id"] for r in long[:2]] == ["108828309", "line-2"]
    assert long[0]["amount"] == "199.99"
    assert order(5) not in {r["order_id"] for r in rows}


def test_products_are_sorted_by_the_shops_words_and_the_taxonomy(
    open_shop: OpenShop, lists: Lists
) -> None:
    board, wax = open_shop(Kind.SHOPIFY, play_shopify(lists)).rows("products")

    assert (board["category"], board["department"], board["price"]) == (
        "Snowboards",
        "Sporting Goods",
        "2629.95",
    )
    assert (wax["category"], wax["department"], wax["price"]) == (None, None, "9.5")


def test_only_what_was_written_in_the_interval_comes(open_shop: OpenShop, lists: Lists) -> None:
    lists["orders"][0]["updatedAt"] = "2026-11-21T00:00:00Z"
    shop = open_shop(Kind.SHOPIFY, play_shopify(lists))

    assert order(1) not in shop.by("orders", "status")
    assert shop.server.asked[0].body["variables"]["query"] == (
        "updated_at:>='2026-11-19T23:59:59Z' AND updated_at:<='2026-11-21T00:00:01Z'"
    )
    assert shop.rows("customers", since=None)
    first = shop.server.asked[-1].body["variables"]["query"]
    assert first == "updated_at:<='2026-11-21T00:00:01Z'"


def test_cursors_are_followed_while_orders_leave_the_list(
    open_shop: OpenShop, lists: Lists
) -> None:
    one = lists["orders"][1]
    lists["orders"] = [one | {"id": f"gid://shopify/Order/{n}"} for n in range(1, 121)]
    play = play_shopify(lists)

    def changing(question: Question) -> Reply:
        reply = play(question)
        del lists["orders"][:5]
        return reply

    found = open_shop(Kind.SHOPIFY, changing).by("orders", "status")

    assert {str(n) for n in range(26, 121)} <= set(found)


def test_recent_buyers_are_asked_by_when_orders_were_placed(
    open_shop: OpenShop, lists: Lists
) -> None:
    shop = open_shop(Kind.SHOPIFY, play_shopify(lists))

    assert shop.source.recent_buyers(at("2026-11-12T00:00:00")) == {IVO, JO}
    assert shop.source.recent_buyers(at("2026-11-13T00:00:00")) == {IVO}
    assert "created_at:>='2026-11-12T23:59:59Z'" in shop.server.asked[-1].body["variables"]["query"]


def test_an_empty_bucket_is_waited_for_until_it_holds_the_query(
    open_shop: OpenShop, lists: Lists
) -> None:
    shop = open_shop(Kind.SHOPIFY, play_shopify(lists))
    shop.server.faults.extend([throttled(), throttled()])

    assert len(shop.rows("customers")) == 2
    assert shop.waits == [15.0, 15.0]


def _errors(code: str, **more: Any) -> Reply:
    error = {"message": "about ivo@people.example", "extensions": {"code": code}, **more}
    return Reply(data={"errors": [error], "data": more.get("data")})


def test_an_error_of_shopifys_own_is_asked_again(open_shop: OpenShop, lists: Lists) -> None:
    shop = open_shop(Kind.SHOPIFY, play_shopify(lists))
    shop.server.faults.extend([_errors("INTERNAL_SERVER_ERROR"), Reply(status=502)])

    assert len(shop.rows("customers")) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            _errors("ACCESS_DENIED", path=["customers", "nodes", 0, "defaultEmailAddress"]),
            r"ACCESS_DENIED for `customers\.nodes\.defaultEmailAddress`\. The app needs the scopes",
        ),
        (
            _errors("undefinedField", path=["query Orders", "orders", "nodes", "returnStatus"]),
            r"refused the query \(undefinedField\) at `query Orders\.orders\.nodes\.returnStatus`",
        ),
        (Reply(data={"data": {"customers": {"nodes": []}}}), "`customers` has no `nodes` or no"),
        (Reply(data={"data": {"customers": None}}), "`customers` has no `nodes` or no `pageInfo`"),
        (Reply(data={"data": None}), "the field `data` is no object"),
        (Reply(data=[]), "the answer has neither `data` nor `errors`"),
    ],
)
def test_a_refused_query_or_half_an_answer_is_refused_whole(
    open_shop: OpenShop, answer: Reply, said: str
) -> None:
    shop = open_shop(Kind.SHOPIFY, lambda _: answer)

    with pytest.raises(SourceError, match=f"^Shopify /admin/api/2026-10/graphql.json: {said}") as e:
        shop.rows("customers")
    assert len(shop.server.asked) == 1
    assert "people.example" not in str(e.value)


def test_a_query_that_costs_too_much_is_asked_for_fewer_rows(
    open_shop: OpenShop, lists: Lists
) -> None:
    whole = play_shopify(lists)

    def strict(question: Question) -> Reply:
        dear = question.body["variables"]["first"] > 8
        return _errors("MAX_COST_EXCEEDED") if dear else whole(question)

    shop = open_shop(Kind.SHOPIFY, strict)

    assert len(shop.rows("customers")) == 2
    assert [q.body["variables"]["first"] for q in shop.server.asked] == [50, 25, 12, 6]


def test_a_row_that_costs_too_much_alone_is_said_so(open_shop: OpenShop) -> None:
    shop = open_shop(Kind.SHOPIFY, lambda _: _errors("MAX_COST_EXCEEDED"))

    with pytest.raises(SourceError, match="a query for a single row costs more than one may"):
        shop.rows("customers")


def test_data_beside_errors_is_not_taken(open_shop: OpenShop, lists: Lists) -> None:
    whole = play_shopify(lists)

    def half(question: Question) -> Reply:
        said = whole(question).data
        return Reply(data=said | {"errors": [{"message": "x", "path": ["customers"]}]})

    with pytest.raises(SourceError, match=r"refused the query \(no code\) at `customers`"):
        open_shop(Kind.SHOPIFY, half).rows("customers")


def test_a_cursor_that_does_not_move_is_given_up(open_shop: OpenShop) -> None:
    still = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "same"}}
    shop = open_shop(Kind.SHOPIFY, lambda _: Reply(data={"data": {"customers": still}}))

    with pytest.raises(SourceError, match="pages do not come to an end"):
        shop.rows("customers")


def test_an_app_exchanges_its_id_and_secret_for_a_token_once(
    open_shop: OpenShop, lists: Lists
) -> None:
    client_id, secret = map(SecretStr, SHOPIFY_APP)
    shop = open_shop(Kind.SHOPIFY, play_shopify(lists), key=ApiKey(key=client_id, secret=secret))

    assert len(shop.rows("customers")) == 2
    assert len(shop.rows("products")) == 2
    assert shop.server.paths().count("/admin/oauth/access_token") == 1


def test_an_app_that_shopify_does_not_know_is_said_so(open_shop: OpenShop, lists: Lists) -> None:
    key = ApiKey(key=SecretStr("other"), secret=SecretStr("planted-canary"))

    with pytest.raises(SourceError, match=r"^Shopify /admin/oauth/access_token: answered 400") as e:
        open_shop(Kind.SHOPIFY, play_shopify(lists), key=key)
    assert "planted-canary" not in str(e.value)


def test_an_expired_token_ends_the_night_with_one_question(
    open_shop: OpenShop, lists: Lists
) -> None:
    shop = open_shop(
        Kind.SHOPIFY, play_shopify(lists), key=ApiKey(secret=SecretStr("shpat_expired"))
    )

    with pytest.raises(SourceError, match=r"answered 401: the key is refused"):
        shop.rows("customers")
    assert len(shop.server.asked) == 1


def test_an_empty_shop_is_no_error(open_shop: OpenShop) -> None:
    shop = open_shop(Kind.SHOPIFY, play_shopify({}))

    datasets = ("customers", "consents", "orders", "order_lines", "products")
    assert [shop.rows(name, since=None) for name in datasets] == [[]] * 5
