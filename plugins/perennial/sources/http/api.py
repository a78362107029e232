"""What the shop APIs have in common: a name, tables, and pages of them for an interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from perennial.sources.http.paging import Item
from perennial.sources.http.tables import Table

# Bounds that an API takes to the second, inclusive or not, are asked for a little wider and held to afterwards.
MARGIN = timedelta(seconds=1)


class By(StrEnum):
    """Which moment of a row must lie in the interval."""

    WRITTEN = "written"
    PLACED = "placed"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The rows whose moment lies in [since, until); a bound that is nothing leaves that side open."""

    since: datetime | None
    until: datetime | None
    by: By = By.WRITTEN

    def among(self, table: Table, items: list[Item]) -> list[Item]:
        """Those of a page that are wanted. One whose moment cannot be read stays, so that the checks name it."""
        fields = table.written if self.by is By.WRITTEN else table.placed
        return [i for i in items if (m := table.moment(i, fields)) is None or self._holds(m)]

    def _holds(self, moment: datetime) -> bool:
        after = self.since is None or moment >= self.since
        return after and (self.until is None or moment < self.until)


class Api(Protocol):
    """A shop's API of one kind."""

    name: str
    tables: Mapping[str, Table]

    def pages(self, table: Table, wanted: Wanted) -> Iterator[list[Item]]:
        """The items of a list, a page at a time: at least those wanted, one perhaps twice, never one too few."""
        ...

    def close(self) -> None:
        """Ends every connection."""
        ...
