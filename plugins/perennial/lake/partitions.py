"""Where things lie in the lake: one Parquet file a partition, published in one step.

raw/<dataset>/day=2026-11-21/extract-0001.parquet     what the shop said, as text; append-only
verified/<dataset>/day=…/data.parquet                 rows that passed the checks, typed
quarantine/<dataset>/day=…/data.parquet               rows that did not, with the reason
quarantine/files/day=…/<dataset>.parquet              rows of its files that were none: file, line, reason
contacts | customer_features | memberships/day=…/data.parquet
decisions/day=…/<campaign>.parquet
snapshots/<dataset>/day=…/<seal>.parquet              all that was known on a day, instead of its increments
figures/day=…/part-003.parquet                        what larger shops carry from night to night
calendar/day=…/closed_days.json                       the days on which the shop says it is closed
verdicts/day=…/night.json                             what the checks of a night found
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from io import BufferedReader
from pathlib import Path

from perennial.errors import LakeError, MissingPartition
from perennial.lake.folder_store import FolderStore
from perennial.lake.stores import Store

_NOT_THERE = "none"
_MONTH = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class Partition:
    """One file of the lake."""

    dataset: str
    day: date
    name: str = "data"

    def __str__(self) -> str:
        return f"{self.dataset}/day={self.day.isoformat()}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What must be read to know a folder's dataset as on a day, and how the folder lay when that was found out."""

    day: date
    shapes: tuple[Hashable, ...]
    increments: Sequence[Partition]
    stamps: Sequence[str]
    read: Sequence[Partition]


class Lake:
    """Datasets by day, in a folder or another store."""

    def __init__(self, place: Path | Store) -> None:
        self.store: Store = FolderStore(place) if isinstance(place, Path) else place
        self.known: dict[str, Known] = {}

    @property
    def root(self) -> Path:
        """A folder of this machine: that of the lake, or one for what sessions write beside a lake that lies elsewhere."""
        return self.store.root

    def path(self, partition: Partition) -> Path:
        """The partition's file.

        Raises:
            LakeError: it is none of this machine's: the lake lies in object storage.
        """
        if not isinstance(self.store, FolderStore):
            msg = f"{partition} is no file of this machine: the lake lies in object storage."
            raise LakeError(msg)
        return self.store.root / _file_of(partition)

    def location(self, partition: Partition) -> str:
        """How SQL and people call the partition: a path, or a URL."""
        return self.store.location(_file_of(partition))

    def exists(self, partition: Partition) -> bool:
        return self.store.stamp(_file_of(partition)) is not None

    def existing(self, partition: Partition) -> str:
        """How SQL and people call a partition that is there.

        Raises:
            MissingPartition: the night has not written it.
        """
        if not self.exists(partition):
            raise _missing(partition)
        return self.location(partition)

    def opened(self, partition: Partition) -> BufferedReader:
        """The partition's bytes, to be read from any place and closed again.

        Raises:
            MissingPartition: the night has not written it.
        """
        try:
            return self.store.open(_file_of(partition))
        except FileNotFoundError:
            raise _missing(partition) from None

    def stamp(self, partition: Partition) -> str:
        """What changes when a partition is written anew, or removed."""
        return self.store.stamp(_file_of(partition)) or _NOT_THERE

    def stamps(self, partitions: Sequence[Partition]) -> list[str]:
        """The same of many at once, which saves a store on another machine a question for each."""
        found = self.store.stamps([_file_of(partition) for partition in partitions])
        return [stamp or _NOT_THERE for stamp in found]

    def size(self, partition: Partition) -> int:
        """Its bytes; none when there is no such partition."""
        return self.store.size(_file_of(partition))

    def partitions(
        self, dataset: str, *, since: date | None = None, until: date | None = None
    ) -> list[Partition]:
        """Every partition of a dataset from one day to another (both included), oldest first."""
        return self._partitions(
            dataset,
            lambda day: (since is None or since <= day) and (until is None or day <= until),
        )

    def shape(self, dataset: str) -> Hashable | None:
        """What changes when a partition is published or removed; nothing where only a listing can tell."""
        return self.store.shape(dataset)

    def latest(self, dataset: str, *, until: date) -> Partition | None:
        """The last partition of a dataset up to a day (included). It is looked for in the last month first."""
        lately = self.partitions(dataset, since=until - _MONTH, until=until)
        found = lately or self.partitions(dataset, until=until)
        return found[-1] if found else None

    def days(self, dataset: str, wanted: Callable[[date], bool] = lambda _: True) -> list[date]:
        """Days of which there is a partition, oldest first; of days that are not `wanted` nothing is looked at."""
        return sorted({p.day for p in self._partitions(dataset, wanted)})

    def _partitions(self, dataset: str, wanted: Callable[[date], bool]) -> list[Partition]:
        found = [
            Partition(dataset=dataset, day=day, name=file.removesuffix(".parquet"))
            for day, files in self._days(dataset, wanted)
            for file in files
            if file.endswith(".parquet")
        ]
        return sorted(found, key=lambda p: (p.day, p.name))

    def publishing(
        self, partition: Partition, *, replacing: str | None = None
    ) -> AbstractContextManager[Path]:
        """A temporary path that becomes the partition when the block ends well, and vanishes when it does not.

        Readers see the old file or the new one, never a part of either; a full disk leaves the old one.

        Raises:
            ReplacedMeanwhile: the partition does not bear the stamp of `replacing` any more; it is as it was.
            LakeError: the lake cannot be written to; it is as it was.
        """
        name = _file_of(partition)
        return self.store.publishing(name, str(partition), replacing=replacing)

    def move(self, source: Partition, target: Partition) -> None:
        """Makes one partition another in a single step; readers see the target's old file or the new one.

        Raises:
            MissingPartition: there is nothing to move.
            LakeError: the lake cannot be written to; both are as before.
        """
        self.existing(source)
        self.store.move(_file_of(source), _file_of(target))

    def remove(self, partition: Partition) -> None:
        """Removes a partition for good, and its day's folder where nothing else is in it.

        Raises:
            LakeError: it cannot be removed.
        """
        self.store.remove(_file_of(partition))

    def write_record(self, record: Partition, text: str) -> None:
        """Keeps a text, such as JSON, under a day; published like a partition."""
        with self.store.publishing(_record_of(record), str(record)) as draft:
            draft.write_text(text, encoding="utf-8")

    def read_record(self, record: Partition) -> str | None:
        """The text kept under a day, or nothing when there is none."""
        return self.store.read(_record_of(record))

    def record_location(self, record: Partition) -> str:
        """How people call the place where a text is kept, or would be."""
        return self.store.location(_record_of(record))

    def record_days(
        self, dataset: str, wanted: Callable[[date], bool] = lambda _: True
    ) -> list[date]:
        """Days on which a record was kept, oldest first; of days that are not `wanted` nothing is looked at."""
        return sorted(
            day
            for day, files in self._days(dataset, wanted)
            if any(file.endswith(".json") for file in files)
        )

    def _days(
        self, dataset: str, wanted: Callable[[date], bool]
    ) -> Iterator[tuple[date, list[str]]]:
        """A dataset's days that are wanted, and what lies in the folder of each, in no order."""

        def is_wanted(folder: str) -> bool:
            return folder.startswith("day=") and wanted(_day_of(dataset, folder))

        for folder, files in self.store.listing(dataset, is_wanted):
            yield _day_of(dataset, folder), files


def _file_of(partition: Partition) -> str:
    return f"{partition}.parquet"


def _record_of(record: Partition) -> str:
    return f"{record}.json"


def _missing(partition: Partition) -> MissingPartition:
    return MissingPartition(
        f"The lake has no {partition}. Run the night first: perennial night --day {partition.day}"
    )


def _day_of(dataset: str, folder: str) -> date:
    try:
        return date.fromisoformat(folder.removeprefix("day="))
    except ValueError as error:
        msg = f"{dataset}/{folder} is no folder of the lake: its name must be day=YYYY-MM-DD. Move it away."
        raise LakeError(msg) from error
