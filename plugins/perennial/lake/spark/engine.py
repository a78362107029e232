"""Spark over the lake: the same SQL, the same rows, on as many machines as a cluster has.

Spark works out the rows. DuckDB puts them into their order and publishes them, since a partition of the lake is one
file, whole or not at all.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow.parquet as pq
from sqlglot import exp

from perennial.errors import LakeError
from perennial.lake.duck import Engine, Published
from perennial.lake.partitions import Lake, Partition
from perennial.lake.snapshots import known_partitions
from perennial.lake.spark.session import Cluster, explained_by_spark, start
from perennial.lake.spark.translating import parsed, spark_sql
from perennial.lake.spilling import own_folder
from perennial.model.datasets import CONTACTS, PREFERENCES, SHOP_DATASETS, Dataset

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType


class SparkEngine:
    """One session of Spark beside an engine of DuckDB's, over that engine's lake. Its clock is UTC.

    The lake must have the same path on every machine of the cluster.
    """

    def __init__(self, duck: Engine, cluster: Cluster) -> None:
        self.lake: Lake = duck.lake
        self._duck = duck
        self._scratch = own_folder(self.lake.root.resolve() / ".spill")
        self._kept: dict[str, Path] = {}
        self._written = 0
        self._session, self._started = start(cluster, self._scratch)
        self._scratch.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of what is kept; stops Spark if this engine has started it."""
        for name in list(self._kept):
            self._drop(name)
        if self._started:
            self._session.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Makes a temporary table of a query, adds a query's rows to one, or drops one.

        Raises:
            LakeError: it is another statement, or Spark cannot run it.
        """
        statement = parsed(sql)
        table = statement.find(exp.Table)
        match statement:
            case exp.Create() if table and statement.expression:
                self._keep(table.name, self._query(statement.expression, parameters))
            case exp.Insert() if table and statement.expression:
                self._add(table.name, self._query(statement.expression, parameters))
            case exp.Drop() if table:
                self._drop(table.name)
            case _:
                msg = "On Spark, only temporary tables are made, filled and dropped."
                raise LakeError(msg)

    def spread(self, name: str, query: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Adds a query's rows to what is readable under a name, those of each `slice` in files of their own."""
        frame = self._query(parsed(query), parameters)
        folder = self._kept.setdefault(name, self._new_path(name))
        self._write(name, frame, folder, apart_by=("slice",))
        self._show(name, self._read([folder], frame.schema))

    def show_slice(self, name: str, number: int) -> None:
        """Leaves the rows of one slice, out of all that were spread, readable under the name."""
        schema = self._session.table(name).schema
        self._show(name, self._read([self._kept[name]], schema).where(f"slice = {number}"))

    def remove(self, name: str) -> None:
        """Removes a temporary table or what was spread, if there is one of that name."""
        self._drop(name)

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """A small result as dictionaries; instants know their zone."""
        frame = self._query(parsed(sql), parameters)
        with explained_by_spark():
            rows: list[dict[str, Any]] = frame.toArrow().to_pylist()
        return rows

    def scalar(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - as typed by the query
        for row in self.rows(sql, parameters):
            return next(iter(row.values()))
        return None

    def register(self, name: str, table: pa.Table) -> None:
        """Makes an Arrow table readable under a name."""
        path = self._new_path(name)
        pq.write_table(table, path)
        self._show(name, self._read([path]))

    def unregister(self, name: str) -> None:
        """Lets go of an Arrow table, if there is one of that name."""
        self._session.catalog.dropTempView(name)

    def view(self, name: str, partition: Partition) -> None:
        """Makes one partition readable under a name.

        Raises:
            MissingPartition: the night has not written it.
        """
        self.lake.existing(partition)
        self._show(name, self._read([self.lake.path(partition)]))

    def open_day(self, day: date) -> None:
        """Makes `orders`, `customers`, …, `contacts` and `preferences` readable, each as it was known on a day.

        As the engine of DuckDB's does: a row is its latest verified version, and what was never delivered is empty.
        """
        for dataset in SHOP_DATASETS.values():
            self._open(dataset, known_partitions(self.lake, f"verified/{dataset.name}", day))
        self._open(CONTACTS, known_partitions(self.lake, CONTACTS.name, day))
        # Each of them says all that stood on its day.
        self._open(PREFERENCES, self.lake.partitions(PREFERENCES.name, until=day)[-1:])

    def publish(
        self,
        partition: Partition,
        query: str,
        *,
        order_by: str,
        in_order: bool = False,  # noqa: ARG002 - Spark keeps no order
        parameters: Mapping[str, Any] | None = None,
    ) -> Published:
        """Writes a query's rows as a partition, in a stated order, whole or not at all."""
        frame = self._query(parsed(query), parameters)
        folder = self._new_path(partition.dataset)
        try:
            self._write(f"{partition} is not published", frame, folder)
            written = f"read_parquet('{folder.as_posix()}/*.parquet', hive_partitioning = false)"
            return self._duck.publish(partition, f"select * from {written}", order_by=order_by)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _query(self, query: exp.Expr, parameters: Mapping[str, Any] | None) -> DataFrame:
        with explained_by_spark():
            return self._session.sql(spark_sql(query, parameters))

    def _keep(self, name: str, frame: DataFrame) -> None:
        """Works out a table at once and keeps it as files: tables over tables over tables would be planned as one query."""
        folder = self._new_path(name)
        self._write(name, frame, folder)
        before = self._kept.get(name)
        self._kept[name] = folder
        self._show(name, self._read([folder], frame.schema))
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)

    def _add(self, name: str, frame: DataFrame) -> None:
        """Rows go by their places, and take the types of the table."""
        with explained_by_spark(f"{name}: "):
            schema = self._session.table(name).schema
            named = frame.toDF(*schema.names)
            typed = named.select(*(named[f.name].cast(f.dataType) for f in schema.fields))
        self._write(name, typed, self._kept[name])
        self._show(name, self._read([self._kept[name]], schema))

    def _drop(self, name: str) -> None:
        self._session.catalog.dropTempView(name)
        if (kept := self._kept.pop(name, None)) is not None:
            shutil.rmtree(kept, ignore_errors=True)

    def _write(
        self, name: str, frame: DataFrame, folder: Path, *, apart_by: Sequence[str] = ()
    ) -> None:
        with explained_by_spark(f"{name}: "):
            frame.write.parquet(
                _spelt(folder),
                mode="append",
                compression="snappy",
                partitionBy=list(apart_by) or None,
            )

    def _open(self, dataset: Dataset, partitions: Sequence[Partition]) -> None:
        columns = ", ".join(f'null::{c.type} as "{c.name}"' for c in dataset.columns)
        nothing = self._query(parsed(f"select {columns}, null::date as day where false"), None)
        if not partitions:
            self._show(dataset.name, nothing.select(*dataset.column_names))
            return
        folder = self.lake.path(partitions[0]).parent.parent
        versions = self._read([self.lake.path(p) for p in partitions], nothing.schema, folder)
        if len(partitions) > 1:
            self._show("versions", versions)
            key = ", ".join(f'"{name}"' for name in dataset.key)
            latest = f"select *, max(day) over (partition by {key}) as latest from versions"
            versions = self._query(parsed(f"select * from ({latest}) where day = latest"), None)
        self._show(dataset.name, versions.select(*dataset.column_names))

    def _read(
        self, paths: Sequence[Path], schema: StructType | None = None, folder: Path | None = None
    ) -> DataFrame:
        """Parquet files; with the folder of their dataset, each row knows its `day`. A schema spares a look into them."""
        with explained_by_spark():
            reader = self._session.read
            if folder is not None:
                reader = reader.option("basePath", _spelt(folder))
            if schema is not None:
                reader = reader.schema(schema)
            return reader.parquet(*(_spelt(path) for path in paths))

    def _show(self, name: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(name)

    def _new_path(self, name: str) -> Path:
        self._written += 1
        return self._scratch / f"{name.replace('/', '-')}-{self._written}.parquet"


def _spelt(path: Path) -> str:
    """A path as Spark wants it: with a scheme, and nothing in it percent-encoded."""
    return f"file:{path.resolve().as_posix()}"
