"""What a sender needs around it: a PostgreSQL with its usual durability, and the emulator in a process of its own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_DISTRIBUTIONS = Path("/usr/lib/postgresql")
_TUNING = ("shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=15min")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A process that answers at `url`."""

    url: str
    pid: int

    def seconds(self) -> float:
        """Processor seconds of the process and everything that it has started, also of what has ended."""
        used = 0.0
        for process in (
            psutil.Process(self.pid),
            *psutil.Process(self.pid).children(recursive=True),
        ):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used += times.user + times.system
        ended = psutil.Process(self.pid).cpu_times()
        return used + ended.children_user + ended.children_system


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """A server as Debian installs it, with more room for its log: every commit is on disk before it counts."""
    found = sorted(_DISTRIBUTIONS.glob("*/bin/postgres"))
    if not found:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    folder, programs, port = (
        Path(tempfile.mkdtemp(prefix="bench-pg-")),
        found[-1].parent,
        free_port(),
    )
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    _as_postgres(
        programs / "initdb",
        "-D",
        data,
        "-A",
        "trust",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    )
    settings = [f"-c{each}" for each in (*_TUNING, "listen_addresses=127.0.0.1", f"port={port}")]
    options = " ".join([*settings, f"-cunix_socket_directories={folder}"])
    control = (programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options)
    _as_postgres(*control, "start")
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        yield Server(url=f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres", pid=pid)
    finally:
        _as_postgres(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def emulator(record: Path, *arguments: str) -> Iterator[Server]:
    """SendGrid and Twilio on loopback; everything that they accept is a line of the record."""
    command = [
        sys.executable,
        "-m",
        "perennial.emulator.serving",
        "--record",
        str(record),
        *arguments,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(url=process.stdout.readline().strip(), pid=process.pid)
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _as_postgres(*command: str | Path) -> None:
    """PostgreSQL refuses to run as root."""
    sudo: Sequence[str] = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    subprocess.run(
        [*sudo, *map(str, command)],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
