"""One night's run of the SQL of this folder on an engine: every file is one query, kept as a temporary table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from perennial.lake.engines import LakeEngine
from perennial.model.clock import local_instant
from perennial.model.shop import Shop

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Night:
    """What is worked out of one day, for one shop."""

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
        query = query_of(name)
        self._made.add(table)
        before = f"create or replace temp table {table} as"
        self.engine.execute(f"{before} {query}", self.facts(query, **more))

    def add(self, table: str, name: str, **more: object) -> None:
        """Runs a file for a part of all rows, and adds the result to what a table has, if it is there."""
        if table not in self._made:
            self.replace(table, name, **more)
            return
        query = query_of(name)
        self.engine.execute(f"insert into {table} {query}", self.facts(query, **more))

    def spread(self, name: str, *, apart: bool, **more: object) -> None:
        """Adds a file's result to what is there under its name; rows may lie `apart` by their slice."""
        if not apart:
            self.add(name, name, **more)
            return
        query = query_of(name)
        self._made.add(name)
        self.engine.spread(name, query, self.facts(query, **more))

    def found(self, name: str, **more: object) -> list[dict[str, Any]]:
        """Runs a file and gives its few rows."""
        query = query_of(name)
        return self.engine.rows(query, self.facts(query, **more))

    def count(self, table: str) -> int:
        return int(self.engine.scalar(f"select count(*) from {table}"))

    def drop(self, *names: str) -> None:
        for name in names:
            self.engine.remove(name)
        self._made.difference_update(names)

    def drop_all_but(self, *names: str) -> None:
        self.drop(*sorted(self._made - set(names)))

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """Leaves no table behind, however the run ends."""
        try:
            yield
        finally:
            self.drop_all_but()

    def midnight(self, days_before: int = 0, *, of: date | None = None) -> datetime:
        """When a day began on the shop's clock: the day itself, or another, or one so many days before it."""
        return local_instant((of or self.day) - timedelta(days=days_before), time(), self.shop.zone)

    def facts(self, query: str, **more: object) -> dict[str, Any]:
        """What a query asks for by name; DuckDB refuses more than that."""
        known: dict[str, Any] = {
            "day": self.day,
            "starts_at": self.midnight(),
            "year_before": self.midnight(365),
            "zone": self.shop.zone.key,
            "currency": self.shop.currency,
            "rewards": list(self.shop.points.rewards),
            "discreet": list(self.shop.discreet_departments),
        } | more
        return {name: known[name] for name in re.findall(r"\$(\w+)", query)}


def query_of(name: str) -> str:
    """The SQL of a file of this folder."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
