"""The same rules, held against both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from perennial.ledger.store import Ledger
from services import PostgresServer


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """A database with the ledger's tables, to be copied."""
    name = postgres.create_database()
    _migrated(postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    _migrated(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def fresh_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes URLs of ledgers that are migrated and empty."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        return partial(_copied, template, tmp_path)
    create: Callable[..., str] = request.getfixturevalue("postgres_url")
    return partial(create, template=request.getfixturevalue("migrated_postgres"))


@pytest.fixture
def ledger_url(fresh_ledger_url: Callable[[], str]) -> str:
    return fresh_ledger_url()


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = Ledger(ledger_url)
    yield ledger
    ledger.close()


def _migrated(url: str) -> Ledger:
    ledger = Ledger(url)
    ledger.migrate()
    return ledger


def _copied(template: Path, folder: Path) -> str:
    path = folder / f"ledger-{len(list(folder.glob('ledger-*.db')))}.db"
    path.write_bytes(template.read_bytes())
    return f"sqlite:///{path}"
