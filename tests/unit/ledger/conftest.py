"""The same rules, held against both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, create_engine, select, text, update

from ledger_builder import Rows
from perennial.ledger.store import Ledger
from perennial.ledger.tables import METADATA, identity
from services import PostgresServer
from warm_fork import warm_fork


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    return warm_fork("ledger_workers")


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """One database with the ledger's tables, emptied for each test: ten times as fast as a new one."""
    return _migrated(postgres.url(postgres.create_database()))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A ledger that is migrated and empty."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        shutil.copy(template, tmp_path / "ledger.db")
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("migrated_postgres")
    _empty(url)
    return url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = Ledger(ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture
def rows(ledger_url: str) -> Iterator[Rows]:
    engine = create_engine(ledger_url)

    def read(table: Table) -> list[Mapping[str, Any]]:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    yield read
    engine.dispose()


def _migrated(url: str) -> str:
    ledger = Ledger(url)
    ledger.migrate()
    ledger.close()
    return url


def _empty(url: str) -> None:
    tables = ", ".join(table.name for table in METADATA.sorted_tables if table is not identity)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"truncate {tables} restart identity"))
        connection.execute(update(identity).values(epoch=1, begun=0))
    engine.dispose()
