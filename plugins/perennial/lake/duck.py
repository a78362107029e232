"""DuckDB over the lake: the one place that runs SQL over sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb

from perennial.errors import LakeError
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import CONTACTS, SHOP_DATASETS, Dataset

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Published:
    """A partition that has just been written."""

    partition: Partition
    rows: int
    path: Path


class Engine:
    """One DuckDB session. Its clock is UTC; it spills beside the lake."""

    def __init__(self, lake: Lake, *, memory_limit: str = "2GB", threads: int = 2) -> None:
        self.lake = lake
        self._connection = duckdb.connect()
        spill = lake.root / ".spill"
        for statement in (
            "set TimeZone = 'UTC'",
            f"set memory_limit = '{memory_limit}'",
            f"set threads = {threads}",
            f"set temp_directory = '{spill.as_posix()}'",
            "set preserve_insertion_order = true",
        ):
            self._connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        with _explained():
            self._connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """A small result as dictionaries."""
        with _explained():
            result = self._connection.execute(sql, parameters)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def scalar(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - as typed by the query
        with _explained():
            row = self._connection.execute(sql, parameters).fetchone()
        return row[0] if row else None

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        with _explained():
            return self._connection.sql(sql, params=parameters).to_arrow_table()

    def frame(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        with _explained():
            return self._connection.sql(sql, params=parameters).df()

    def batches(self, sql: str, *, size: int = 50_000) -> Iterator[pa.RecordBatch]:
        """A large result, piece by piece, on a cursor of its own."""
        with _explained():
            reader = self._connection.cursor().sql(sql).to_arrow_reader(size)
        yield from reader

    def register(self, name: str, table: pa.Table) -> None:
        """Makes an Arrow table readable under a name."""
        self._connection.register(name, table)

    def view(self, name: str, partition: Partition) -> None:
        """Makes one partition readable under a name.

        Raises:
            MissingPartition: the night has not written it.
        """
        path = self.lake.existing(partition)
        self.execute(
            f"create or replace view {name} as select * from read_parquet({_text(path)})"
        )

    def open_day(self, day: date) -> None:
        """Makes `orders`, `customers`, … and `contacts` readable, each as it was known on a day.

        A row is its latest verified version among the partitions up to that day. A dataset that no night has
        delivered yet is empty, not missing.
        """
        for dataset in SHOP_DATASETS.values():
            self._as_known(dataset, self.lake.partitions(f"verified/{dataset.name}", until=day))
        self._as_known(CONTACTS, self.lake.partitions(CONTACTS.name, until=day))

    def _as_known(self, dataset: Dataset, partitions: list[Partition]) -> None:
        columns = ", ".join(f'"{name}"' for name in dataset.column_names)
        if not partitions:
            empty = ", ".join(f'null::{c.type} as "{c.name}"' for c in dataset.columns)
            self.execute(
                f"create or replace view {dataset.name} as select {empty} where false"
            )
            return
        source = self._files(partitions)
        sql = f"create or replace view {dataset.name} as select {columns} from {source} as version"
        if len(partitions) > 1:
            same = " and ".join(f'later."{name}" = version."{name}"' for name in dataset.key)
            sql += f"""
                where not exists (
                    select 1 from {self._files(partitions[1:])} as later
                    where {same} and later.day > version.day)"""
        self.execute(sql)

    def _files(self, partitions: list[Partition]) -> str:
        paths = ", ".join(_text(self.lake.path(p)) for p in partitions)
        return f"read_parquet([{paths}], hive_partitioning = true, hive_types = {{'day': date}})"

    def publish(self, partition: Partition, query: str, *, order_by: str) -> Published:
        """Writes a query's rows as a partition, in a stated order, whole or not at all."""
        with self.lake.publishing(partition) as draft, _explained():
            self._connection.execute(
                f"copy (select * from ({query}) order by {order_by}) to {_text(draft)}"
                " (format parquet, compression zstd, row_group_size 122880)"
            )
        path = self.lake.path(partition)
        rows = self.scalar(
            f"select sum(num_rows)::bigint from parquet_file_metadata({_text(path)})"
        )
        return Published(partition=partition, rows=rows or 0, path=path)

    def content_hash(self, partition: Partition) -> str:
        """Hash of a partition's columns, rows and their order; the same for any way of writing the same rows."""
        path = self.lake.existing(partition)
        rows = f"read_parquet({_text(path)}, file_row_number = true)"
        names = self.rows(f"describe select * exclude (file_row_number) from {rows}")
        header = ",".join(f"{n['column_name']} {n['column_type']}" for n in names)
        return str(
            self.scalar(
                f"""
                with hashed as (
                    select file_row_number as n, md5((row(columns(* exclude (file_row_number))))::varchar) as h
                    from {rows}
                ), blocks as (
                    select n // 65536 as block, md5(string_agg(h, '' order by n)) as h from hashed group by all
                )
                select sha256($header || coalesce(string_agg(h, '' order by block), '')) from blocks
                """,
                {"header": header},
            )
        )


def _text(path: Path) -> str:
    return "'" + path.as_posix().replace("'", "''") + "'"


@contextmanager
def _explained() -> Iterator[None]:
    """Turns DuckDB's errors into ours."""
    try:
        yield
    except duckdb.Error as error:
        raise LakeError(str(error)) from error
