"""A shop that delivers files: they become tables of text, and the queries of shop.yaml read those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot.errors import SqlglotError

from perennial.errors import LakeError, SourceError
from perennial.lake.text_tables import TextTables
from perennial.model.datasets import Dataset
from perennial.sources.closed_days import calendar_of
from perennial.sources.files.file_table import FileTable
from perennial.sources.files.found_files import Days, find_files
from perennial.sources.files.refused_rows import RefusedRow
from perennial.sources.files.table_rows import table_batches
from perennial.sources.source_map import (
    CLOSED_DAYS,
    PARAMETER,
    RECENT_BUYERS,
    SourceMap,
    parameters_of,
    wrong_columns,
)
from perennial.sources.text_columns import arrow_text

_END_OF_TIME = datetime(9999, 12, 30, tzinfo=UTC)
_NUMBERS = ("DECIMAL", "BIGINT", "INTEGER", "DOUBLE")
_COMMA_NUMBER = r"^\s*([-+]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?)\s*$"


class FileSource:
    """A shop whose data lies in files; paths are relative to `folder`, and tables are made below `scratch`."""

    def __init__(self, source_map: SourceMap, *, folder: Path, scratch: Path) -> None:
        self._map = source_map
        self._folder = folder
        self._refused: dict[str, list[RefusedRow]] = {}
        self._tables = TextTables(scratch, zone=source_map.zone.key)

    def close(self) -> None:
        """Removes the tables."""
        self._tables.close()

    def extract(
        self, dataset: Dataset, *, since: datetime | None, until: datetime, chunk_rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """The rows that the dataset's query selects from the files of [since, until), every column as text.

        Raises:
            SourceError: a file is missing or not what it was taken for, or what is wrong with the query.
        """
        sql = self._map.queries.get(dataset.name)
        if sql is None:
            return
        tables = _named_tables(sql, self._map.files)
        commas = _comma_is_decimal(dataset.name, tables)
        self._fill(dataset.name, tables, since, until)
        for batch in self._asked(dataset.name, sql, since, until, chunk_rows):
            names = batch.schema.names
            if mistake := wrong_columns(dataset.name, names):
                msg = f"{dataset.name}: sources.{dataset.name}.sql {mistake} {mistake.hint or ''}"
                raise SourceError(msg.rstrip())
            if batch.num_rows:
                yield _contracted(dataset, batch, self._map.zone, commas=commas)

    def recent_buyers(self, since: datetime, *, until: datetime | None = None) -> set[str]:
        """Customers with an order in [since, until), as far as the files that are there tell."""
        sql, end = self._map.recent_buyers, until or _END_OF_TIME
        found: set[str] = set()
        tables = _named_tables(sql, self._map.files)
        if not self._fill(RECENT_BUYERS, tables, since, end, whole=False):
            return found
        for batch in self._asked(RECENT_BUYERS, sql, since, end, 50_000):
            ids = arrow_text(batch.column(0), moments=False, zone=self._map.zone)
            found.update(filter(None, ids.to_pylist()))
        return found

    def closed_days(self) -> tuple[str, ...]:
        """Days on which the shop is closed, as its files have them; none without a query for them."""
        sql = self._map.closed_days
        if sql is None:
            return ()
        tables = _named_tables(sql, self._map.files)
        if not self._fill(CLOSED_DAYS, tables, None, _END_OF_TIME, whole=False):
            return ()
        asked = self._asked(CLOSED_DAYS, sql, None, _END_OF_TIME, 50_000)
        return calendar_of(value for batch in asked for value in batch.column(0).to_pylist())

    def refused(self, dataset: Dataset) -> tuple[RefusedRow, ...]:
        """What was no row, among the files that the dataset was last read from."""
        return tuple(self._refused.get(dataset.name, ()))

    def _fill(
        self,
        name: str,
        tables: Mapping[str, FileTable],
        since: datetime | None,
        until: datetime,
        *,
        whole: bool = True,
    ) -> bool:
        """Reads the files of some tables; says whether each of them has any."""
        refused: list[RefusedRow] = []
        self._refused[name] = refused
        days = _days(since, until, self._map.zone)
        for table_name, table in tables.items():
            files = find_files(table_name, table, self._folder, days, whole=whole)
            if not files:
                return False
            batches = table_batches(table_name, table, files, self._map.zone, refused)
            self._tables.fill(table_name, batches)
        return True

    def _asked(
        self, name: str, sql: str, since: datetime | None, until: datetime, rows: int
    ) -> Iterator[pa.RecordBatch]:
        values = {"since": since, "until": until}
        parameters = {key: _written(values[key], self._map.zone) for key in parameters_of(sql)}
        asked = PARAMETER.sub(r"$\1", sql).replace("\\:", ":")
        with _explained(name):
            yield from self._tables.batches(asked, parameters, size=rows)


def _named_tables(sql: str, files: Mapping[str, FileTable]) -> dict[str, FileTable]:
    """The tables of files that a query reads; all of them where it cannot be told."""
    try:
        tree = sqlglot.parse_one(PARAMETER.sub(r"$\1", sql), dialect="duckdb")
    except SqlglotError:
        return dict(files)
    named = {table.name.casefold() for table in tree.find_all(sqlglot.exp.Table)}
    return {name: table for name, table in files.items() if name.casefold() in named}


def _days(since: datetime | None, until: datetime, zone: ZoneInfo) -> Days:
    """The days that an interval touches, on the source's clock."""
    first = since.astimezone(zone).date() if since else None
    return Days(first=first, last=(until - timedelta(microseconds=1)).astimezone(zone).date())


def _written(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """An instant as files write it: on the source's clock."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(sep=" ") if moment else None


def _comma_is_decimal(name: str, tables: dict[str, FileTable]) -> bool:
    stated = {table.decimal for table in tables.values() if table.decimal}
    if len(stated) > 1:
        msg = (
            f"{name}: its query reads files with a decimal comma and files with a decimal point. State `decimal:`"
            " for neither of them, and write comma_number(column) in the query where there is a comma."
        )
        raise SourceError(msg)
    return stated == {","}


def _contracted(
    dataset: Dataset, batch: pa.RecordBatch, zone: ZoneInfo, *, commas: bool
) -> pa.RecordBatch:
    """Rows of a query as the dataset's contract orders them, as text."""
    arrays = []
    for column in dataset.columns:
        if column.name not in batch.schema.names:
            arrays.append(pa.nulls(batch.num_rows, pa.string()))
            continue
        said = batch.column(column.name)
        found = arrow_text(said, moments=column.type == "TIMESTAMPTZ", zone=zone)
        if commas and pa.types.is_string(said.type) and column.type.startswith(_NUMBERS):
            found = _with_point(found)
        arrays.append(found)
    return pa.record_batch(arrays, names=list(dataset.column_names))


def _with_point(column: pa.Array) -> pa.Array:
    """Numbers written with a decimal comma, and points between thousands, as numbers; other text stays."""
    numbers = pc.match_substring_regex(column, _COMMA_NUMBER)
    plain = pc.replace_substring(pc.replace_substring(column, ".", ""), ",", ".")
    return pc.if_else(numbers, pc.utf8_trim_whitespace(plain), column)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except LakeError as error:
        said = str(error).strip().splitlines()[0].rstrip(".")
        msg = (
            f"{name}: its query cannot be run on the files: {said}."
            f" Check sources.{name}.sql in shop.yaml; every column of a file is text."
        )
        raise SourceError(msg) from None
