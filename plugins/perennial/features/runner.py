"""Where each customer stands on a day: the SQL of this folder, run in the order of the story.

Every file is one query. Its result is kept as a temporary table of the file's name, which later files read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
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
_POINTS = ("points_known", "points_lapsed", "points_used", "points", "rewards_reached")
_BEFORE_SLICES = ("clocks", "assortment", *_POINTS)
_OF_ORDERS = ("dated", "money", "last_orders", "gaps", "rhythm", "order_hours")
_STANDING = ("standing", "rfm")
_BEFORE_PUBLISHING = (
    *("accounts", *_TOLD, *_BEFORE_SLICES, "purchases", "bought_lines"),
    *("clock_days", *_OF_ORDERS, "favourites"),
)
_TABLES = (*_PEOPLE, "recent_orders", *_BEFORE_PUBLISHING, "gap_counts", "figures")
_CUSTOMERS_A_SLICE = 125_000
_ORDERS_A_SLICE = 1_500_000
_LINES_A_SLICE = 400_000
_MOST_SLICES = 96
_ORDERS_A_RANGE = 10_000_000
_SAMPLED = 10_000
_LAST = "\U0010ffff"
"""Beyond every id."""


def build_features(engine: LakeEngine, day: date, shop: Shop) -> Published:
    """Writes `customer_features` of a day from the views that `open_day` made.

    Orders and lines are read once and spread over slices of the customers; all that is about one customer is worked out
    slice by slice. A slice fits memory, and most of it the processor's cache, whatever the size of the shop.
    """
    night = _Night(engine=engine, day=day, shop=shop)
    with night.tidied():
        night.keep(*_PEOPLE)
        _find_people(night)
        night.keep(*_TOLD)
        night.drop("shared_keys", "people")
        night.keep(*_BEFORE_SLICES)
        slices = _slices(night)
        _spread(night, slices)
        for part in slices:
            _work_out(night, part)
        night.drop(*_BEFORE_PUBLISHING)
        return _publish(night)


@dataclass(frozen=True, kw_only=True)
class _Slice:
    """Customers whose numbers lie above one and up to another, which may be the whole shop."""

    number: int
    above: int
    upto: int
    whole: bool

    @property
    def facts(self) -> dict[str, int]:
        return {"above": self.above, "upto": self.upto}


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

    def add(self, name: str, **more: object) -> None:
        """Runs a file for a part of all rows, and adds the result to what is kept under the file's name."""
        query = _query(name)
        made = name in self._made
        into = f"insert into {name}" if made else f"create or replace temp table {name} as"
        self.engine.execute(f"{into} {query}", self.facts(query, **more))
        self._made.add(name)

    def spread(self, name: str, slices: Sequence[_Slice], **more: object) -> None:
        """As `add`, but rows lie apart by their slice, unless there is only one."""
        if slices[0].whole:
            self.add(name, **more)
        else:
            query = _query(name)
            self.engine.spread(name, query, self.facts(query, **more))

    def found(self, name: str) -> list[dict[str, Any]]:
        """Runs a file and gives its few rows."""
        query = _query(name)
        return self.engine.rows(query, self.facts(query))

    def drop(self, *names: str) -> None:
        for name in names:
            self.engine.remove(name)
        self._made.difference_update(names)

    def forget(self, name: str) -> None:
        """Lets the next rows replace those that a table has."""
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
            "starts_at": self._midnight(self.day),
            "year_before": self._midnight(self.day - timedelta(days=365)),
            "zone": self.shop.zone.key,
            "currency": self.shop.currency,
            "rewards": list(self.shop.points.rewards),
            "discreet": list(self.shop.discreet_departments),
        } | more
        return {name: known[name] for name in re.findall(r"\$(\w+)", query)}

    def _midnight(self, day: date) -> datetime:
        return local_instant(day, time(), self.shop.zone)


def _query(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _find_people(night: _Night) -> None:
    """Repeats the round until nobody's number shrinks any more."""
    numbers = "select coalesce(sum(person_no), 0) from people"
    before = None
    while before != (now := night.engine.scalar(numbers)):
        before = now
        night.replace("people", "people_round")


def _slices(night: _Night) -> list[_Slice]:
    """Slices of the customers, one at least: each with about so many of them, or of their orders."""
    customers, orders = (
        night.engine.scalar(f"select count(*) from {name}") for name in ("accounts", "orders")
    )
    wanted = 1 + max(customers // _CUSTOMERS_A_SLICE, orders // _ORDERS_A_SLICE)
    width = 1 + customers // min(wanted, _MOST_SLICES)
    slices = customers // width + 1
    return [
        _Slice(number=n, above=n * width, upto=(n + 1) * width, whole=slices == 1)
        for n in range(slices)
    ]


def _spread(night: _Night, slices: Sequence[_Slice]) -> None:
    """Reads orders and lines once. Lines find their orders range by range: the lake keeps both in the order of ids."""
    width = {"width": slices[0].upto}
    night.spread("purchases", slices, **width)
    night.keep("clock_days")
    night.keep("recent_orders")
    for ids in _ranges(night):
        night.spread("bought_lines", slices, **width, **ids)
    night.drop("recent_orders")


def _work_out(night: _Night, part: _Slice) -> None:
    """The figures of a slice of the customers."""
    if not part.whole:
        night.engine.show_slice("purchases", part.number)
        night.engine.show_slice("bought_lines", part.number)
    night.keep(*_OF_ORDERS, **part.facts)
    night.add("gap_counts")
    night.forget("favourites")
    for lines in _parts_by_lines(night, part):
        night.add("favourites", **lines.facts)
    night.add("figures", **part.facts)


def _parts_by_lines(night: _Night, part: _Slice) -> list[_Slice]:
    """Parts of a slice with about so many lines that their groups fit the cache; one at least."""
    parts = night.engine.scalar("select count(*) from bought_lines") // _LINES_A_SLICE + 1
    bounds = [part.above + (part.upto - part.above) * n // parts for n in range(parts + 1)]
    return [replace(part, above=above, upto=upto) for above, upto in pairwise(bounds)]


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


def _publish(night: _Night) -> Published:
    """Figures come in the order of the customers; what is left to do looks at one row at a time, and keeps that order."""
    query = ", ".join(f"{name} as (\n{_query(name)}\n)" for name in _STANDING)
    typed = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in CUSTOMER_FEATURES.columns)
    query = f"with {query} select {typed} from (\n{_query('customer_features')}\n)"
    (quintiles,), (rhythm,) = night.found("quintiles"), night.found("shop_rhythm")
    whole_shop = {
        **{name: cuts or [] for name, cuts in quintiles.items()},
        **rhythm,
        "cells": [row["rfm_cell"] for row in night.found("rfm_cells")],
    }
    return night.engine.publish(
        Partition(dataset=CUSTOMER_FEATURES.name, day=night.day),
        query,
        order_by="customer_id",
        in_order=True,
        parameters=night.facts(query, **whole_shop),
    )
