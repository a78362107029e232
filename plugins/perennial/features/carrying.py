"""Figures of orders that larger shops carry from night to night, so that a night's work follows what has changed.

figures/day=2026-11-21/part-003.parquet     some of the customers, in the order of their ids
figures/day=2026-11-21/assortment.parquet   the products that could be favourites, with their categories
figures/day=2026-11-21/index.parquet        the last id of each part, and the seal; written last, without it there are none

Like a snapshot, they are a copy under a seal: made of the increments that they were worked out from as they lay there, and
of the way they were worked out. When either has changed, they are ignored, and everything is worked out anew. They
can be deleted at any time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from perennial.errors import MissingPartition
from perennial.features.night import Night
from perennial.features.slices import Part
from perennial.lake.partitions import Lake, Partition
from perennial.lake.snapshots import seal
from perennial.model.datasets import CONTACTS
from perennial.model.shop import Shop

FOLDER = "figures"
_MADE_OF = ("verified/customers", "verified/orders", "verified/order_lines", CONTACTS.name)
_CARRIED_ON_FOR = timedelta(days=31)
_KEPT = 2


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was worked out of a day's orders, as it lies in the lake: of what, how, and the last id of each part.

    How many orders there were is as it was counted when everybody was worked out last.
    """

    day: date
    made_of: str
    worked_out_by: str
    orders: int = 0
    ends: tuple[str, ...] = ()

    def alike(self, other: Figures) -> bool:
        """Whether both are of one day, made of the same in the same way."""
        return replace(self, orders=0, ends=()) == replace(other, orders=0, ends=())

    @property
    def assortment(self) -> Partition:
        return _file(self.day, "assortment")

    def part(self, number: int) -> Partition:
        return _file(self.day, f"part-{number:03}")

    def parts_between(self, first: str, last: str) -> list[Partition]:
        """The parts that may have customers from one id up to another."""
        numbers = range(bisect_left(self.ends, first), bisect_left(self.ends, last) + 1)
        return [self.part(number) for number in numbers if number < len(self.ends)]


def figures_of_now(lake: Lake, day: date, shop: Shop) -> Figures:
    """What figures of a day would say of themselves if they were worked out now."""
    way = [shop.zone.key, shop.currency, version("duckdb"), _queries()]
    return Figures(
        day=day,
        made_of=_increments(lake, day),
        worked_out_by=sha256("\n".join(way).encode()).hexdigest(),
    )


def earlier_figures(lake: Lake, day: date, shop: Shop) -> Figures | None:
    """The last ones of a day before that still hold, unless too much time has passed since."""
    for each in reversed(_days(lake, since=day - _CARRIED_ON_FOR, until=day - timedelta(days=1))):
        written = _read(lake, each)
        if written and written.alike(figures_of_now(lake, each, shop)):
            return written
    return None


def remove_figures(lake: Lake, day: date) -> None:
    """Removes what a day has, first what makes the rest readable.

    Raises:
        LakeError: a file cannot be removed.
    """
    files = lake.partitions(FOLDER, since=day, until=day)
    for file in sorted(files, key=lambda file: file.name != "index"):
        lake.remove(file)


def ids_of(night: Night, part: Part) -> tuple[str, str]:
    """The first and the last id of a part's accounts."""
    ends = "select min(customer_id) as first, max(customer_id) as last from accounts"
    (row,) = night.engine.rows(f"{ends} where {part.condition}")
    return row["first"] or "", row["last"] or ""


def write_part(night: Night, figures: Figures, part: Part) -> None:
    """Writes the figures of a part's customers, as they are in `order_figures`."""
    night.engine.publish(
        figures.part(part.number), "select * from order_figures", order_by="customer_id"
    )


def finish_figures(night: Night, figures: Figures, parts: Sequence[Part]) -> None:
    """Makes the parts that were written readable to later nights, and removes what these will not read."""
    lake = night.engine.lake
    night.engine.publish(
        figures.assortment, "select product_id, category from assortment", order_by="product_id"
    )
    _write(lake, replace(figures, ends=tuple(ids_of(night, part)[1] for part in parts)))
    remove_broken_figures(lake)
    for day in _days(lake, until=night.day)[:-_KEPT]:
        remove_figures(lake, day)


def holding_figures(lake: Lake) -> list[Figures]:
    """All that are made of the increments as they lie there."""
    found = [_read(lake, day) for day in _days(lake)]
    return [f for f in found if f and f.made_of == _increments(lake, f.day)]


@dataclass(frozen=True, kw_only=True)
class TakingOut:
    """Figures from which somebody takes rows, as from the increments they are made of, so that they still hold afterwards.

    They do not when anything else has happened to an increment meanwhile.
    """

    lake: Lake
    figures: Sequence[Figures]
    _stamps: dict[Partition, str]

    @classmethod
    def of(cls, lake: Lake) -> TakingOut:
        return cls(lake=lake, figures=holding_figures(lake), _stamps=_stamps(lake))

    @contextmanager
    def rewriting(self, increment: Partition) -> Iterator[None]:
        """Around the taking out of an increment."""
        as_known = self._stamps.get(increment) == self.lake.stamp(increment)
        yield
        if as_known:
            self._stamps[increment] = self.lake.stamp(increment)

    def seal(self, gone: Collection[str]) -> None:
        """Makes the figures hold again, from which the rows of some accounts have been taken, as from the increments."""
        if not self._stamps.items() >= _stamps(self.lake).items():
            return
        for each in self.figures:
            made_of = _increments(self.lake, each.day)
            _write(self.lake, replace(each, made_of=made_of, ends=self._ends(each, gone)))

    def _ends(self, figures: Figures, gone: Collection[str]) -> tuple[str, ...]:
        """Where each part ends, without the ids of those who are gone."""
        ends: list[str] = []
        for number, end in enumerate(figures.ends):
            left = end if end.strip(" ") not in gone else self._last_in(figures.part(number))
            ends.append(left or "".join(ends[-1:]))
        return tuple(ends)

    def _last_in(self, part: Partition) -> str | None:
        with self.lake.opened(part) as file:
            ids = pq.read_table(file, columns=["customer_id"])["customer_id"]
        return str(ids[-1]) if len(ids) else None


def remove_broken_figures(lake: Lake) -> None:
    """Removes those whose increments have changed, with all that was taken out of these since, and unfinished ones.

    Raises:
        LakeError: one cannot be removed.
    """
    holding = {figures.day for figures in holding_figures(lake)}
    for day in _days(lake):
        if day not in holding:
            remove_figures(lake, day)


def _stamps(lake: Lake) -> dict[Partition, str]:
    increments = [each for folder in _MADE_OF for each in lake.partitions(folder)]
    return dict(zip(increments, lake.stamps(increments), strict=True))


def _increments(lake: Lake, day: date) -> str:
    seals = [seal(lake, lake.partitions(folder, until=day)) for folder in _MADE_OF]
    return sha256("\n".join(seals).encode()).hexdigest()


@cache
def _queries() -> str:
    """All that this folder asks: whoever changes a query changes the figures."""
    files = sorted(Path(__file__).parent.glob("*.sql"))
    return sha256("".join(file.read_text(encoding="utf-8") for file in files).encode()).hexdigest()


def _read(lake: Lake, day: date) -> Figures | None:
    try:
        with lake.opened(_file(day, "index")) as file:
            rows = pq.read_table(file).to_pylist()
    except MissingPartition:
        return None
    (index,) = rows
    return Figures(day=day, **index | {"ends": tuple(index["ends"])})


def _write(lake: Lake, figures: Figures) -> None:
    row = {
        "made_of": figures.made_of,
        "worked_out_by": figures.worked_out_by,
        "orders": figures.orders,
        "ends": list(figures.ends),
    }
    with lake.publishing(_file(figures.day, "index")) as draft:
        pq.write_table(pa.Table.from_pylist([row]), draft)


def _days(lake: Lake, *, since: date | None = None, until: date | None = None) -> list[date]:
    return sorted({file.day for file in lake.partitions(FOLDER, since=since, until=until)})


def _file(day: date, name: str) -> Partition:
    return Partition(dataset=FOLDER, day=day, name=name)
