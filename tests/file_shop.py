"""A shop that delivers files, for tests: written into a folder, opened with queries, read night by night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from perennial.model.datasets import SHOP_DATASETS
from perennial.sources.files.file_source import FileSource
from perennial.sources.files.file_table import FileTable
from perennial.sources.source_map import SourceMap

SINCE, UNTIL = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
BUYERS = "select customer_id from orders where ordered_at >= :since and ordered_at < :until"
NAMES = """
    select id as customer_id, name as first_name, '2026-11-20' as signed_up_at, '2026-11-20' as updated_at
    from people
"""


@contextmanager
def file_shop(
    folder: Path,
    queries: Mapping[str, str],
    *,
    buyers: str = BUYERS,
    closed: str | None = None,
    zone: str = "UTC",
    **tables: str | dict[str, Any],
) -> Iterator[FileSource]:
    """A shop whose tables are files below a folder; a table is its path, or all that shop.yaml says of it."""
    files = {
        name: FileTable(**({"path": table} if isinstance(table, str) else table))
        for name, table in tables.items()
    }
    source_map = SourceMap(
        queries=queries,
        recent_buyers=buyers,
        closed_days=closed,
        zone=ZoneInfo(zone),
        files=files,
    )
    source = FileSource(source_map, folder=folder, scratch=folder / ".scratch")
    try:
        yield source
    finally:
        source.close()


def rows_of(
    source: FileSource, dataset: str, *, since: datetime | None = SINCE, until: datetime = UNTIL
) -> list[dict[str, Any]]:
    """What a night reads of a dataset, without the columns that are empty everywhere."""
    batches = source.extract(SHOP_DATASETS[dataset], since=since, until=until)
    rows = [row for batch in batches for row in batch.to_pylist()]
    said = {name for row in rows for name, value in row.items() if value is not None}
    return [{name: value for name, value in row.items() if name in said} for row in rows]


def people(folder: Path, **table: Any) -> list[tuple[str, str | None]]:
    """Ids and names of the people in one table of files, read as shop.yaml would say."""
    with file_shop(folder, {"customers": NAMES}, people=table) as source:
        return [(row["customer_id"], row.get("first_name")) for row in rows_of(source, "customers")]


def refused_people(folder: Path, **table: Any) -> list[str]:
    """Where rows of that table were refused, and why."""
    with file_shop(folder, {"customers": NAMES}, people=table) as source:
        list(rows_of(source, "customers"))
        refused = source.refused(SHOP_DATASETS["customers"])
        return [f"{row.table} {row.file}:{row.line}: {row.reason}" for row in refused]
