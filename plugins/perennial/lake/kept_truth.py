"""The truth of one day after another, kept in tables that each day's increment brings forward.

A view over the increments of a year reads hundreds of files for every query. Who rebuilds many days in a row needs each
file once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import Dataset

_LONGEST_STEP = 31


@dataclass(kw_only=True)
class KeptTruth:
    """What `Engine.open_day` shows, as tables. Days must be opened in order; any other day is read from its files.

    An increment that was read is not looked at again: whoever corrects past days closes the engine first.
    """

    lake: Lake
    execute: Callable[[str], None]
    source: Callable[[Partition], str]
    _known_until: dict[str, date] = field(default_factory=dict)
    _grown: dict[str, list[Partition]] = field(default_factory=dict)

    def bring_forward(self, dataset: Dataset, folder: str, day: date) -> bool:
        """Makes the dataset readable as it was known on a day; says whether it could."""
        known_until = self._known_until.get(dataset.name)
        if known_until is None or not 0 <= (day - known_until).days <= _LONGEST_STEP:
            self._known_until.pop(dataset.name, None)
            return False
        for partition in self._increments(folder, known_until, day):
            self._take_in(dataset, partition)
        self._known_until[dataset.name] = day
        self._show(dataset)
        return True

    def keep(self, dataset: Dataset, day: date) -> None:
        """Keeps what the view of the dataset shows on a day, so that the days after it begin from there."""
        self.execute(f"create or replace table {_table(dataset)} as select * from {dataset.name}")
        self._known_until[dataset.name] = day
        self._show(dataset)

    def grow(
        self,
        name: str,
        partitions: Sequence[Partition],
        rows_of: Callable[[Sequence[Partition]], str],
    ) -> None:
        """Keeps the rows of some partitions, and reads only those that have come since."""
        read = self._grown.get(name, [])
        if not read or partitions[: len(read)] != read:
            self.execute(f"create or replace table {grown(name)} as {rows_of(partitions)}")
        elif more := partitions[len(read) :]:
            self.execute(f"insert into {grown(name)} {rows_of(more)}")
        self._grown[name] = list(partitions)

    def _increments(self, folder: str, after: date, until: date) -> Iterator[Partition]:
        for number in range(1, (until - after).days + 1):
            partition = Partition(dataset=folder, day=after + timedelta(days=number))
            if self.lake.exists(partition):
                yield partition

    def _take_in(self, dataset: Dataset, partition: Partition) -> None:
        files, kept = self.source(partition), _table(dataset)
        same = " and ".join(f'kept."{key}" = later."{key}"' for key in dataset.key)
        columns = ", ".join(f'"{name}"' for name in dataset.column_names)
        self.execute(f"delete from {kept} as kept using {files} as later where {same}")
        self.execute(f"insert into {kept} by name select {columns} from {files}")

    def _show(self, dataset: Dataset) -> None:
        self.execute(f"create or replace view {dataset.name} as select * from {_table(dataset)}")


def grown(name: str) -> str:
    """The table behind a name whose partitions grow."""
    return f"grown_{name}"


def _table(dataset: Dataset) -> str:
    return f"kept_{dataset.name}"
