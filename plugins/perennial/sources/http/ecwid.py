"""Ecwid by Lightspeed: REST API v3, lists by offset, 600 requests a minute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from perennial.sources.http.api import MARGIN, Wanted
from perennial.sources.http.client import ApiClient
from perennial.sources.http.paging import Item, Window, overlapping
from perennial.sources.http.tables import Table, fields

PAGE = 100
# Orders have no order of their own to choose: the newest come first, and changes do not move them.
_ORDER = {"customers": "REGISTERED_DATE_ASC", "products": "ADDED_TIME_ASC"}
_BOUNDS = {"written": ("updatedFrom", "updatedTo"), "placed": ("createdFrom", "createdTo")}

CUSTOMERS = Table(
    name="customers",
    path="/customers",
    fields=fields(
        always="id",
        moments="registered updated",
        sometimes="email name lang acceptMarketing customerGroupName totalOrderCount",
        objects="billingPerson stats",
        lists="shippingAddresses contacts",
    ),
    written=("updated", "registered"),
)
ORDERS = Table(
    name="orders",
    path="/orders",
    fields=fields(
        always="id total paymentStatus fulfillmentStatus",
        moments="createDate updateDate",
        sometimes="customerId email subtotal discount couponDiscount acceptMarketing refundedAmount",
        objects="billingPerson shippingPerson shippingOption extraFields",
        lists="items refunds shipments",
    ),
    written=("updateDate", "createDate"),
    placed=("createDate",),
)
PRODUCTS = Table(
    name="products",
    path="/products",
    fields=fields(
        always="id name",
        moments="updated created",
        sometimes="sku price url enabled defaultCategoryId",
        lists="categoryIds categories attributes",
    ),
    written=("updated", "created"),
)
CATEGORIES = Table(
    name="categories",
    path="/categories",
    fields=fields(always="id name", sometimes="parentId enabled"),
)
STORE = Table(
    name="store",
    path="/profile",
    fields=fields(objects="generalInfo formatsAndUnits languages"),
    key="generalInfo",
)


class Ecwid:
    """One store."""

    name = "Ecwid"
    tables: Mapping[str, Table] = {
        t.name: t for t in (CUSTOMERS, ORDERS, PRODUCTS, CATEGORIES, STORE)
    }

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def close(self) -> None:
        """Ends every connection."""
        self._client.close()

    def pages(self, table: Table, wanted: Wanted) -> Iterator[list[Item]]:
        """The items of a list, a page at a time."""
        if table is STORE:
            yield [self._client.get(table.path, {}).data]
            return
        filters = _filters(table, wanted)

        def read(offset: int) -> Window:
            params = {**filters, "offset": str(offset), "limit": str(PAGE)}
            return self._window(table, self._client.get(table.path, params).data)

        yield from overlapping(read, table.key)

    def _window(self, table: Table, said: Any) -> Window:  # noqa: ANN401 - JSON
        items = said.get("items") if isinstance(said, dict) else None
        if not isinstance(items, list):
            raise self._client.fail(table.path, "the field `items` is missing or is no list.")
        total = str(said.get("total", ""))
        return Window(items=items, total=int(total) if total.isdecimal() else None)


def _filters(table: Table, wanted: Wanted) -> dict[str, str]:
    filters = {"sortBy": _ORDER[table.name]} if table.name in _ORDER else {}
    if table is CATEGORIES:
        # Products of hidden categories are bought as well.
        return {"hidden_categories": "true"}
    first, last = _BOUNDS[wanted.by]
    if wanted.since:
        filters[first] = _seconds(wanted.since - MARGIN)
    if wanted.until:
        filters[last] = _seconds(wanted.until + MARGIN)
    return filters


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
