"""Connections to the ledger's database: SQLite or PostgreSQL, their clock, and one transaction at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, TextClause, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from perennial.errors import LedgerError

Result = TypeVar("Result")

_PATIENCE_SECONDS = 30
_TRIES = 5
_DEADLOCKS = {"40001", "40P01"}  # serialization failure, deadlock: PostgreSQL says "try again"
_LOCK = 0x706572656E6E6961  # "perennia"; one lock a ledger

_SPEAK_POSTGRESQL = f"""
    select
        -- What is about to be sent must be on disk first, whatever the server is used to.
        case when current_setting('synchronous_commit') = 'off'
            then set_config('synchronous_commit', 'on', false) end,
        -- The tables grow by millions within one run; a plan made for the empty table would be kept.
        set_config('plan_cache_mode', 'force_custom_plan', false),
        -- Such plans look dear where they are not; compiling them would cost more than a chunk takes.
        set_config('jit', 'off', false),
        -- What it looks up is in memory or on a disk without a head: by key, not through the whole table.
        set_config('random_page_cost', '1.1', false),
        -- A worker that hangs must not hold up the others.
        set_config('lock_timeout', '{_PATIENCE_SECONDS}s', false),
        set_config('idle_in_transaction_session_timeout', '60s', false),
        set_config('timezone', 'UTC', false)
"""

_SPEAK_SQLITE = (
    "pragma journal_mode = wal",
    # WAL syncs only at checkpoints unless told otherwise; a power cut would forget what was on the wire.
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    # Keys are hashes, so that a chunk touches pages all over the indexes.
    "pragma cache_size = -65536",
    "pragma wal_autocheckpoint = 8192",
)

_CLOCK = {
    "postgresql": text("select clock_timestamp()"),
    "sqlite": text("select strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'"),
}
# The lock is waited for before the clock is read.
_LOCKED = _CLOCK | {
    "postgresql": text(f"select clock_timestamp() from pg_advisory_xact_lock({_LOCK})")
}


class Database:
    """The ledger's database. Nothing is connected before the first call."""

    def __init__(self, url: str | SecretStr) -> None:
        self.url = _checked(url.get_secret_value() if isinstance(url, SecretStr) else url)
        self.dialect = self.url.get_backend_name()
        self._engine = _engine(self.url)
        self._writer = self._engine.execution_options(sqlite_begin="begin immediate")

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"

    @property
    def file(self) -> Path | None:
        """Where SQLite keeps it; nothing for a server."""
        return Path(str(self.url.database)) if self.dialect == "sqlite" else None

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Runs `work` in one transaction, again when the database asks for it; commits all or nothing.

        Raises:
            LedgerError: it could not be committed.
        """
        with self._explained("written"):
            return self._committed(work)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose reads agree with each other.

        Raises:
            LedgerError: the database cannot be read.
        """
        with self._explained("read"), self._engine.connect() as connection:
            if self.dialect == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901 - the same one, told how to behave
            yield connection

    def lock(self, connection: Connection) -> datetime:
        """Makes this the only transaction that decides, until it ends; returns the clock's time then.

        SQLite has one writer anyway: BEGIN IMMEDIATE waits for the turn.
        """
        return self._time(connection, _LOCKED[self.dialect])

    def clock(self, connection: Connection) -> datetime:
        """The time that leases are measured by: the database's, which all workers share."""
        return self._time(connection, _CLOCK[self.dialect])

    def scrub(self) -> None:
        """Leaves nothing of what was written over in SQLite's files; PostgreSQL's vacuum does so in its own time.

        Raises:
            LedgerError: others keep it busy.
        """
        if self.dialect != "sqlite":
            return
        with self._explained("cleaned"), self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            for statement in ("vacuum", "pragma wal_checkpoint(truncate)"):
                driver.execute(statement).fetchall()

    def close(self) -> None:
        self._engine.dispose()

    def _time(self, connection: Connection, query: TextClause) -> datetime:
        moment: datetime | str = connection.execute(query).scalar_one()
        return datetime.fromisoformat(moment) if isinstance(moment, str) else moment.astimezone(UTC)

    def _committed(self, work: Callable[[Connection], Result]) -> Result:
        tries = 0
        while True:
            tries += 1
            try:
                with self._writer.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if tries == _TRIES or getattr(error.orig, "sqlstate", None) not in _DEADLOCKS:
                    raise

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise self._cannot(action, error) from error

    def _cannot(self, action: str, error: SQLAlchemyError) -> LedgerError:
        return LedgerError(
            f"The ledger at {self.url.render_as_string(hide_password=True)} cannot be {action}:"
            f" {_first_line(error)} {_advice(error)}"
        )


def _checked(text_: str) -> URL:
    try:
        url = make_url(text_)
    except ArgumentError:
        msg = "PERENNIAL_LEDGER_URL is no SQLAlchemy URL, such as postgresql+psycopg://user@host/ledger."
        raise LedgerError(msg) from None
    if url.drivername not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        msg = (
            f"The ledger does not speak {url.drivername}: use sqlite:///… or postgresql+psycopg://…"
        )
        raise LedgerError(msg)
    if url.drivername == "sqlite" and url.database in {None, "", ":memory:"}:
        msg = "The ledger cannot be kept in memory: it has to outlive the process. Name a file: sqlite:////path/ledger.db"
        raise LedgerError(msg)
    return url.set(drivername="postgresql+psycopg") if "postgresql" in url.drivername else url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url, hide_parameters=True, connect_args={"timeout": _PATIENCE_SECONDS}
        )
        event.listen(engine, "connect", _greet_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    event.listen(engine, "connect", _greet_postgresql)
    return engine


def _greet_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.isolation_level = None  # the driver would begin transactions by its own rules
    for statement in _SPEAK_SQLITE:
        _until_it_is_free(connection, statement)


def _until_it_is_free(connection: Any, statement: str) -> None:  # noqa: ANN401 - the driver's own connection
    """SQLite waits for others by itself, except when several change a new file to WAL at once."""
    deadline = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "begin"))


def _greet_postgresql(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.execute(_SPEAK_POSTGRESQL)
    connection.commit()


def _first_line(error: SQLAlchemyError) -> str:
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return (said.splitlines() or ["no answer"])[0].rstrip(".") + "."


_ADVICE = {
    "readonly": "Give this user the right to write the file and its folder.",
    "read-only": "Point PERENNIAL_LEDGER_URL at the primary, not at a replica.",
    "unable to open": "Make its folder, and let this user write there.",
    "is full": "Make room on the disk; nothing was recorded, so nothing may be sent.",
    "no space left": "Make room on the disk; nothing was recorded, so nothing may be sent.",
    "locked": "Another process has been writing for too long; look for one that hangs.",
    "lock timeout": "Another process has been writing for too long; look for one that hangs.",
    "no such table": "Is it the right database? Every start of Perennial prepares its ledger.",
    "does not exist": "Is it the right database? Every start of Perennial prepares its ledger.",
    "connection": "Start the database, or correct PERENNIAL_LEDGER_URL; then run again.",
}


def _advice(error: SQLAlchemyError) -> str:
    said = str(getattr(error, "orig", error)).lower()
    return next(
        (advice for sign, advice in _ADVICE.items() if sign in said),
        "Nothing of this step was recorded; run it again.",
    )
