"""Redis and Celery workers for the time of a block; each worker is a process that does one thing at a time."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from sending_rig.servers import free_port


@contextlib.contextmanager
def broker() -> Iterator[str]:
    """A Redis that forgets everything; returns its address."""
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("Redis is not installed: apt-get install redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def workers(count: int, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """So many workers, each with a name of its own."""
    command = [sys.executable, "-m", "celery", "--app", "workers_rig.tasks", "worker"]
    # One process a worker, and no task taken before the one at hand is done.
    alone = ["--pool", "solo", "--prefetch-multiplier", "1", "--without-gossip", "--without-mingle"]
    with log.open("ab") as written:
        running = [
            subprocess.Popen(
                [*command, *alone, "--hostname", f"worker-{number}"],
                env=environment,
                stdout=written,
                stderr=written,
            )
            for number in range(count)
        ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
