"""Reads a night from the shop into the lake, as text, and never changes what an earlier night has written.

Night D is the interval [D-1 00:00, D 00:00) on the shop's clock. The first night takes everything before D 00:00;
after an outage, each day that was missed becomes a partition of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from perennial.errors import LakeError
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import Dataset
from perennial.model.quarantined import REFUSED_ROWS
from perennial.sources.files.refused_rows import RefusedRow

_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64()}
_REFUSED = pa.schema([(column.name, _ARROW[column.type]) for column in REFUSED_ROWS.columns])
_SINCE, _UNTIL = b"perennial.since", b"perennial.until"


class Source(Protocol):
    """Where a shop's rows come from."""

    def extract(
        self, dataset: Dataset, *, since: datetime | None, until: datetime, chunk_rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """The rows written in [since, until), every column of the contract as text."""
        ...


@runtime_checkable
class Refusing(Protocol):
    """A source that meets rows which are none, such as those of a file with too few values."""

    def refused(self, dataset: Dataset) -> Sequence[RefusedRow]:
        """Those of the last extraction of a dataset."""
        ...


@dataclass(frozen=True, kw_only=True)
class Interval:
    """From `since` (included; nothing is the beginning of time) to `until` (excluded)."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, kw_only=True)
class ExtractSummary:
    """What a night's extraction of one dataset left in the lake."""

    dataset: str
    day: date
    partitions: tuple[Partition, ...]
    rows: int
    reused: bool
    refused: int = 0


def refused_rows(source: Source, dataset: Dataset) -> Sequence[RefusedRow]:
    """What a source could not take for rows when a dataset was last extracted."""
    return source.refused(dataset) if isinstance(source, Refusing) else ()


def extract_night(
    source: Source,
    lake: Lake,
    dataset: Dataset,
    day: date,
    zone: ZoneInfo,
    *,
    refresh: bool = False,
) -> ExtractSummary:
    """Brings the raw rows of a night, and of nights that were missed before it, into the lake.

    A night that is there is left as it is. With `refresh`, its interval is read once more and added as the next
    extract, so that what the shop corrected since comes in as later versions of the rows.
    """
    same_night = tuple(lake.partitions(_raw(dataset), since=day, until=day))
    if same_night and not refresh:
        rows = sum(_metadata(lake, p).num_rows for p in same_night)
        return _summary(lake, dataset, day, same_night, rows, reused=True)
    if same_night:
        wanted = {_next_extract(same_night[-1]): _interval_of(lake, same_night[-1])}
    else:
        newest = lake.latest(_raw(dataset), until=day)
        wanted = _missing_nights(dataset, newest.day if newest else None, day, zone)
    rows = sum(_write(source, lake, dataset, p, interval) for p, interval in wanted.items())
    return _summary(lake, dataset, day, tuple(wanted), rows, reused=False)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins in a zone, also where the clocks change at midnight."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def night_interval(day: date, zone: ZoneInfo) -> Interval:
    """What night D looks at: the shop's whole day before it."""
    return Interval(since=midnight(day - timedelta(days=1), zone), until=midnight(day, zone))


def _missing_nights(
    dataset: Dataset, newest: date | None, day: date, zone: ZoneInfo
) -> dict[Partition, Interval]:
    if newest is None:
        everything = Interval(since=None, until=midnight(day, zone))
        return {_first_extract(dataset, day): everything}
    days = [newest + timedelta(days=n) for n in range(1, (day - newest).days + 1)]
    return {_first_extract(dataset, d): night_interval(d, zone) for d in days}


def _raw(dataset: Dataset) -> str:
    return f"raw/{dataset.name}"


def _first_extract(dataset: Dataset, day: date) -> Partition:
    return Partition(dataset=_raw(dataset), day=day, name="extract-0001")


def _next_extract(last: Partition) -> Partition:
    number = int(last.name.removeprefix("extract-")) + 1
    return Partition(dataset=last.dataset, day=last.day, name=f"extract-{number:04d}")


def _write(
    source: Source, lake: Lake, dataset: Dataset, partition: Partition, interval: Interval
) -> int:
    """Writes one interval batch by batch and returns its rows; an empty one still has its columns."""
    with lake.publishing(partition) as draft:
        rows = _write_file(draft, _schema(dataset, interval), source, dataset, interval)
        # Before the extract becomes visible: what it lacks must be told wherever it is.
        _put_aside(lake, dataset, partition.day, refused_rows(source, dataset))
    return rows


def _write_file(
    path: Path, schema: pa.Schema, source: Source, dataset: Dataset, interval: Interval
) -> int:
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in source.extract(dataset, since=interval.since, until=interval.until):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _put_aside(lake: Lake, dataset: Dataset, day: date, refused: Sequence[RefusedRow]) -> None:
    """Keeps where the refused rows stand and why; what they say stays in the shop's file."""
    partition = _aside(dataset, day)
    if not refused and not lake.exists(partition):
        return
    with lake.publishing(partition) as draft:
        rows = [asdict(row) for row in refused]
        pq.write_table(pa.Table.from_pylist(rows, schema=_REFUSED), draft)


def _aside(dataset: Dataset, day: date) -> Partition:
    return Partition(dataset="quarantine/files", day=day, name=dataset.name)


def _schema(dataset: Dataset, interval: Interval) -> pa.Schema:
    since = interval.since.isoformat() if interval.since else ""
    return pa.schema(
        [pa.field(name, pa.string()) for name in dataset.column_names],
        metadata={_SINCE: since.encode(), _UNTIL: interval.until.isoformat().encode()},
    )


def _interval_of(lake: Lake, partition: Partition) -> Interval:
    kept = _metadata(lake, partition).metadata or {}
    if _SINCE not in kept or _UNTIL not in kept:
        msg = f"{partition} does not say which interval it holds; it was not written by an extraction."
        raise LakeError(msg)
    since = kept[_SINCE].decode()
    return Interval(
        since=datetime.fromisoformat(since) if since else None,
        until=datetime.fromisoformat(kept[_UNTIL].decode()),
    )


def _metadata(lake: Lake, partition: Partition) -> pq.FileMetaData:
    try:
        with lake.opened(partition) as file:
            return pq.read_metadata(file)
    except (OSError, pa.ArrowInvalid) as error:
        msg = f"{partition} cannot be read: it is damaged. Restore it, or remove it and extract the night again."
        raise LakeError(msg) from error


def _summary(
    lake: Lake,
    dataset: Dataset,
    day: date,
    partitions: tuple[Partition, ...],
    rows: int,
    *,
    reused: bool,
) -> ExtractSummary:
    asides = (_aside(dataset, d) for d in {partition.day for partition in partitions})
    return ExtractSummary(
        dataset=dataset.name,
        day=day,
        partitions=partitions,
        rows=rows,
        reused=reused,
        refused=sum(_metadata(lake, aside).num_rows for aside in asides if lake.exists(aside)),
    )
