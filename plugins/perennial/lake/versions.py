"""The latest version of each row, among partitions of which later ones say what has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from perennial.lake.partitions import Partition
from perennial.model.datasets import Dataset

_FEW_INCREMENTS = 62


def latest_versions(
    dataset: Dataset,
    partitions: Sequence[Partition],
    files: Callable[[Sequence[Partition]], str],
) -> str:
    """SQL for DuckDB that gives a dataset's rows, each key once, from partitions in the order of their days.

    `files` says how partitions are read, as rows that know their `day`.
    """
    columns = ", ".join(f'"{name}"' for name in dataset.column_names)
    same = " and ".join(f'later."{k}" = version."{k}"' for k in dataset.key)
    first, later = files(partitions[:1]), partitions[1:]
    if not later:
        return f"select {columns} from {first}"
    if len(later) > _FEW_INCREMENTS:
        # Without a snapshot, the later files are as large as the shop: they are held in memory once, not twice.
        return f"""
            select {columns} from {files(partitions)} as version
            where not exists (
                select 1 from {files(later)} as later where {same} and later.day > version.day)"""
    # The first file is as large as the shop. That its rows give way to any later one of their key, whatever its day, is a
    # plain anti join, in a fifth of the time of one that compares days.
    key = ", ".join(f'"{k}"' for k in dataset.key)
    return f"""
        select {columns} from {first} anti join {files(later)} as later using ({key})
        union all
        select {columns} from {files(later)} as version
        where not exists (
            select 1 from {files(later)} as later where {same} and later.day > version.day)"""
