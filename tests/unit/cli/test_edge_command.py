from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from perennial.settings import PROJECT


@contextmanager
def _edge(home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "perennial.cli.commands", "edge", *options],
        cwd=PROJECT / "plugins",
        env={**os.environ, "PERENNIAL_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_edge_says_where_it_answers_and_ends_quietly_when_told(
    tmp_path: Path, told: signal.Signals
) -> None:
    with _edge(tmp_path, "--port", "0") as process:
        assert process.stderr is not None
        said, _, url = process.stderr.readline().strip().partition(" ")
        with urlopen(f"{url}/health", timeout=60) as answer:  # noqa: S310 - loopback
            assert answer.status == 200
        process.send_signal(told)
        printed, complaints = process.communicate(timeout=60)
    assert (said, process.returncode, printed, complaints) == ("Edge:", 0, "", "")


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with _edge(tmp_path, "--port", port) as process:
            _, complaints = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Cannot listen on 127.0.0.1" in complaints
    assert "Traceback" not in complaints
