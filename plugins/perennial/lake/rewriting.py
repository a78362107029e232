"""Changing rows of a partition that is there already: published in one step, with every other row as it was.

Only the erasure of people does that; nothing else ever changes what a night has written.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from perennial.errors import LakeError, MissingPartition
from perennial.lake.partitions import Lake, Partition
from perennial.lake.stores import ReplacedMeanwhile

Change = Callable[[pa.Table], pa.Table]
"""Gives the rows that take the place of some: the same columns, the same order."""


def rewrite(
    lake: Lake,
    partition: Partition,
    change: Change,
    *,
    before: Callable[[Path], None] | None = None,
) -> int:
    """Passes a partition through a change, piece by piece; says how many rows fewer there are.

    `before` is given the new file just before it takes the place of the old one. A partition that a night has
    published anew meanwhile is read again, so that nothing the night wrote is lost; one that is gone needs nothing.

    Raises:
        LakeError: the partition is damaged, or the lake cannot be written to; it is as it was.
    """
    while lake.exists(partition):
        seen = lake.stamp(partition)
        with (
            suppress(ReplacedMeanwhile, MissingPartition),
            lake.publishing(partition, replacing=seen) as draft,
        ):
            try:
                with lake.opened(partition) as old:
                    removed = _copy(old, draft, change)
            except pa.ArrowException as error:
                msg = f"{partition} cannot be rewritten: it is damaged. Restore it and run this again."
                raise LakeError(msg) from error
            if lake.stamp(partition) != seen:
                raise ReplacedMeanwhile
            if before is not None:
                before(draft)
            return removed
    return 0


def _copy(old: BufferedReader, new: Path, change: Change) -> int:
    removed = 0
    with pq.ParquetFile(old) as file:
        schema = file.schema_arrow  # with its metadata, which says what interval an extract holds
        with pq.ParquetWriter(
            new, schema, compression="zstd", store_decimal_as_integer=True
        ) as writer:
            for number in range(file.num_row_groups):
                rows = file.read_row_group(number)
                kept = change(rows).cast(schema)
                writer.write_table(kept, row_group_size=max(1, rows.num_rows))
                removed += rows.num_rows - kept.num_rows
    return removed
