"""What holds for every test: a clean environment, no network, the same examples every time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from pytest_socket import socket_allow_hosts

from object_storage import Bucket, ObjectServer, running_object_server
from services import MariadbServer, PostgresServer, running_mariadb, running_postgres

for _name in [name for name in os.environ if name.startswith(("PERENNIAL_", "AIRFLOW_"))]:
    del os.environ[_name]

hypothesis.settings.register_profile("perennial", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("perennial")


@pytest.fixture(autouse=True)
def _no_network() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own, one a test run (or a worker of it)."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[Callable[..., str]]:
    """Makes databases that last one test: `postgres_url()` is empty, `postgres_url(template=name)` a copy."""
    made: list[str] = []

    def create(template: str = "template1") -> str:
        made.append(postgres.create_database(template=template))
        return postgres.url(made[-1])

    yield create
    for name in made:
        postgres.drop_database(name)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariadbServer]:
    """A MariaDB server of our own, one a test run (or a worker of it)."""
    with running_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def object_server() -> Iterator[ObjectServer]:
    """An S3-compatible server of our own, one a test run (or a worker of it)."""
    with running_object_server() as server:
        yield server


@pytest.fixture
def bucket(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket that lasts one test, and the environment that leads there."""
    for name, value in object_server.environment.items():
        monkeypatch.setenv(name, value)
    return object_server.make_bucket()
