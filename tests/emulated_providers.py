"""The providers and the web app as docs/how-to/try-without-an-account.md starts them: two commands, each a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from services import free_port


@dataclass(frozen=True, kw_only=True)
class EmulatedProviders:
    """What `perennial emulate` plays. `settings` lead an installation to it."""

    settings: Mapping[str, str] = field(repr=False)
    record: Path

    def accepted(self) -> Counter[str]:
        """How often each message was accepted, by its key."""
        lines = self.record.read_text("utf-8").splitlines() if self.record.exists() else []
        return Counter(json.loads(line)["key"] for line in lines)

    def mails(self) -> list[dict[str, Any]]:
        """The emails as each person got them."""
        url = self.settings["PERENNIAL_SENDGRID_HOST"] + "/_emulator/mails"
        with urlopen(url, timeout=300) as answer:  # noqa: S310 - loopback
            return list(json.load(answer))


@contextmanager
def emulated_providers(home: Path, settings: Mapping[str, str]) -> Iterator[EmulatedProviders]:
    """`perennial emulate` and `perennial edge` for an installation with these settings, until the block ends."""
    edge_port, record = free_port(), home / "accepted.jsonl"
    edge = f"http://127.0.0.1:{edge_port}"
    log = home / "providers.log"
    emulate = ("emulate", "--port", "0", "--lively", "--record", str(record), "--edge", edge)
    with _command(emulate, settings, log) as emulator:
        given = _told(emulator)
        with _command(("edge", "--port", str(edge_port)), {**settings, **given}, log) as answering:
            _wait_until_it_answers(answering, edge_port)
            yield EmulatedProviders(settings=given, record=record)


def _told(emulator: subprocess.Popen[str]) -> dict[str, str]:
    """The settings that it prints for whoever pastes them into a shell."""
    assert emulator.stdout
    found: dict[str, str] = {}
    while "PERENNIAL_EDGE_URL" not in found:
        line = emulator.stdout.readline()
        assert line, "perennial emulate has ended"
        name, _, value = line.strip().removeprefix("export ").partition("=")
        found[name] = value
    return found


def _wait_until_it_answers(process: subprocess.Popen[str], port: int) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("perennial edge has ended")


@contextmanager
def _command(
    words: tuple[str, ...], settings: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "perennial"), *words],
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()
