"""The shop's own database, read night by night through the queries of shop.yaml.

Any database that SQLAlchemy speaks will do. Rows come piece by piece on a cursor that streams, so that a night
costs the same memory whatever its size; the connection reads only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import SecretStr
from sqlalchemy import (
    BindParameter,
    Connection,
    CursorResult,
    DateTime,
    Engine,
    String,
    TextClause,
    bindparam,
    create_engine,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator, TypeEngine

from perennial.errors import SourceError
from perennial.model.datasets import Dataset
from perennial.sources.source_map import RECENT_BUYERS, SourceMap, parameters_of, wrong_columns
from perennial.sources.text_columns import text_column

_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)


class DatabaseSource:
    """A shop whose data lies in a database."""

    def __init__(self, url: SecretStr, source_map: SourceMap) -> None:
        self._map = source_map
        try:
            self._engine = create_engine(url.get_secret_value())
        except (SQLAlchemyError, ImportError, ValueError) as error:
            msg = f"The address of the shop's database cannot be used: {type(error).__name__}. {_ADDRESS_HINT}"
            raise SourceError(msg) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every connection."""
        self._engine.dispose()

    def extract(
        self, dataset: Dataset, *, since: datetime | None, until: datetime, chunk_rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """The rows written in [since, until), every column of the contract as text, in no stated order.

        A column that the query does not select is empty; a dataset without a query has no rows.

        Raises:
            SourceError: says which dataset, what the database said, and what to do.
        """
        sql = self._map.queries.get(dataset.name)
        if sql is None:
            return
        with self._results(dataset.name, sql, since, until, chunk_rows) as result:
            columns = list(result.keys())
            if mistake := wrong_columns(dataset.name, columns):
                msg = f"{dataset.name}: sources.{dataset.name}.sql {mistake} {mistake.hint or ''}"
                raise SourceError(msg.rstrip())
            for rows in result.partitions(chunk_rows):
                yield _batch(dataset, columns, rows, self._map.zone)

    def recent_buyers(self, since: datetime, *, until: datetime | None = None) -> set[str]:
        """Customers with an order in [since, until); without an end, up to now."""
        sql, end = self._map.recent_buyers, until or _END_OF_TIME
        with self._results(RECENT_BUYERS, sql, since, end, 50_000) as result:
            return {str(row[0]) for row in result if row[0] is not None}

    @contextmanager
    def _results(
        self, name: str, sql: str, since: datetime | None, until: datetime, chunk_rows: int
    ) -> Iterator[CursorResult[Any]]:
        statement = _bound(sql, since, until, self._map.zone)
        with self._explained(name), self._reading(name) as connection:
            yield connection.execution_options(yield_per=chunk_rows).execute(statement)

    @contextmanager
    def _reading(self, name: str) -> Iterator[Connection]:
        _refuse_missing_file(self._engine, name)
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(postgresql_readonly=True)
                # For this transaction only, so that a connection pooler never hands it on.
                connection.execute(
                    text("select set_config('TimeZone', :zone, true)"), {"zone": self._map.zone.key}
                )
            elif connection.dialect.name == "sqlite":
                connection.exec_driver_sql("pragma query_only = on")
            yield connection

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            said = _said(error, self._engine)
            msg = f"{name}: the shop's database said: {said} {_advice(name, said)}"
            raise SourceError(msg) from None


class _Moment(TypeDecorator[datetime]):
    """An instant as the database compares it: with its offset where the database has offsets, else on the source's clock."""

    impl = DateTime
    cache_ok = True

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        super().__init__()

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as the dialect wants it
        if value is None or dialect.name == "postgresql":
            return value
        local = value.astimezone(self.zone).replace(tzinfo=None)
        return local.isoformat(sep=" ") if dialect.name == "sqlite" else local


def _bound(sql: str, since: datetime | None, until: datetime, zone: ZoneInfo) -> TextClause:
    values = {"since": since, "until": until}
    parameters: list[BindParameter[datetime]] = [
        bindparam(name, values[name], _Moment(zone)) for name in parameters_of(sql)
    ]
    return text(sql).bindparams(*parameters)


def _batch(
    dataset: Dataset, columns: list[str], rows: Sequence[Sequence[Any]], zone: ZoneInfo
) -> pa.RecordBatch:
    delivered = dict(zip(columns, zip(*rows, strict=True), strict=True))
    arrays = [
        text_column(delivered[c.name], moments=c.type == "TIMESTAMPTZ", zone=zone)
        if c.name in delivered
        else pa.nulls(len(rows), pa.string())
        for c in dataset.columns
    ]
    return pa.record_batch(arrays, names=list(dataset.column_names))


def _refuse_missing_file(engine: Engine, name: str) -> None:
    """SQLite would make an empty database where there is none, and then miss its tables."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database.startswith((":", "file:")):
        return
    if not Path(database).exists():
        msg = f"{name}: the shop's database is not there: no file {Path(database).name}. {_ADDRESS_HINT}"
        raise SourceError(msg)


def _said(error: SQLAlchemyError, engine: Engine) -> str:
    """The database's own first line, without the password and without values of rows."""
    said = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()[0]
    if engine.url.password:
        said = said.replace(str(engine.url.password), "***")
    said = re.sub(r': ".*"', ": (value withheld)", said)
    return said if said.endswith((".", "!", "?")) else f"{said}."


_ADDRESS_HINT = (
    "Check PERENNIAL_SOURCE_URL (or the Airflow connection): it is an SQLAlchemy address."
)


def _advice(name: str, said: str) -> str:
    query = f"sources.{name}.sql in shop.yaml"
    lowered = said.casefold()
    if "permission denied" in lowered or "readonly" in lowered or "denied" in lowered:
        return f"Grant select on the tables of {query} to the user of PERENNIAL_SOURCE_URL."
    if any(sign in lowered for sign in ("connect", "password", "resolve", "unable to open")):
        return f"See that the server runs. {_ADDRESS_HINT}"
    return f"Check {query} against the shop's tables."
