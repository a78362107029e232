"""Where each customer stands on a day: the SQL of this folder, run in the order of the story.

Every file is one query. Its result is kept as a temporary table of the file's name, which later files read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

from perennial.lake.duck import Published
from perennial.lake.engines import LakeEngine
from perennial.lake.partitions import Partition
from perennial.model.clock import local_instant
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.shop import Shop

_FOLDER = Path(__file__).parent
_PEOPLE = ("accounts", "shared_keys", "people")
_TOLD = ("persons", "told")
_OF_ORDERS = ("money", "last_orders")
_OF_GAPS = ("rhythm", "gap_counts")
_WHOLE_SHOP = ("shop_rhythm", "quintiles", "rfm_cells")
_POINTS = ("points_known", "points_lapsed", "points_used", "points", "rewards_reached")
_STANDING = ("rfm", "standing")
_FEATURES = "feature_rows"
_TABLES = (
    *(*_PEOPLE, *_TOLD, "purchases", *_OF_ORDERS, "gaps", *_OF_GAPS, "order_hours"),
    *("recent_orders", "assortment", "bought_lines", "favourites"),
    *(*_POINTS, *_WHOLE_SHOP, *_STANDING, _FEATURES),
)
_CUSTOMERS_A_SLICE = 125_000
_ORDERS_A_SLICE = 1_500_000
_LINES_A_SLICE = 2_500_000
_MOST_READS = 32
_ORDERS_A_RANGE = 10_000_000
_SAMPLED = 10_000
_LAST = "\U0010ffff"
"""Beyond every id."""


def build_features(engine: LakeEngine, day: date, shop: Shop) -> Published:
    """Writes `customer_features` of a day from the views that `open_day` made.

    What is about one customer is worked out slice by slice: a slice of the customers fits memory, and most of it the
    processor's cache, whatever the size of the shop.
    """
    night = _Night(engine=engine, day=day, shop=shop)
    with night.tidied():
        night.keep(*_PEOPLE)
        _find_people(night)
        night.keep(*_TOLD)
        night.drop("shared_keys", "people")
        _read_orders(night)
        _read_lines(night)
        night.keep(*_POINTS)
        night.drop("points_known")
        night.keep(*_WHOLE_SHOP)
        _put_together(night)
        return _publish(night)


@dataclass(frozen=True, kw_only=True)
class _Night:
    """One day's run on an engine."""

    engine: LakeEngine
    day: date
    shop: Shop
    _made: set[str] = field(default_factory=set)

    def keep(self, *names: str, **more: object) -> None:
        """Runs files and keeps each result under the file's name."""
        for name in names:
            self.replace(name, name, **more)

    def replace(self, table: str, name: str, **more: object) -> None:
        """Runs a file and keeps its result under the name of a table, which it may have read."""
        query = _query(name)
        before = f"create or replace temp table {table} as"
        self.engine.execute(f"{before} {query}", self.facts(query, **more))
        self._made.add(table)

    def add(self, *names: str, **more: object) -> None:
        """Runs files for a part of all rows, and adds each result to what is kept under the file's name."""
        for name in names:
            self.insert(name, _query(name), **more)

    def insert(self, table: str, query: str, **more: object) -> None:
        """Adds a query's rows to a table, which the first of them make."""
        made = table in self._made
        into = f"insert into {table}" if made else f"create or replace temp table {table} as"
        self.engine.execute(f"{into} {query}", self.facts(query, **more))
        self._made.add(table)

    def slices(
        self, table: str, rows_a_slice: int, *, at_most: int = 100_000
    ) -> list[dict[str, int]]:
        """Slices of the customers with about so many rows of a table each; one at least."""
        rows = self.engine.scalar(f"select count(*) from {table}")
        customers = self.engine.scalar("select count(*) from accounts")
        slices = min(rows // rows_a_slice + 1, at_most)
        bounds = [customers * number // slices for number in range(slices + 1)]
        return [{"above": above, "upto": upto} for above, upto in pairwise(bounds)]

    def drop(self, *names: str) -> None:
        for name in names:
            self.engine.execute(f"drop table if exists temp.{name}")
            self._made.discard(name)

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """Leaves no table behind, however the run ends."""
        try:
            yield
        finally:
            self.drop(*_TABLES)

    def facts(self, query: str, **more: object) -> dict[str, Any]:
        """What a query asks for by name; DuckDB refuses more than that."""
        known: dict[str, Any] = {
            "day": self.day,
            "starts_at": self.starts_at,
            "zone": self.shop.zone.key,
            "currency": self.shop.currency,
            "rewards": list(self.shop.points.rewards),
            "discreet": list(self.shop.discreet_departments),
        } | more
        return {name: known[name] for name in re.findall(r"\$(\w+)", query)}

    @property
    def starts_at(self) -> datetime:
        return local_instant(self.day, time(), self.shop.zone)


def _query(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _find_people(night: _Night) -> None:
    """Repeats the round until nobody's number shrinks any more."""
    numbers = "select coalesce(sum(person_no), 0) from people"
    before = None
    while before != (now := night.engine.scalar(numbers)):
        before = now
        night.replace("people", "people_round")


def _read_orders(night: _Night) -> None:
    """Everything that a customer's orders say."""
    night.keep("purchases")
    for part in night.slices("purchases", _ORDERS_A_SLICE):
        night.add(*_OF_ORDERS, **part)
        night.keep("gaps", **part)
        night.add(*_OF_GAPS, "order_hours", **part)
    night.drop("gaps")
    night.keep("recent_orders")
    night.drop("purchases")


def _read_lines(night: _Night) -> None:
    """What customers buy most. Lines find their orders range by range: the lake keeps both in the order of their ids."""
    night.keep("assortment")
    for ids in _ranges(night):
        night.add("bought_lines", **ids)
    night.drop("recent_orders")
    for part in night.slices("bought_lines", _LINES_A_SLICE, at_most=_MOST_READS):
        night.add("favourites", **part)
    night.drop("bought_lines")


def _ranges(night: _Night) -> list[dict[str, str]]:
    """Ranges of the ids of recent orders, about equally full, by the orders of a few customers."""
    orders = night.engine.scalar("select count(*) from recent_orders")
    ranges = orders // _ORDERS_A_RANGE + 1
    ids: list[str] = []
    if ranges > 1:
        one_in = max(orders // _SAMPLED, 1)
        few = f"select order_id from recent_orders where customer_no % {one_in} = 0"
        ids = [row["order_id"] for row in night.engine.rows(f"{few} order by order_id")]
    inner = [ids[len(ids) * number // ranges] for number in range(1, ranges)] if ids else []
    return [{"first": first, "next": upto} for first, upto in pairwise(["", *inner, _LAST])]


def _put_together(night: _Night) -> None:
    """All features of all customers, in the order of the customers."""
    query = _query("customer_features")
    typed = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in CUSTOMER_FEATURES.columns)
    for part in night.slices("accounts", _CUSTOMERS_A_SLICE):
        night.keep(*_STANDING, **part)
        night.insert(_FEATURES, f"select {typed} from (\n{query}\n)", **part)


def _publish(night: _Night) -> Published:
    return night.engine.publish(
        Partition(dataset=CUSTOMER_FEATURES.name, day=night.day),
        f"select * from {_FEATURES}",
        order_by="customer_id",
    )
