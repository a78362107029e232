"""The rows of a table of files, whatever the files are, each with its file's name and day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from perennial.errors import SourceError
from perennial.sources.files.csv_rows import csv_batches
from perennial.sources.files.file_table import FILE_DAY, FILE_NAME, FileTable, Format
from perennial.sources.files.found_files import FoundFile
from perennial.sources.files.json_rows import json_batches
from perennial.sources.files.refused_rows import RefusedRow, Sieve
from perennial.sources.files.text_encoding import form_of, opened_text
from perennial.sources.text_columns import arrow_text


def table_batches(
    name: str,
    table: FileTable,
    files: Iterable[FoundFile],
    zone: ZoneInfo,
    refused: list[RefusedRow],
) -> Iterator[pa.RecordBatch]:
    """The rows of every file, in their order; those that are none are added to `refused`.

    Raises:
        SourceError: a file is not what it was taken for; names the file and, where there is one, line and column.
    """
    for file in files:
        sieve = Sieve(table=name, file=file.shown)
        for batch in _file_batches(table, file, zone, sieve):
            yield _with_origin(batch, file)
        refused += sieve.refused


def _file_batches(
    table: FileTable, file: FoundFile, zone: ZoneInfo, sieve: Sieve
) -> Iterator[pa.RecordBatch]:
    if table.format is Format.PARQUET:
        yield from _parquet_batches(file, zone)
        return
    form = form_of(file, table)
    with opened_text(file, form, detected=table.encoding is None) as stream:
        if table.format is Format.JSON_LINES:
            sieve.taken_for = "JSON lines have one object a line."
            yield from json_batches(stream, sieve)
        else:
            how = "as it looks" if form.detected else "as shop.yaml says"
            sieve.taken_for = f"It was read {how}: {form}. State what it is in shop.yaml."
            yield from csv_batches(stream, form, sieve)


def _parquet_batches(file: FoundFile, zone: ZoneInfo) -> Iterator[pa.RecordBatch]:
    with file.opened() as stream:
        try:
            with pq.ParquetFile(stream) as parquet:
                for batch in parquet.iter_batches(batch_size=20_000):
                    columns = [_as_text(column, zone) for column in batch.columns]
                    yield pa.record_batch(columns, names=batch.schema.names)
        except pa.ArrowException:
            msg = f"{file.shown} is no Parquet file, or cut off. Deliver it again."
            raise SourceError(msg) from None


def _as_text(column: pa.Array, zone: ZoneInfo) -> pa.Array:
    """An instant is told on the source's clock, with its offset, so that it compares with `:since` as text."""
    if pa.types.is_timestamp(column.type):
        aware = column.type.tz is not None
        said = [
            None
            if moment is None
            else (moment.astimezone(zone) if aware else moment).isoformat(sep=" ")
            for moment in column.cast(pa.timestamp("us", column.type.tz), safe=False).to_pylist()
        ]
        return pa.array(said, pa.string())
    return arrow_text(column, moments=False, zone=zone)


def _with_origin(batch: pa.RecordBatch, file: FoundFile) -> pa.RecordBatch:
    for name in (FILE_NAME, FILE_DAY):
        if name in batch.schema.names:
            msg = f"{file.shown} has a column `{name}`, which every table of files gets. Have it renamed."
            raise SourceError(msg)
    day = file.day.isoformat() if isinstance(file.day, date) else None
    return batch.append_column(FILE_NAME, _repeated(file.name, batch.num_rows)).append_column(
        FILE_DAY, _repeated(day, batch.num_rows)
    )


def _repeated(value: str | None, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)
