"""Tables of text that last one session, and SQL over them: what a shop delivers in files or pages, before the lake.

A table is filled batch by batch and lies on disk, so that it may be larger than memory and be read as often as a
query likes. Queries see these tables and nothing else: no files, no network.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from perennial.lake.explaining import explained
from perennial.lake.spilling import own_folder

_ROWS_IN_A_GROUP = 122_880
# Amounts as people write them where the comma is the decimal point.
_COMMA_NUMBER = r"""
    create macro comma_number(written) as try_cast(
        case when regexp_full_match(trim(written), '[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?')
             then replace(replace(trim(written), '.', ''), ',', '.')
             else written end as decimal(24, 6))
"""
# Days and moments as the shop writes them, as everybody reads them; what does not fit stays, for the checks to name it.
_DAY_OF = """
    create macro day_of(written, form) as
        coalesce(strftime(try_strptime(trim(written), form), '%Y-%m-%d'), written)
"""
_MOMENT_OF = """
    create macro moment_of(written, form) as
        coalesce(strftime(try_strptime(trim(written), form), '%Y-%m-%d %H:%M:%S'), written)
"""


class TextTables:
    """A DuckDB session over tables of text. Its clock is `zone`; it writes below `scratch` and removes that again."""

    def __init__(
        self, scratch: Path, *, zone: str = "UTC", memory_limit: str = "1GB", threads: int = 2
    ) -> None:
        self._folder = own_folder(scratch)
        self._folder.mkdir(parents=True, mode=0o700)
        self._filled: dict[str, Path] = {}
        self._numbers = count(1)
        with explained():
            self._connection = duckdb.connect()
            for statement in (
                f"set global TimeZone = '{zone}'",
                f"set memory_limit = '{memory_limit}'",
                f"set threads = {threads}",
                f"set temp_directory = '{_quoted(self._folder / 'spill')}'",
                f"set allowed_directories = ['{_quoted(self._folder)}/']",
                "set enable_external_access = false",
                "set lock_configuration = true",
                _COMMA_NUMBER,
                _DAY_OF,
                _MOMENT_OF,
            ):
                self._connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def fill(
        self, name: str, batches: Iterable[pa.RecordBatch], *, columns: Sequence[str] = ()
    ) -> int:
        """Makes batches of text the rows of a table, in their order, and returns how many there are.

        Batches may differ in their columns: one that a row does not have is empty. `columns` are there in any case.
        A table of that name is replaced once everything has come.
        """
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        rows = _write(folder, batches, columns)
        with explained():
            self._connection.execute(
                f"create or replace view {_name(name)} as select * from"
                f" read_parquet('{_quoted(folder)}/*.parquet', union_by_name = true)"
            )
        if replaced := self._filled.get(name):
            shutil.rmtree(replaced)
        self._filled[name] = folder
        return rows

    def batches(
        self, sql: str, parameters: Mapping[str, str | None] | None = None, *, size: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a query, piece by piece. An empty result is one batch without rows, for its columns.

        Raises:
            LakeError: what DuckDB says about the query.
        """
        cursor = self._connection.cursor()
        try:
            with explained():
                reader = cursor.sql(sql, params=parameters or None).to_arrow_reader(size)
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            while (batch := _next(reader)) is not None:
                yield batch
        finally:
            cursor.close()


def _write(folder: Path, batches: Iterable[pa.RecordBatch], columns: Sequence[str]) -> int:
    rows = 0
    # The first part has every column that must be there, so that a table without rows can be asked as well.
    least = pa.schema([pa.field(name, pa.string()) for name in columns])
    part, written = 0, least
    with ExitStack() as open_part:
        writer = open_part.enter_context(_part(folder, part, least)) if columns else None
        for batch in batches:
            if writer is None or batch.schema != written:
                open_part.close()
                part, written = part + 1, batch.schema
                writer = open_part.enter_context(_part(folder, part, written))
            writer.write_batch(batch, row_group_size=_ROWS_IN_A_GROUP)
            rows += batch.num_rows
    return rows


def _part(folder: Path, number: int, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        folder / f"{number:06}.parquet", schema, compression="snappy", use_dictionary=True
    )


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    with explained():
        return next(reader, None)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(path: Path) -> str:
    return path.as_posix().replace("'", "''")
