"""A shop that is read through its API: its lists become tables of text, and queries map those to the contracts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import sqlglot
from sqlglot.errors import SqlglotError

from perennial.errors import LakeError, SourceError
from perennial.lake.text_tables import TextTables
from perennial.model.datasets import Dataset
from perennial.sources.http.api import Api, By, Wanted
from perennial.sources.http.client import Patience
from perennial.sources.http.paging import Item, StandsStill
from perennial.sources.http.tables import Table
from perennial.sources.source_map import (
    PARAMETER,
    RECENT_BUYERS,
    SourceMap,
    parameters_of,
    wrong_columns,
)
from perennial.sources.text_columns import arrow_text

_ROWS = 2_000


@dataclass(kw_only=True)
class _Filled:
    """What a table holds at present, and which datasets were read from it."""

    wanted: Wanted
    read: set[str] = field(default_factory=set)


class ApiSource:
    """A shop behind an API; tables are made below `scratch`."""

    def __init__(
        self,
        source_map: SourceMap,
        api: Api,
        *,
        scratch: Path,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._map = source_map
        self._api = api
        self._limit = (patience or Patience()).table
        self._clock = clock
        self._filled: dict[str, _Filled] = {}
        self._tables = TextTables(scratch, zone=source_map.zone.key)

    def close(self) -> None:
        """Ends every connection and removes the tables."""
        self._api.close()
        self._tables.close()

    def extract(
        self, dataset: Dataset, *, since: datetime | None, until: datetime, chunk_rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """The rows written in [since, until), every column as text, once the whole of their lists has come.

        Raises:
            SourceError: what the API refused, or failed at, or says otherwise than its documentation; or what is wrong
                with a query.
        """
        sql = self._map.queries.get(dataset.name)
        if sql is None:
            return
        self._fill(dataset.name, sql, Wanted(since=since, until=until))
        for batch in self._asked(dataset.name, sql, since, until, chunk_rows):
            names = batch.schema.names
            if mistake := wrong_columns(dataset.name, names):
                msg = f"{dataset.name}: its query {mistake} {mistake.hint or ''}"
                raise SourceError(msg.rstrip())
            if batch.num_rows:
                yield self._contracted(dataset, batch)

    def recent_buyers(self, since: datetime, *, until: datetime | None = None) -> set[str]:
        """Customers with an order placed in [since, until); without an end, up to now."""
        sql = self._map.recent_buyers
        self._fill(RECENT_BUYERS, sql, Wanted(since=since, until=until, by=By.PLACED))
        found: set[str] = set()
        for batch in self._asked(RECENT_BUYERS, sql, since, until, 50_000):
            ids = arrow_text(batch.column(0), moments=False, zone=self._map.zone)
            found.update(filter(None, ids.to_pylist()))
        return found

    def closed_days(self) -> tuple[str, ...]:
        """None: no API of a shop tells them; they are named in shop.yaml."""
        return ()

    def _fill(self, name: str, sql: str, wanted: Wanted) -> None:
        """Brings the lists that a query reads, unless another dataset has just brought the same."""
        for table in _named_tables(sql, self._api):
            held = self._filled.get(table.name)
            fresh = held and held.wanted == wanted and name not in held.read
            if not held or not fresh or wanted.by is By.PLACED:
                self._filled.pop(table.name, None)
                self._tables.fill(table.name, self._batches(table, wanted), columns=table.columns)
                held = self._filled[table.name] = _Filled(wanted=wanted)
            held.read.add(name)

    def _batches(self, table: Table, wanted: Wanted) -> Iterator[pa.RecordBatch]:
        waiting: list[Item] = []
        for items in self._pages(table, wanted):
            mistake = next(table.mistakes(items), None)
            if mistake:
                msg = f"{self._api.name} {table.path}: {mistake}. The API has changed, or a plugin of the shop changes it."
                raise SourceError(msg)
            waiting += wanted.among(table, items)
            if len(waiting) >= _ROWS:
                yield table.rows(waiting)
                waiting = []
        if waiting:
            yield table.rows(waiting)

    def _pages(self, table: Table, wanted: Wanted) -> Iterator[list[Item]]:
        ends = self._clock() + self._limit
        try:
            for items in self._api.pages(table, wanted):
                yield items
                if self._clock() > ends:
                    msg = f"{self._api.name} {table.path}: is not read to its end after {self._limit / 3600:.0f} hours."
                    raise SourceError(msg)
        except StandsStill:
            msg = (
                f"{self._api.name} {table.path}: its pages do not come to an end: the same again and again."
                " Run the night again; if it persists, something between here and the shop keeps old answers."
            )
            raise SourceError(msg) from None

    def _asked(
        self, name: str, sql: str, since: datetime | None, until: datetime | None, rows: int
    ) -> Iterator[pa.RecordBatch]:
        values = {"since": since, "until": until}
        found = {key: values[key] for key in parameters_of(sql)}
        parameters = {key: value.isoformat() if value else None for key, value in found.items()}
        with _explained(self._api.name, name):
            yield from self._tables.batches(PARAMETER.sub(r"$\1", sql), parameters, size=rows)

    def _contracted(self, dataset: Dataset, batch: pa.RecordBatch) -> pa.RecordBatch:
        arrays = [
            arrow_text(batch.column(c.name), moments=c.type == "TIMESTAMPTZ", zone=self._map.zone)
            if c.name in batch.schema.names
            else pa.nulls(batch.num_rows, pa.string())
            for c in dataset.columns
        ]
        return pa.record_batch(arrays, names=list(dataset.column_names))


def _named_tables(sql: str, api: Api) -> list[Table]:
    """The lists that a query reads; all of them where it cannot be told."""
    try:
        tree = sqlglot.parse_one(PARAMETER.sub(r"$\1", sql), dialect="duckdb")
    except SqlglotError:
        return list(api.tables.values())
    named = {table.name.casefold() for table in tree.find_all(sqlglot.exp.Table)}
    return [table for name, table in api.tables.items() if name in named]


@contextmanager
def _explained(api: str, name: str) -> Iterator[None]:
    try:
        yield
    except LakeError as error:
        said = str(error).strip().splitlines()[0]
        msg = (
            f"{name}: its query cannot be run on the lists of {api}: {said}"
            f" Check sources.{name}.sql in shop.yaml; every column of a list is text."
        )
        raise SourceError(msg) from None
