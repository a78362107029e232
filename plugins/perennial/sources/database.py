"""The shop's own database, read night by night through the queries of shop.yaml.

Any database that SQLAlchemy speaks will do. Rows come piece by piece on a cursor that streams, from PostgreSQL by
COPY, so that a night costs the same memory whatever its size; the connection reads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import SecretStr
from sqlalchemy import (
    BindParameter,
    Connection,
    DateTime,
    String,
    TextClause,
    bindparam,
    create_engine,
    make_url,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator, TypeEngine

from perennial.errors import SourceError
from perennial.model.datasets import Dataset
from perennial.sources.closed_days import calendar_of
from perennial.sources.database_errors import ADDRESS_HINT, explained, refuse_missing_file
from perennial.sources.database_sessions import patience, prepare
from perennial.sources.postgres_copy import copied_batches, copying
from perennial.sources.source_map import (
    CLOSED_DAYS,
    RECENT_BUYERS,
    SourceMap,
    parameters_of,
    wrong_columns,
)
from perennial.sources.text_columns import text_column

_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)


class DatabaseSource:
    """A shop whose data lies in a database."""

    def __init__(self, url: SecretStr, source_map: SourceMap) -> None:
        self._map = source_map
        try:
            address = make_url(url.get_secret_value())
            self._engine = create_engine(address, connect_args=patience(address))
        except (SQLAlchemyError, ImportError, ValueError) as error:
            msg = f"The address of the shop's database cannot be used: {type(error).__name__}. {ADDRESS_HINT}"
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
        statement = _bound(sql, since, until, self._map.zone)
        with self._reading(dataset.name) as connection:
            copy = copying(connection, statement)
            if copy:
                _refuse_wrong_columns(dataset, list(copy.types))
                yield from copied_batches(copy, dataset, self._map.zone, chunk_rows)
                return
            result = connection.execution_options(yield_per=chunk_rows).execute(statement)
            columns = list(result.keys())
            _refuse_wrong_columns(dataset, columns)
            for rows in result.partitions(chunk_rows):
                yield _batch(dataset, columns, rows, self._map.zone)

    def recent_buyers(self, since: datetime, *, until: datetime | None = None) -> set[str]:
        """Customers with an order in [since, until); without an end, up to now."""
        sql, end = self._map.recent_buyers, until or _END_OF_TIME
        statement = _bound(sql, since, end, self._map.zone)
        with self._reading(RECENT_BUYERS) as connection:
            result = connection.execution_options(yield_per=50_000).execute(statement)
            return {str(row[0]) for row in result if row[0] is not None}

    def closed_days(self) -> tuple[str, ...]:
        """Days on which the shop is closed, as its own table has them; none without a query for them."""
        sql = self._map.closed_days
        if sql is None:
            return ()
        with self._reading(CLOSED_DAYS) as connection:
            result = connection.execute(_bound(sql, None, _END_OF_TIME, self._map.zone))
            return calendar_of(row[0] for row in result)

    @contextmanager
    def _reading(self, name: str) -> Iterator[Connection]:
        """A connection that only reads, on the clock of the source, for one query."""
        refuse_missing_file(self._engine, name)
        with explained(name, self._engine), self._engine.connect() as connection:
            prepare(connection, self._map.zone)
            yield connection


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


def _refuse_wrong_columns(dataset: Dataset, columns: list[str]) -> None:
    if mistake := wrong_columns(dataset.name, columns):
        msg = f"{dataset.name}: sources.{dataset.name}.sql {mistake} {mistake.hint or ''}"
        raise SourceError(msg.rstrip())
