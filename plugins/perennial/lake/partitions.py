"""Where things lie in the lake: one Parquet file a partition, published in one step.

raw/<dataset>/day=2026-11-21/extract-0001.parquet     what the shop said, as text; append-only
verified/<dataset>/day=…/data.parquet                 rows that passed the checks, typed
quarantine/<dataset>/day=…/data.parquet               rows that did not, with the reason
quarantine/files/day=…/<dataset>.parquet              rows of its files that were none: file, line, reason
contacts | customer_features | memberships/day=…/data.parquet
decisions/day=…/<campaign>.parquet
snapshots/<dataset>/day=…/<seal>.parquet              all that was known on a day, instead of its increments
calendar/day=…/closed_days.json                       the days on which the shop says it is closed
verdicts/day=…/night.json                             what the checks of a night found
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from glob import escape
from pathlib import Path

from perennial.errors import LakeError, MissingPartition

_ABANDONED_AFTER_SECONDS = 24 * 60 * 60
_MONTH = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class Partition:
    """One file of the lake."""

    dataset: str
    day: date
    name: str = "data"

    def __str__(self) -> str:
        return f"{self.dataset}/day={self.day.isoformat()}/{self.name}"


@dataclass(frozen=True)
class Lake:
    """A folder of datasets."""

    root: Path

    def path(self, partition: Partition) -> Path:
        return self._folder(partition) / f"{partition.name}.parquet"

    def exists(self, partition: Partition) -> bool:
        return self.path(partition).exists()

    def existing(self, partition: Partition) -> Path:
        """The partition's file.

        Raises:
            MissingPartition: the night has not written it.
        """
        path = self.path(partition)
        if not path.exists():
            msg = f"The lake has no {partition}. Run the night first: perennial night --day {partition.day}"
            raise MissingPartition(msg)
        return path

    def stamp(self, partition: Partition) -> str:
        """What changes when a partition is written anew, or removed: its size, and when it was written."""
        try:
            found = self.path(partition).stat()
        except FileNotFoundError:
            return "none"
        return f"{found.st_size} {found.st_mtime_ns}"

    def partitions(
        self, dataset: str, *, since: date | None = None, until: date | None = None
    ) -> list[Partition]:
        """Every partition of a dataset from one day to another (both included), oldest first."""
        return self._partitions(
            dataset,
            lambda day: (since is None or since <= day) and (until is None or day <= until),
        )

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
            for day, folder in self._folders(dataset)
            if wanted(day)
            for file in _names_in(folder)
            if file.endswith(".parquet")
        ]
        return sorted(found, key=lambda p: (p.day, p.name))

    @contextmanager
    def publishing(self, partition: Partition) -> Iterator[Path]:
        """A temporary path that becomes the partition when the block ends well, and vanishes when it does not.

        Readers see the old file or the new one, never a part of either; a full disk leaves the old one.
        """
        with _whole_or_nothing(self.path(partition), str(partition)) as draft:
            yield draft

    def move(self, source: Partition, target: Partition) -> None:
        """Makes one partition another in a single step; readers see the target's old file or the new one.

        Raises:
            MissingPartition: there is nothing to move.
            LakeError: the folder cannot be written to; both are as before.
        """
        path = self.existing(source)
        try:
            self.path(target).parent.mkdir(parents=True, exist_ok=True)
            path.replace(self.path(target))
            _sync(self.path(target).parent)
        except OSError as error:
            msg = f"{source} cannot be made {target}: {error.strerror}."
            raise LakeError(msg) from error

    def remove(self, partition: Partition) -> None:
        """Removes a partition for good, and its day's folder where nothing else is in it.

        Raises:
            LakeError: it cannot be removed.
        """
        path = self.path(partition)
        try:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it
                path.parent.rmdir()
        except OSError as error:
            msg = f"{partition} cannot be removed: {error.strerror}."
            raise LakeError(msg) from error

    def write_record(self, record: Partition, text: str) -> Path:
        """Keeps a text, such as JSON, under a day; published like a partition."""
        path = self.record_path(record)
        with _whole_or_nothing(path, str(record)) as draft:
            draft.write_text(text, encoding="utf-8")
        return path

    def read_record(self, record: Partition) -> str | None:
        """The text kept under a day, or nothing when there is none."""
        try:
            return self.record_path(record).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def record_path(self, record: Partition) -> Path:
        """Where a text is kept, or would be."""
        return self._folder(record) / f"{record.name}.json"

    def record_days(
        self, dataset: str, wanted: Callable[[date], bool] = lambda _: True
    ) -> list[date]:
        """Days on which a record was kept, oldest first; of days that are not `wanted` nothing is looked at."""
        return sorted(
            day
            for day, folder in self._folders(dataset)
            if wanted(day) and any(file.endswith(".json") for file in _names_in(folder))
        )

    def _folders(self, dataset: str) -> Iterator[tuple[date, str]]:
        """A dataset's days, and the path of each, in no order."""
        root = (self.root / dataset).as_posix()
        for name in _names_in(root):
            if name.startswith("day="):
                path = f"{root}/{name}"
                yield _day_of(path), path

    def _folder(self, partition: Partition) -> Path:
        return self.root / partition.dataset / f"day={partition.day.isoformat()}"


@contextmanager
def _whole_or_nothing(final: Path, label: str) -> Iterator[Path]:
    draft = final.with_name(f".{final.name}.{uuid.uuid4().hex}.tmp")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        _sweep(final)
        yield draft
        _sync(draft)
        draft.replace(final)
        _sync(final.parent)
    except OSError as error:
        msg = f"{label} cannot be published: {error.strerror or error}. What was there before is unchanged."
        raise LakeError(msg) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _sweep(final: Path) -> None:
    """Removes what a killed process left behind; a draft of today may still be in the making."""
    for draft in final.parent.glob(f".{escape(final.name)}.*.tmp"):
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                draft.unlink()


def _names_in(folder: str) -> list[str]:
    """What lies in a folder; nothing when there is none. Years of nights are listed many times a night."""
    try:
        return os.listdir(folder)  # noqa: PTH208 - pathlib takes ten times as long
    except FileNotFoundError:
        return []


def _day_of(folder: str) -> date:
    try:
        return date.fromisoformat(folder.rpartition("day=")[2])
    except ValueError as error:
        msg = f"{folder} is no folder of the lake: its name must be day=YYYY-MM-DD. Move it away."
        raise LakeError(msg) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
