"""PostgreSQL's rows as Arrow, without a Python object for each value: COPY writes them, Arrow reads them.

The text is the one that `text_columns` makes of the same values. A query with a column whose text the two would
write differently is read row by row instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import DBAPIError

from perennial.model.datasets import Dataset
from perennial.sources.text_columns import arrow_text, instants_text, text_column

_BOOL, _TIMESTAMP, _TIMESTAMPTZ = 16, 1114, 1184
# "char", name, int8, int2, int4, text, oid, bpchar, varchar, date, numeric, uuid
_ALIKE = {18, 19, 20, 21, 23, 25, 26, 1042, 1043, 1082, 1700, 2950}
_FIRST_OF_OTHERS = 16_384  # enums, domains, extensions: text to us in any case
_CHUNK_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Copying:
    """A query that can be copied, and PostgreSQL's numbers of its columns' types."""

    connection: psycopg.Connection
    sql: str
    types: Mapping[str, int]


def copying(connection: Connection, statement: TextClause) -> Copying | None:
    """How a query is copied; None where it must be read row by row.

    Raises:
        DBAPIError: the database refuses the query.
    """
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        return None
    compiled = statement.compile(dialect=connection.dialect)
    sql = psycopg.ClientCursor(raw).mogrify(compiled.string, compiled.construct_params())
    if ";" in sql.rstrip().rstrip(";"):
        return None  # may be several statements
    sql = sql.rstrip().rstrip(";")
    with _as_sqlalchemy_says():
        described = raw.execute(f"select * from (\n{sql}\n) as selected limit 0").description or []
    types = {column.name: column.type_code for column in described}
    if len(types) < len(described) or not all(map(_can_be_copied, types.values())):
        return None
    return Copying(connection=raw, sql=sql, types=types)


def copied_batches(
    query: Copying, dataset: Dataset, zone: ZoneInfo, chunk_rows: int
) -> Iterator[pa.RecordBatch]:
    """The rows of a query as the dataset's contract orders them, as text."""
    selected = ", ".join(_expression(name, oid) for name, oid in query.types.items())
    copy = f"copy (select {selected} from (\n{query.sql}\n) as selected) to stdout (format csv, encoding 'utf8')"
    for chunk in _chunks(query.connection, copy, chunk_rows):
        said = _read(chunk, list(query.types))
        arrays = [
            _column(said[c.name], query.types[c.name], moments=c.type == "TIMESTAMPTZ", zone=zone)
            if c.name in query.types
            else pa.nulls(said.num_rows, pa.string())
            for c in dataset.columns
        ]
        yield pa.record_batch(arrays, names=list(dataset.column_names))


def _can_be_copied(oid: int) -> bool:
    return oid in _ALIKE or oid in {_BOOL, _TIMESTAMP, _TIMESTAMPTZ} or oid >= _FIRST_OF_OTHERS


def _expression(name: str, oid: int) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"{quoted}::text" if oid == _BOOL else quoted


def _chunks(connection: psycopg.Connection, copy: str, chunk_rows: int) -> Iterator[bytes]:
    """Whole rows of CSV, so many at a time."""
    chunk, rows = bytearray(), 0
    with _as_sqlalchemy_says(), connection.cursor() as cursor, cursor.copy(copy.encode()) as lines:
        for line in lines:
            chunk += line
            rows += 1
            if rows == chunk_rows or len(chunk) > _CHUNK_BYTES:
                yield bytes(chunk)
                chunk, rows = bytearray(), 0
    if chunk:
        yield bytes(chunk)


def _read(chunk: bytes, names: list[str]) -> pa.RecordBatch:
    """An empty value in quotes is empty, one without is none."""
    table = pa_csv.read_csv(
        pa.py_buffer(chunk),
        read_options=pa_csv.ReadOptions(
            column_names=names, block_size=len(chunk) + 1, use_threads=False
        ),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    (batch,) = table.combine_chunks().to_batches()
    return batch


def _column(column: pa.Array, oid: int, *, moments: bool, zone: ZoneInfo) -> pa.Array:
    if oid not in {_TIMESTAMP, _TIMESTAMPTZ}:
        return arrow_text(column, moments=moments, zone=zone)
    try:
        if oid == _TIMESTAMPTZ:
            return instants_text(column.cast(pa.timestamp("us", "UTC")))
        if zone.key == "UTC":
            return instants_text(column.cast(pa.timestamp("us")))
        local = [
            None if said is None else datetime.fromisoformat(said) for said in column.to_pylist()
        ]
        return text_column(local, moments=moments, zone=zone)
    except (pa.ArrowInvalid, ValueError):
        return column  # infinity, or a year that no calendar here has: the checks see it


@contextmanager
def _as_sqlalchemy_says() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError(None, None, error) from None
