"""Where ledgers are kept while everything goes wrong: SQLite files, and a PostgreSQL server that may be restarted."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from chaos.schedule import Backend
from perennial.ledger.store import Ledger
from services import PostgresServer, running_postgres

_TEMPLATE = "ledger_template"
# Migrations are for one thread of a process at a time.
_MIGRATING = threading.Lock()


class Databases:
    """Makes databases for one schedule after another; its PostgreSQL server starts when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._server: PostgresServer | None = None
        self._template: Path | None = None

    def ledger(self, backend: Backend, folder: Path) -> str:
        """The URL of a ledger in which nothing has happened yet."""
        if backend is Backend.POSTGRESQL:
            return self.server.url(self.server.create_database(template=_TEMPLATE))
        if self._template is None:
            template = self._folder / "ledger-template.db"
            _migrated(f"sqlite:///{template}")
            self._template = template
        path = folder / "ledger.db"
        shutil.copy(self._template, path)
        return f"sqlite:///{path}"

    def empty(self, backend: Backend, folder: Path) -> str:
        """The URL of a database without tables."""
        if backend is Backend.POSTGRESQL:
            return self.server.url(self.server.create_database())
        return f"sqlite:///{folder / 'shop.db'}"

    def drop(self, url: str) -> None:
        """The schedule is over."""
        if url.startswith("postgresql"):
            self.server.drop_database(url.rpartition("/")[2])

    @property
    def server(self) -> PostgresServer:
        if self._server is None:
            self._server = self._stack.enter_context(running_postgres())
            self._server.create_database_named(_TEMPLATE)
            _migrated(self._server.url(_TEMPLATE))
        return self._server

    def restart(self) -> None:
        """As a server crashes: nothing is written back first, every connection is cut."""
        self.server._control("-m", "immediate", "restart")

    def make_read_only(self) -> None:
        """Nothing can be written, from the next transaction on."""
        self._set_read_only("on")

    def make_writable(self) -> None:
        """As it was."""
        self._set_read_only("off")

    def _set_read_only(self, value: str) -> None:
        conninfo = f"host=127.0.0.1 port={self.server.port} user=postgres dbname=postgres"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.execute(f"alter system set default_transaction_read_only = {value}")
            connection.execute("select pg_reload_conf()")

    def close(self) -> None:
        """Ends the server."""
        self._stack.close()


@contextlib.contextmanager
def databases() -> Iterator[Databases]:
    """Databases that last as long as the block."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-chaos-"))
    made = Databases(folder)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


def keep_busy(url: str, seconds: float) -> threading.Thread:
    """Somebody else writes to a SQLite file for so long; nobody else can."""

    def write() -> None:
        connection = sqlite3.connect(
            url.removeprefix("sqlite:///"), timeout=10, isolation_level=None
        )
        with contextlib.closing(connection):
            connection.execute("begin immediate")
            time.sleep(seconds)
            connection.execute("commit")

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def _migrated(url: str) -> None:
    ledger = Ledger(url)
    with _MIGRATING:
        ledger.migrate()
    ledger.close()
