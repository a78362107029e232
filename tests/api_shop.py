"""A shop behind an API that is played on this machine, and the source that reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import duckdb
from pydantic import SecretStr

from perennial.model.datasets import SHOP_DATASETS
from perennial.sources.http.api_key import ApiKey
from perennial.sources.http.api_map import Kind
from perennial.sources.http.api_source import ApiSource
from shop_api_answers import ECWID_TOKEN, SHOPIFY_TOKEN, WOOCOMMERCE_KEY, WOOCOMMERCE_SECRET, at
from shop_api_server import ShopServer

SINCE, UNTIL = at("2026-11-20T00:00:00"), at("2026-11-21T00:00:00")
KEYS = {
    Kind.ECWID: ApiKey(secret=SecretStr(ECWID_TOKEN)),
    Kind.WOOCOMMERCE: ApiKey(key=SecretStr(WOOCOMMERCE_KEY), secret=SecretStr(WOOCOMMERCE_SECRET)),
    Kind.SHOPIFY: ApiKey(secret=SecretStr(SHOPIFY_TOKEN)),
}


class Shop:
    """A shop's API on this machine, and the source that reads it; `waits` are the pauses it was asked to make."""

    def __init__(self, server: ShopServer, source: ApiSource, waits: list[float]) -> None:
        self.server = server
        self.source = source
        self.waits = waits

    def rows(
        self, dataset: str, since: datetime | None = SINCE, until: datetime = UNTIL
    ) -> list[dict[str, Any]]:
        """What a night extracts, by its key; every filled value must read as the contract's type."""
        contract = SHOP_DATASETS[dataset]
        batches = self.source.extract(contract, since=since, until=until)
        rows = [row for batch in batches for row in batch.to_pylist()]
        for column in contract.columns:
            values = [row[column.name] for row in rows if row[column.name] is not None]
            unread = _unread(values, column.type)
            assert not unread, (column.name, unread)
        return sorted(rows, key=lambda row: tuple(map(str, (row[k] for k in contract.key))))

    def by(self, dataset: str, column: str, **interval: Any) -> dict[str, Any]:
        """One column of a night, by the first of its keys."""
        key = SHOP_DATASETS[dataset].key[0]
        return {row[key]: row[column] for row in self.rows(dataset, **interval)}


OpenShop = Callable[..., Shop]


def _unread(values: list[str], type_: str) -> list[str]:
    """Those that are not of a type."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        sql = f"select v from unnest(?::varchar[]) as t(v) where try_cast(v as {type_}) is null"
        return [row[0] for row in connection.execute(sql, [values]).fetchall()]
