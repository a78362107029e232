"""Rows that lie apart by their slice, in files of their own, so that one slice is read without the others.

<folder>/<name>/<number of the part>/slice=3/data_0.parquet
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

# Read a few times and then removed: to compress them, or to look for words that repeat, would cost more than it spares.
_FORMAT = "format parquet, compression uncompressed, dictionary_size_limit 1, partition_by (slice)"


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What one session has spread; a view of each name reads its files."""

    folder: Path
    connection: duckdb.DuckDBPyConnection
    nothing: Callable[[Mapping[str, str]], str]
    _columns: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, name: str, query: str, parameters: Mapping[str, Any] | None) -> None:
        """Adds a query's rows to what is readable under a name."""
        if name not in self._columns:
            described = self.connection.sql(query, params=parameters)
            self._columns[name] = dict(
                zip(described.columns, map(str, described.types), strict=True)
            )
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / str(len(list(folder.iterdir())))
        part.mkdir()
        # Rows need no order in their slice, and both processors may write.
        self.connection.execute("set preserve_insertion_order = false")
        try:
            self.connection.execute(f"copy ({query}\n) to {_spelt(part)} ({_FORMAT})", parameters)
        finally:
            self.connection.execute("set preserve_insertion_order = true")
        self.show(name, "*")

    def show(self, name: str, which: str) -> None:
        """Makes the folders of a pattern readable under the name."""
        files = f"*/{which}/*.parquet"
        found = any((self.folder / name).glob(files))
        place = _spelt(self.folder / name / files)
        options = "hive_partitioning = true, hive_types = {'slice': integer}"
        rows = (
            f"select * from read_parquet({place}, {options})"
            if found
            else self.nothing(self._columns[name])
        )
        self.connection.execute(f"create or replace temp view {name} as {rows}")

    def remove(self, name: str) -> bool:
        """Removes files and view of a name; says whether there were any."""
        if self._columns.pop(name, None) is None:
            return False
        self.connection.execute(f"drop view if exists temp.{name}")
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return True


def _spelt(path: Path) -> str:
    return "'" + path.as_posix().replace("'", "''") + "'"
