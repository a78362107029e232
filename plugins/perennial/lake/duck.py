"""DuckDB over the lake: the one place that runs SQL over sets."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from perennial.errors import LakeError
from perennial.lake.explaining import explained
from perennial.lake.kept_truth import KeptTruth, grown
from perennial.lake.partitions import Lake, Partition
from perennial.lake.snapshots import known_partitions
from perennial.lake.spilling import own_folder
from perennial.lake.spreading import Spread
from perennial.lake.versions import latest_versions
from perennial.model.datasets import (
    CONTACTS,
    CUSTOMER_FEATURES,
    DECISIONS,
    PREFERENCES,
    SHOP_DATASETS,
    Dataset,
)

if TYPE_CHECKING:
    import pandas as pd


_LOOKED_UP = frozenset((CONTACTS.name, CUSTOMER_FEATURES.name, DECISIONS.name, "customers"))
_FEW_ROWS, _MANY_ROWS = 40_960, 122_880


@dataclass(frozen=True, kw_only=True)
class Published:
    """A partition that has just been written."""

    partition: Partition
    rows: int
    location: str


class Engine:
    """One DuckDB session. Its clock is UTC; it spills beside the lake.

    With `keeps_truth`, it remembers the day that was opened last, so that the days after it open at the cost of what
    is new: for many days in a row, of which nobody changes one that was opened before.
    """

    def __init__(
        self,
        lake: Lake,
        *,
        memory_limit: str = "1500MB",
        threads: int = 2,
        keeps_truth: bool = False,
    ) -> None:
        self.lake = lake
        self._kept = (
            KeptTruth(lake=lake, execute=self.execute, source=lambda p: self.files([p]))
            if keeps_truth
            else None
        )
        self._registered: dict[str, pa.Table] = {}
        self._learned: dict[str, dict[Any, Any]] = {}
        self._spill = own_folder(lake.root / ".spill")
        with explained():
            self._connection = duckdb.connect()
            for statement in (
                "set global TimeZone = 'UTC'",
                f"set memory_limit = {_text(memory_limit)}",
                f"set threads = {threads}",
                f"set temp_directory = {_text(self._spill)}",
                "set preserve_insertion_order = true",
            ):
                self._connection.execute(statement)
            if (filesystem := lake.store.filesystem) is not None:
                self._connection.register_filesystem(filesystem)
        self._spread = Spread(folder=self._spill, connection=self._connection, nothing=_nothing)

    @property
    def keeps_truth(self) -> bool:
        """Whether days that follow the last one open at the cost of what is new."""
        return self._kept is not None

    def learned(self, about: str) -> dict[Any, Any]:
        """What nights before this one have told about something, for an engine that keeps the truth; else nothing, anew."""
        return self._learned.setdefault(about, {}) if self.keeps_truth else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        with explained():
            self._connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """A small result as dictionaries; instants know their zone."""
        rows: list[dict[str, Any]] = self.table(sql, parameters).to_pylist()
        return rows

    def values(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """A few numbers and texts, row by row; the way to them is half as long as that of `rows`."""
        with explained():
            found: list[tuple[Any, ...]] = self._connection.execute(sql, parameters).fetchall()
        return found

    def scalar(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - as typed by the query
        for row in self.rows(sql, parameters):
            return next(iter(row.values()))
        return None

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        with explained():
            return self._connection.sql(sql, params=parameters).to_arrow_table()

    def frame(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        with explained():
            frame: pd.DataFrame = self._connection.sql(sql, params=parameters).df()
        return frame

    def batches(self, sql: str, *, size: int = 50_000) -> Iterator[pa.RecordBatch]:
        """A large result, piece by piece, on a cursor of its own; other queries may run in between.

        The cursor sees tables, views and registered Arrow tables, but no temporary ones: those belong to one cursor.
        """
        cursor = self._connection.cursor()
        try:
            with explained():
                for name, table in self._registered.items():
                    cursor.register(name, table)
                reader = cursor.sql(sql).to_arrow_reader(size)
            while (batch := _next(reader)) is not None:
                yield batch
        finally:
            cursor.close()

    def spread(self, name: str, query: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Adds a query's rows to what is readable under a name, those of each `slice` in files of their own."""
        with explained():
            self._spread.add(name, query, parameters)

    def show_slice(self, name: str, number: int) -> None:
        """Leaves the rows of one slice, out of all that were spread, readable under the name."""
        with explained():
            self._spread.show(name, f"slice={number}")

    def remove(self, name: str) -> None:
        """Removes a temporary table or what was spread, if there is one of that name."""
        with explained():
            if not self._spread.remove(name):
                self._connection.execute(f"drop table if exists temp.{name}")

    def register(self, name: str, table: pa.Table) -> None:
        """Makes an Arrow table readable under a name."""
        with explained():
            self._connection.register(name, table)
        self._registered[name] = table

    def unregister(self, name: str) -> None:
        """Lets go of an Arrow table."""
        self._connection.unregister(name)
        self._registered.pop(name, None)

    def view(self, name: str, partition: Partition) -> None:
        """Makes one partition readable under a name.

        Raises:
            MissingPartition: the night has not written it.
        """
        place = self.lake.existing(partition)
        source = f"read_parquet({_text(place)}, hive_partitioning = false)"
        self._define(name, f"select * from {source}")

    def stack(
        self,
        name: str,
        columns: Mapping[str, str],
        partitions: Sequence[Partition],
        *,
        alike: bool = False,
        grows: bool = False,
    ) -> None:
        """Makes partitions readable as one, row under row, each row with its `day`, `extract` and `position`.

        Columns are given with their types. One that no file has is empty; without partitions there are no rows.
        Partitions that are all `alike`, because we wrote them, are not looked into before. What `grows` from night to
        night is read once by an engine that keeps the truth.
        """
        if not partitions:
            wanted = {**columns, "day": "date", "extract": "varchar", "position": "bigint"}
            self._define(name, _nothing(wanted))
        elif grows and self._kept:
            self._kept.grow(name, partitions, lambda more: self._stacked(columns, more, alike))
            self._define(name, f"select * from {grown(name)}")
        else:
            self._define(name, self._stacked(columns, partitions, alike))

    def _stacked(
        self,
        columns: Mapping[str, str],
        partitions: Sequence[Partition],
        alike: bool,  # noqa: FBT001 - as `stack` was told
    ) -> str:
        files = self.files(partitions, f"file_row_number = true, union_by_name = {not alike}")
        found = set(columns)
        if not alike:
            found = {name for p in partitions for name in _columns_in(self.lake, p)}
        selected = ", ".join(
            f"{_name(c) if c in found else 'null'}::{t} as {_name(c)}" for c, t in columns.items()
        )
        return (
            f"select {selected}, day,"
            f" parse_filename(filename, true) as extract, file_row_number as position from {files}"
        )

    def _define(self, view: str, sql: str) -> None:
        """What was last said of a name stands; an Arrow table of that name would hide the view."""
        if view in self._registered:
            self.unregister(view)
        self.execute(f"create or replace view {view} as {sql}")

    def open_day(self, day: date) -> None:
        """Makes `orders`, `customers`, …, `contacts` and `preferences` readable, each as it was known on a day.

        A row is its latest verified version among the partitions up to that day. A dataset that no night has
        delivered yet is empty, not missing.
        """
        for dataset in SHOP_DATASETS.values():
            self._open(dataset, f"verified/{dataset.name}", day)
        self._open(CONTACTS, CONTACTS.name, day)
        # Each of them says all that stood on its day.
        self._as_known(PREFERENCES, self.lake.partitions(PREFERENCES.name, until=day)[-1:])

    def _open(self, dataset: Dataset, folder: str, day: date) -> None:
        if self._kept and self._kept.bring_forward(dataset, folder, day):
            return
        self._as_known(dataset, known_partitions(self.lake, folder, day))
        if self._kept:
            self._kept.keep(dataset, day)

    def _as_known(self, dataset: Dataset, partitions: list[Partition]) -> None:
        if partitions:
            sql = latest_versions(dataset, partitions, self.files)
        else:
            sql = _nothing({c.name: c.type for c in dataset.columns})
        self._define(dataset.name, sql)

    def files(self, partitions: Sequence[Partition], options: str = "") -> str:
        paths = ", ".join(_text(self.lake.location(p)) for p in partitions)
        more = f", filename = true, {options}" if options else ""
        return (
            f"read_parquet([{paths}], hive_partitioning = true, hive_types = {{'day': date}}{more})"
        )

    def publish(
        self,
        partition: Partition,
        query: str,
        *,
        order_by: str,
        in_order: bool = False,
        parameters: Mapping[str, Any] | None = None,
    ) -> Published:
        """Writes a query's rows as a partition, in a stated order, whole or not at all.

        The order must be total (end it with the key), or two runs may differ. A query that looks at one row at a time
        of a table that is `in_order` needs no sort.
        """
        rows_in_order = query if in_order else f"select * from (\n{query}\n) order by {order_by}"
        with (
            self.lake.publishing(partition) as draft,
            explained(f"{partition} is not published: "),
        ):
            written = self._connection.execute(
                # The line breaks keep a comment at the end of the query from swallowing the bracket.
                f"copy (\n{rows_in_order}\n) to {_text(draft)}"
                " (format parquet, compression zstd, use_tmp_file false,"
                f" row_group_size {_rows_in_a_group(partition)})",
                parameters,
            ).fetchone()
        rows = int(written[0]) if written else 0
        return Published(partition=partition, rows=rows, location=self.lake.location(partition))

    def content_hash(self, partition: Partition) -> str:
        """Hash of a partition's columns, rows and their order; the same for any way of writing the same rows."""
        return self.file_hash(self.lake.existing(partition))

    def file_hash(self, path: Path | str) -> str:
        """The same of a file that is no partition yet."""
        rows = f"read_parquet({_text(path)}, file_row_number = true, hive_partitioning = false)"
        described = self.rows(f"describe select * exclude (file_row_number) from {rows}")
        columns = [(row["column_name"], row["column_type"]) for row in described]
        # Each value goes in with its length and an empty one as a dash, so that no two rows read alike.
        values = " || ".join(
            f"coalesce(length({_name(n)}::varchar) || ':' || {_name(n)}::varchar, '-')"
            for n, _ in columns
        )
        return str(
            self.scalar(
                f"""
                with hashed as (
                    select file_row_number as n, md5({values}) as h from {rows}
                ), blocks as (
                    select n // 65536 as block, md5(string_agg(h, '' order by n)) as h from hashed group by block
                )
                select sha256($header || coalesce(string_agg(h, '' order by block), '')) from blocks
                """,
                {"header": json.dumps(columns, ensure_ascii=False)},
            )
        )


def _rows_in_a_group(partition: Partition) -> int:
    """A row group is read as a whole: of what one person is looked up in, more and smaller ones cost half as much."""
    name = partition.dataset.rpartition("/")[2]
    return _FEW_ROWS if name in _LOOKED_UP else _MANY_ROWS


def _columns_in(lake: Lake, partition: Partition) -> list[str]:
    """From the file's foot, which takes a hundredth of the time that DuckDB needs to describe it."""
    try:
        with lake.opened(partition) as file:
            return list(pq.read_schema(file).names)
    except (OSError, pa.ArrowInvalid) as error:
        msg = f"{partition} cannot be read: it is damaged. Restore it, or remove it and run its night again."
        raise LakeError(msg) from error


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    with explained():
        return next(reader, None)


def _nothing(columns: Mapping[str, str]) -> str:
    return f"select {', '.join(f'null::{t} as {_name(c)}' for c, t in columns.items())} where false"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: Path | str) -> str:
    text = value.as_posix() if isinstance(value, Path) else value
    return "'" + text.replace("'", "''") + "'"
