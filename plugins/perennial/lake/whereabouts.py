"""In which files, and in which of their rows, a value is to be found: remembered for as long as a file stays as it is.

Of the files that a page about one person would look into, most know nothing of them, and to open each takes longer than
everything else. So whoever asks first reads the one column of a file, and of its values keeps what they hash to; they
take twelve bytes a row. What is read of a person is always read from the files themselves: all that is remembered says
where there is nothing to be read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from threading import Condition

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache, cached

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.lake.snapshots import SNAPPED, looked_up_by, snapshots_of

_REMEMBERED = 128 * 2**20
_MOST_ROWS = 4_000_000
_MOST_POSITIONS = 500
_SORTED = {snapshots_of(folder): looked_up_by(dataset) for folder, dataset in SNAPPED.items()}


@dataclass(frozen=True, kw_only=True)
class Found:
    """The partitions that may hold some values, and the numbers of the rows; without numbers, any row may."""

    partitions: Sequence[Partition]
    rows: Sequence[int] | None

    @property
    def condition(self) -> str:
        """SQL that leaves all other rows alone, of files that are read with `file_row_number`."""
        return self.condition_on("file_row_number")

    def condition_on(self, column: str) -> str:
        """The same where the numbers of the rows go by another name."""
        if self.rows is None:
            return "true"
        return f"{column} in ({', '.join(map(str, self.rows)) or 'null'})"


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What the values of a column hash to, in order, and in which row each stands; of a large file nothing."""

    hashes: npt.NDArray[np.uint64] | None = field(default=None, repr=False)
    rows: npt.NDArray[np.uint32] | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        known = (self.hashes, self.rows)
        return 256 + sum(array.nbytes for array in known if array is not None)

    def rows_of(self, wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32] | None:
        """The rows whose values hash to these; nothing where that is not known."""
        if self.hashes is None or self.rows is None:
            return None
        first = np.searchsorted(self.hashes, wanted, side="left")
        last = np.searchsorted(self.hashes, wanted, side="right")
        pieces = [self.rows[a:b] for a, b in zip(first, last, strict=True) if a < b]
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.uint32)


def find(
    engine: Engine, partitions: Sequence[Partition], column: str, values: Collection[str]
) -> Found:
    """Which of some partitions may hold one of some texts in a column, in the order in which they are given.

    A snapshot that lies in the order of the column may always: its own statistics say where.
    """
    if not partitions or not values:
        return Found(partitions=(), rows=())
    wanted = _hashes(engine, values)
    kept: list[Partition] = []
    rows: set[int] | None = set()
    for partition, stamp in zip(partitions, engine.lake.stamps(partitions), strict=True):
        is_sorted = _SORTED.get(partition.dataset) == column
        known = _Column() if is_sorted else _column(engine, partition, stamp, column)
        own = known.rows_of(wanted)
        if own is None:
            rows = None
        elif rows is not None:
            rows |= set(own.tolist())
        if own is None or len(own):
            kept.append(partition)
    if rows is not None and len(rows) > _MOST_POSITIONS:
        rows = None
    return Found(partitions=kept, rows=None if rows is None else sorted(rows))


def _hashes(engine: Engine, values: Collection[str]) -> npt.NDArray[np.uint64]:
    found = engine.values(
        "select hash(value) from (select unnest($values::varchar[]) as value)",
        {"values": list(values)},
    )
    return np.array([value for (value,) in found], dtype=np.uint64)


@cached(
    LRUCache(_REMEMBERED, getsizeof=lambda column: column.size),
    key=lambda engine, partition, stamp, column: (engine.lake.location(partition), stamp, column),
    condition=Condition(),
)
def _column(engine: Engine, partition: Partition, stamp: str, column: str) -> _Column:  # noqa: ARG001 - the cache's key
    """Read once for all threads, as long as the file has the stamp."""
    file = engine.files([partition])
    if engine.values(f"select count(*) from {file}")[0][0] > _MOST_ROWS:
        return _Column()
    hashes = engine.table(f'select hash("{column}") as h from {file}')["h"].to_numpy()
    order = np.argsort(hashes, kind="stable")
    return _Column(hashes=hashes[order], rows=order.astype(np.uint32))
