"""WooCommerce: REST API v3 (WooCommerce 5.8 or later), lists by offset, whatever limits the shop's host sets."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from perennial.sources.http.api import MARGIN, Wanted
from perennial.sources.http.client import ApiClient
from perennial.sources.http.paging import Item, Window, overlapping
from perennial.sources.http.tables import Table, fields

BASE = "/wp-json/wc/v3"
PAGE = 100
_STATES = {"orders": {"status": "any"}, "customers": {"role": "all"}}
_BOUNDS = {"written": ("modified_after", "modified_before"), "placed": ("after", "before")}

CUSTOMERS = Table(
    name="customers",
    path=f"{BASE}/customers",
    fields=fields(
        always="id email first_name last_name",
        moments="date_created_gmt date_modified_gmt",
        sometimes="role username is_paying_customer",
        objects="billing shipping",
        lists="meta_data",
    ),
    written=("date_modified_gmt", "date_created_gmt"),
)
ORDERS = Table(
    name="orders",
    path=f"{BASE}/orders",
    fields=fields(
        always="id status currency total discount_total customer_id",
        sometimes="number parent_id discount_tax created_via",
        moments="date_created_gmt date_modified_gmt date_completed_gmt",
        objects="billing shipping",
        lists="line_items refunds coupon_lines meta_data",
    ),
    written=("date_modified_gmt", "date_created_gmt"),
    placed=("date_created_gmt",),
)
PRODUCTS = Table(
    name="products",
    path=f"{BASE}/products",
    fields=fields(
        always="id name",
        moments="date_created_gmt date_modified_gmt",
        sometimes="sku status price permalink type",
        lists="categories tags attributes meta_data",
    ),
    written=("date_modified_gmt", "date_created_gmt"),
)
CATEGORIES = Table(
    name="categories",
    path=f"{BASE}/products/categories",
    fields=fields(always="id name", sometimes="parent slug"),
)


class WooCommerce:
    """One shop."""

    name = "WooCommerce"
    tables: Mapping[str, Table] = {t.name: t for t in (CUSTOMERS, ORDERS, PRODUCTS, CATEGORIES)}

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def close(self) -> None:
        """Ends every connection."""
        self._client.close()

    def pages(self, table: Table, wanted: Wanted) -> Iterator[list[Item]]:
        """The items of a list, a page at a time, by their ids: changes do not move them."""
        filters = {"orderby": "id", "order": "asc", "per_page": str(PAGE)}
        filters |= _STATES.get(table.name, {}) | _bounds(table, wanted)

        named = table in (PRODUCTS, CATEGORIES)

        def read(offset: int) -> Window:
            answer = self._client.get(table.path, {**filters, "offset": str(offset)})
            if not isinstance(answer.data, list):
                raise self._client.fail(table.path, "the answer is no list.")
            total = answer.headers.get("X-WP-Total", "")
            items = [_with_plain_names(i) for i in answer.data] if named else answer.data
            return Window(items=items, total=int(total) if total.isdecimal() else None)

        yield from overlapping(read, table.key)


def _bounds(table: Table, wanted: Wanted) -> dict[str, str]:
    # Customers cannot be asked for by their changes, nor can categories.
    if table not in (ORDERS, PRODUCTS):
        return {}
    after, before = _BOUNDS[wanted.by]
    bounds = {"dates_are_gmt": "true"}
    # Both bounds are exclusive.
    if wanted.since:
        bounds[after] = _gmt(wanted.since - MARGIN)
    if wanted.until:
        bounds[before] = _gmt(wanted.until + MARGIN)
    return bounds


def _with_plain_names(item: Any) -> Any:  # noqa: ANN401 - JSON
    """Names of products and categories come escaped for HTML pages: Beer &amp; wine."""
    if isinstance(item, list):
        return [_with_plain_names(i) for i in item]
    if not isinstance(item, dict):
        return item
    plain = {k: html.unescape(v) for k, v in item.items() if k == "name" and isinstance(v, str)}
    nested = {k: _with_plain_names(v) for k, v in item.items() if k == "categories"}
    return item | plain | nested


def _gmt(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
