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
from collections.abc import Collection, Sequence
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

_FOLDER = "figures"
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

    def parts_with(self, ids: Collection[str]) -> list[Partition]:
        """The parts in which some customers would be."""
        numbers = {bisect_left(self.ends, each) for each in ids}
        return [self.part(number) for number in sorted(numbers) if number < len(self.ends)]

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


def begin_figures(lake: Lake, day: date) -> None:
    """Takes away what the day has: its parts are about to be written one by one."""
    for file in _files(lake, day):
        lake.remove(file)


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
    _write(lake, replace(figures, ends=tuple(_last_id(night, part) for part in parts)))
    remove_broken_figures(lake)
    for day in _days(lake, until=night.day)[:-_KEPT]:
        begin_figures(lake, day)


def holding_figures(lake: Lake) -> list[Figures]:
    """All that are made of the increments as they lie there."""
    found = [_read(lake, day) for day in _days(lake)]
    return [f for f in found if f and f.made_of == _increments(lake, f.day)]


def seal_anew(lake: Lake, figures: Figures) -> None:
    """Says that figures are made of the increments as they now lie there: for who has taken the same out of both."""
    _write(lake, replace(figures, made_of=_increments(lake, figures.day)))


def remove_broken_figures(lake: Lake) -> None:
    """Removes those whose increments have changed, with all that was taken out of these since, and unfinished ones.

    Raises:
        LakeError: one cannot be removed.
    """
    holding = {figures.day for figures in holding_figures(lake)}
    for day in _days(lake):
        if day not in holding:
            begin_figures(lake, day)


def _increments(lake: Lake, day: date) -> str:
    seals = [seal(lake, lake.partitions(folder, until=day)) for folder in _MADE_OF]
    return sha256("\n".join(seals).encode()).hexdigest()


@cache
def _queries() -> str:
    """All that this folder asks: whoever changes a query changes the figures."""
    files = sorted(Path(__file__).parent.glob("*.sql"))
    return sha256("".join(file.read_text(encoding="utf-8") for file in files).encode()).hexdigest()


def _last_id(night: Night, part: Part) -> str:
    last = "select max(customer_id) from accounts where customer_no <= $upto"
    return str(night.engine.scalar(last, {"upto": part.upto}))


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
    return sorted({file.day for file in lake.partitions(_FOLDER, since=since, until=until)})


def _files(lake: Lake, day: date) -> list[Partition]:
    """In the order in which they are removed: first what makes the others readable."""
    files = lake.partitions(_FOLDER, since=day, until=day)
    return sorted(files, key=lambda file: file.name != "index")


def _file(day: date, name: str) -> Partition:
    return Partition(dataset=_FOLDER, day=day, name=name)
