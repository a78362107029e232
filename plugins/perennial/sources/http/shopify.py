"""Shopify: the GraphQL Admin API, lists by cursor, a bucket of points that fills up again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from perennial.sources.http.api import MARGIN, Wanted
from perennial.sources.http.api_map import MAPPINGS
from perennial.sources.http.client import ApiClient, Busy, Stumble
from perennial.sources.http.paging import Item, Page, following
from perennial.sources.http.tables import Table, fields

_FILTERED_BY = {"written": "updated_at", "placed": "created_at"}
# A query may cost 1,000 points at most, counted as if every page of it were full.
_ROWS = {"customers": 50, "orders": 25, "order_lines": 10, "products": 50}
_LINES = 20

CUSTOMERS = Table(
    name="customers",
    path="customers",
    fields=fields(
        always="id firstName lastName",
        moments="createdAt updatedAt",
        sometimes="locale",
        objects="defaultEmailAddress defaultPhoneNumber defaultAddress",
    ),
    written=("updatedAt",),
)
ORDERS = Table(
    name="orders",
    path="orders",
    fields=fields(
        always="id displayFinancialStatus displayFulfillmentStatus",
        moments="createdAt updatedAt cancelledAt",
        sometimes="returnStatus test",
        objects="customer totalPriceSet totalDiscountsSet",
        lists="fulfillments",
    ),
    written=("updatedAt",),
    placed=("createdAt",),
)
ORDER_LINES = Table(
    name="order_lines",
    path="orders",
    fields=fields(
        always="id", moments="createdAt updatedAt", objects="customer", lists="lineItems"
    ),
    written=("updatedAt",),
    placed=("createdAt",),
)
PRODUCTS = Table(
    name="products",
    path="products",
    fields=fields(
        always="id title",
        moments="updatedAt",
        sometimes="productType vendor onlineStoreUrl status",
        objects="category priceRangeV2",
    ),
    written=("updatedAt",),
)


class _TooDear(Exception):
    """The query costs more than one query may."""


class Shopify:
    """One shop."""

    name = "Shopify"
    tables: Mapping[str, Table] = {t.name: t for t in (CUSTOMERS, ORDERS, ORDER_LINES, PRODUCTS)}

    def __init__(self, client: ApiClient, version: str) -> None:
        self._client = client
        self._path = f"/admin/api/{version}/graphql.json"
        self._rows = dict(_ROWS)

    def close(self) -> None:
        """Ends every connection."""
        self._client.close()

    def pages(self, table: Table, wanted: Wanted) -> Iterator[list[Item]]:
        """The items of a list, a page at a time, by their ids: changes do not move them."""
        for items in following(lambda cursor: self._first_that_fits(table, cursor, wanted)):
            whole = table is ORDER_LINES
            yield [self._with_all_lines(i) for i in items] if whole else items

    def _first_that_fits(self, table: Table, cursor: str | None, wanted: Wanted) -> Page:
        """A page as large as the limit on the cost of a query allows; shops' limits and prices of fields change."""
        while True:
            rows = self._rows[table.name]
            lines = {"lines": _LINES} if table is ORDER_LINES else {}
            variables = {"first": rows, "after": cursor, "query": _search(wanted)} | lines
            try:
                return self._page(table, self._asked(table.name, variables).get(table.path))
            except _TooDear:
                if rows == 1:
                    problem = "a query for a single row costs more than one may."
                    raise self._client.fail(self._path, problem) from None
                self._rows[table.name] = rows // 2

    def _page(self, table: Table, said: Any) -> Page:  # noqa: ANN401 - JSON
        try:
            items, more = said["nodes"], said["pageInfo"]
            cursor = more["endCursor"] if more["hasNextPage"] else None
        except (KeyError, TypeError):
            problem = f"`{table.path}` has no `nodes` or no `pageInfo`."
            raise self._client.fail(self._path, problem) from None
        if not isinstance(items, list):
            raise self._client.fail(self._path, f"`{table.path}.nodes` is no list.")
        return Page(items=items, cursor=cursor)

    def _with_all_lines(self, order: Item) -> Item:
        """An order whose lines did not all fit into the page, with the others; its lines are a plain list then."""
        if not isinstance(order, dict):
            return order
        first = self._page(ORDER_LINES, order.get("lineItems"))
        lines = list(first.items)
        if first.cursor:
            cursor = first.cursor

            def read(after: str | None) -> Page:
                variables = {"id": order.get("id"), "lines": _LINES, "after": after or cursor}
                said = self._asked("lines_of_an_order", variables).get("order") or {}
                return self._page(ORDER_LINES, said.get("lineItems"))

            for items in following(read):
                lines += items
        return order | {"lineItems": lines}

    def _asked(self, question: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        query = (MAPPINGS / "shopify" / f"{question}.graphql").read_text(encoding="utf-8")
        body = {"query": query, "variables": dict(variables)}
        data = self._client.post(self._path, body, self._check).data["data"]
        if not isinstance(data, dict):
            raise self._client.fail(self._path, "the field `data` is no object.")
        return data

    def _check(self, said: Any) -> None:  # noqa: ANN401 - JSON
        if not isinstance(said, dict) or ("data" not in said and "errors" not in said):
            raise self._client.fail(self._path, "the answer has neither `data` nor `errors`.")
        errors = said.get("errors")
        if not errors:
            return
        codes = _codes(errors)
        if "THROTTLED" in codes:
            raise Busy(_seconds_until_enough(said))
        if "MAX_COST_EXCEEDED" in codes:
            raise _TooDear
        if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
            raise Stumble(_ITS_OWN)
        if "ACCESS_DENIED" in codes:
            raise self._client.fail(self._path, f"ACCESS_DENIED for {_places(errors)}. {_SCOPES}")
        # Half an answer would be taken for a shop that has shrunk.
        raise self._client.fail(
            self._path,
            f"refused the query ({', '.join(sorted(codes))}) at {_places(errors)}. {_VERSION}",
        )


def _codes(errors: Any) -> set[str]:  # noqa: ANN401 - JSON
    entries = errors if isinstance(errors, list) else []
    extensions = [e.get("extensions") or {} for e in entries if isinstance(e, dict)]
    return {str(e.get("code", "no code")) for e in extensions} or {"no code"}


def _places(errors: Any) -> str:  # noqa: ANN401 - JSON
    """The names of fields in our own query that errors are about."""
    paths = (
        [e.get("path") for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    )
    words = [
        ".".join(p for p in path if isinstance(p, str) and not p.isdecimal())
        for path in paths
        if path
    ]
    return ", ".join(f"`{w}`" for w in dict.fromkeys(words)) or "a place that it does not name"


def _seconds_until_enough(said: Mapping[str, Any]) -> float | None:
    """When the bucket holds what the query asks for; its numbers are text here."""
    try:
        cost = said["extensions"]["cost"]
        state = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"]) - float(state["currentlyAvailable"])
        return max(1.0, missing / float(state["restoreRate"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def _search(wanted: Wanted) -> str | None:
    field = _FILTERED_BY[wanted.by]
    terms = []
    if wanted.since:
        terms.append(f"{field}:>='{_iso(wanted.since - MARGIN)}'")
    if wanted.until:
        terms.append(f"{field}:<='{_iso(wanted.until + MARGIN)}'")
    return " AND ".join(terms) or None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_ITS_OWN = "answered with an error of its own"
_SCOPES = (
    "The app needs the scopes read_customers, read_orders, read_all_orders and read_products, and access to protected"
    " customer data."
)
_VERSION = "See whether Shopify still serves the version under `sources.api` in shop.yaml."
