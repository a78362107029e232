"""Servers that tests start for themselves, on a free port, and stop again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

_DISTRIBUTIONS = Path("/usr/lib/postgresql")
_NAMES = count(1)


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A PostgreSQL server that forgets everything when the tests are over."""

    bin: Path
    folder: Path
    port: int

    def url(self, database: str) -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, *, template: str = "template1") -> str:
        """A new database, a copy of another one; returns its name."""
        return self.create_database_named(f"test_{next(_NAMES)}", template=template)

    def create_database_named(self, name: str, *, template: str = "template1") -> str:
        """The same, for a database that others are copies of."""
        self._execute(f'create database "{name}" template "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        self._execute(f'drop database if exists "{name}" with (force)')

    def restart(self) -> None:
        """As an operator would: connections are cut."""
        self._control("-m", "fast", "restart")

    def stop(self) -> None:
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        who = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run([self.bin / "initdb", "-D", self.folder / "data", *who])
        self._control("start")

    def _control(self, *arguments: str) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
            " -c fsync=off -c full_page_writes=off -c max_connections=50"
        )
        paths = ["-D", self.folder / "data", "-l", self.folder / "log"]
        _run([self.bin / "pg_ctl", *paths, "-w", "-o", options, *arguments])

    def _execute(self, statement: str) -> None:
        conninfo = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server for the whole test run; skips the test where PostgreSQL is not installed."""
    found = sorted(_DISTRIBUTIONS.glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="perennial-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    server = PostgresServer(bin=found[-1].parent, folder=folder, port=free_port())
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _run(command: list[str | Path]) -> None:
    """As user postgres when we are root: PostgreSQL refuses to run as root."""
    sudo = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*sudo, *map(str, command)],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if "initdb" in str(command[0]) else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        cwd="/",
        text=True,
    )
    if done.returncode:
        msg = f"{command[0]} ended with {done.returncode}: {done.stdout or ''}"
        raise RuntimeError(msg)
