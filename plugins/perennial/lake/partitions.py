"""Where things lie in the lake: one Parquet file a partition, published in one step.

raw/<dataset>/day=2026-11-21/extract-0001.parquet     what the shop said, as text; append-only
verified/<dataset>/day=…/data.parquet                 rows that passed the checks, typed
quarantine/<dataset>/day=…/data.parquet               rows that did not, with the reason
contacts | customer_features | memberships/day=…/data.parquet
decisions/day=…/<campaign>.parquet
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from perennial.errors import LakeError, MissingPartition


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
        folder = self.root / partition.dataset / f"day={partition.day.isoformat()}"
        return folder / f"{partition.name}.parquet"

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

    def partitions(self, dataset: str, *, until: date | None = None) -> list[Partition]:
        """Every partition of a dataset up to a day (included), oldest first."""
        found = []
        for path in (self.root / dataset).glob("day=*/*.parquet"):
            day = date.fromisoformat(path.parent.name.removeprefix("day="))
            if until is None or day <= until:
                found.append(Partition(dataset=dataset, day=day, name=path.stem))
        return sorted(found, key=lambda p: (p.day, p.name))

    def days(self, dataset: str) -> list[date]:
        return sorted({p.day for p in self.partitions(dataset)})

    @contextmanager
    def publishing(self, partition: Partition) -> Iterator[Path]:
        """A temporary path that becomes the partition when the block ends well, and vanishes when it does not.

        Readers see the old file or the new one, never a part of either; a full disk leaves the old one.
        """
        final = self.path(partition)
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{partition} cannot be published: {error.strerror}. The lake is unchanged."
            raise LakeError(msg) from error
        draft = final.with_name(f".{final.name}.{uuid.uuid4().hex}.tmp")
        try:
            yield draft
            _sync(draft)
            draft.replace(final)
            _sync(final.parent)
        except OSError as error:
            msg = f"{partition} cannot be published: {error.strerror}. The lake is unchanged."
            raise LakeError(msg) from error
        finally:
            draft.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
