"""Servers that tests start for themselves, on a free port, and stop again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pymysql
import pytest

_DISTRIBUTIONS = Path("/usr/lib/postgresql")
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))
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


@dataclass(frozen=True, kw_only=True)
class MariadbServer:
    """A MariaDB server that forgets everything when the tests are over."""

    folder: Path
    port: int

    def url(self, database: str = "", *, user: str = "root", password: str = "") -> str:
        """For SQLAlchemy."""
        name = f"{user}:{password}" if password else user
        return f"mariadb+pymysql://{name}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """A new database; returns its name."""
        name = f"test_{next(_NAMES)}"
        self.execute(f"create database {name} character set utf8mb4")
        return name

    def execute(self, *statements: str) -> None:
        """As root."""
        with pymysql.connect(host="127.0.0.1", port=self.port, user="root") as connection:
            for statement in statements:
                connection.cursor().execute(statement)
            connection.commit()


@contextlib.contextmanager
def running_mariadb() -> Iterator[MariadbServer]:
    """A server for the whole test run; skips the test where MariaDB is not installed."""
    programs = [shutil.which(name, path=_PATH) for name in ("mariadb-install-db", "mariadbd")]
    if not all(programs):
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server")
    install, server = map(str, programs)
    folder = Path(tempfile.mkdtemp(prefix="perennial-mariadb-"))
    data, port = folder / "data", free_port()
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    made = ["--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
    frugal = ["--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0"]
    try:
        _quiet([install, *made, "--skip-test-db", *as_root])
        where = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, "--no-defaults", f"--datadir={data}", *where, *frugal, *as_root],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            found = MariadbServer(folder=folder, port=port)
            _wait_until_it_answers(found, process)
            yield found
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(server: MariadbServer, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(pymysql.err.OperationalError):
            server.execute("select 1")
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    msg = f"MariaDB does not start: {(server.folder / 'log').read_text(errors='replace')[-2000:]}"
    raise RuntimeError(msg)


def _quiet(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        msg = f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"
        raise RuntimeError(msg)


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
