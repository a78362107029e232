"""Where each customer stands on a day: the SQL of this folder, run in the order of the story.

Every file is one query. Its result is kept as a temporary table of the file's name, which later files read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
_TOLD = ("told",)
_ORDERS = (
    "purchases",
    "money",
    "last_orders",
    "gaps",
    "rhythm",
    "shop_rhythm",
    "order_hours",
    "recent_orders",
)
_LINES = ("assortment", "bought_lines")
_POINTS = ("points_known", "points_lapsed", "points_used", "points", "rewards_reached")
_STANDING = ("quintiles", "rfm_cells", "rfm", "standing")
_TABLES = (*_PEOPLE, *_TOLD, *_ORDERS, *_LINES, "favourites", *_POINTS, *_STANDING)
_LINES_A_SLICE = 2_500_000
_MOST_SLICES = 32


def build_features(engine: LakeEngine, day: date, shop: Shop) -> Published:
    """Writes `customer_features` of a day from the views that `open_day` made."""
    night = _Night(engine=engine, day=day, shop=shop)
    with night.tidied():
        night.keep(*_PEOPLE)
        _find_people(night)
        night.keep(*_TOLD, *_ORDERS)
        night.drop("gaps", "purchases")
        night.keep(*_LINES)
        night.drop("recent_orders")
        _find_favourites(night)
        night.drop("bought_lines")
        night.keep(*_POINTS)
        night.drop("points_known")
        night.keep(*_STANDING)
        return _publish(night)


@dataclass(frozen=True, kw_only=True)
class _Night:
    """One day's run on an engine."""

    engine: LakeEngine
    day: date
    shop: Shop

    def keep(self, *names: str) -> None:
        """Runs files and keeps each result under the file's name."""
        for name in names:
            self.run(f"create or replace temp table {name} as", name)

    def run(self, before: str, name: str, **more: int) -> None:
        query = _query(name)
        self.engine.execute(f"{before} {query}", self.facts(query, **more))

    def drop(self, *names: str) -> None:
        for name in names:
            self.engine.execute(f"drop table if exists temp.{name}")

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """Leaves no table behind, however the run ends."""
        try:
            yield
        finally:
            self.drop(*_TABLES)

    def facts(self, query: str, **more: int) -> dict[str, Any]:
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
        night.run("create or replace temp table people as", "people_round")


def _find_favourites(night: _Night) -> None:
    """Slice by slice: groups that fit the processor's cache, in a few reads of the lines."""
    lines = night.engine.scalar("select count(*) from bought_lines")
    customers = night.engine.scalar("select count(*) from accounts")
    slices = min(lines // _LINES_A_SLICE + 1, _MOST_SLICES)
    bounds = [customers * number // slices for number in range(slices + 1)]
    into = "create or replace temp table favourites as"
    for above, upto in pairwise(bounds):
        night.run(into, "favourites", above=above, upto=upto)
        into = "insert into favourites"


def _publish(night: _Night) -> Published:
    query = _query("customer_features")
    typed = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in CUSTOMER_FEATURES.columns)
    return night.engine.publish(
        Partition(dataset=CUSTOMER_FEATURES.name, day=night.day),
        f"select {typed} from (\n{query}\n)",
        order_by="customer_id",
        parameters=night.facts(query),
    )
