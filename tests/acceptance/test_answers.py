"""What comes in from the world: a STOP that a person texts, and everything that a webhook missed, at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from edge_server import PUBLIC, an_installation, edge_thread
from perennial.emulator.options import AUTH_TOKEN, MESSAGING_SERVICE, Options
from perennial.emulator.serving import emulator_thread
from perennial.emulator.signing import EventSigner
from perennial.ledger.store import Ledger
from perennial.model.keys import address_key
from perennial.settings import PROJECT

PERSON, OURS = "+14155550123", "+15005550006"
EVENTS, A_POST = 100_000, 3_000
MEGABYTE = 1024


@pytest.mark.parametrize(
    ("person", "channel"), [(PERSON, "sms"), (f"whatsapp:{PERSON}", "whatsapp")]
)
def test_a_stop_in_any_language_reaches_the_ledger_and_a_start_takes_it_back(
    tmp_path: Path, person: str, channel: str
) -> None:
    """Case 27, by way of the provider: it signs the public address, and posts to this machine."""
    with an_installation(tmp_path, twilio_auth_token=AUTH_TOKEN) as perennial:
        key = address_key(PERSON, perennial.secret)

        def suppressed() -> list[tuple[str, str]]:
            found = perennial.ledger.suppressions_of([key])
            return [(s.channel.value, s.reason.value) for s in found]

        with edge_thread(perennial) as edge:
            options = Options(
                seed=7,
                inbound_url=f"{PUBLIC}/hooks/twilio/inbound#rc=3",
                forward={PUBLIC: edge},
                services={MESSAGING_SERVICE: (OURS,)},
            )
            with emulator_thread(options) as emulator:
                for body, expected in [
                    ("СТОП!", [(channel, "stopped")]),
                    ("Старт", []),
                    ("Baja 🙏", [(channel, "stopped")]),
                    ("Gracias", [(channel, "stopped")]),
                    ("START", []),
                ]:
                    text = json.dumps({"from": person, "to": OURS, "body": body}).encode()
                    urlopen(f"{emulator.url}/_emulator/inbound", text, timeout=60).close()  # noqa: S310
                    _wait_until(suppressed, expected)


def _wait_until(found: Callable[[], object], expected: object) -> None:
    for _ in range(1_200):
        if found() == expected:
            return
        time.sleep(0.05)
    raise AssertionError(expected)


@contextmanager
def an_edge(home: Path) -> Iterator[tuple[str, int]]:
    """The web app in a process of its own: its address and its number."""
    key = EventSigner(7).public_key
    with subprocess.Popen(
        [sys.executable, "-m", "perennial.cli.commands", "edge", "--port", "0"],
        cwd=PROJECT / "plugins",
        env={**os.environ, "PERENNIAL_HOME": str(home), "PERENNIAL_SENDGRID_WEBHOOK_KEY": key},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            yield process.stderr.readline().strip().partition(" ")[2], process.pid
        finally:
            process.kill()


def highest_memory(pid: int) -> int:
    """The most memory that a process has had at once, in kilobytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError(pid)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Memory is read from /proc.")
def test_a_flood_after_a_day_of_silence_is_taken_in_bounded_memory(tmp_path: Path) -> None:
    """Case 22: 100,000 events, in posts as large as SendGrid makes them, eight at a time."""
    now, signer = int(time.time()), EventSigner(7)

    def post(start: int) -> int:
        events = [
            {
                "event": "delivered",
                "timestamp": now - 23 * 3600,
                "perennial_key": f"{number:032x}",
                "email": f"k{number}@customers.example",
                "sg_event_id": f"{number:040d}",
                "useragent": "x" * 60,
            }
            for number in range(start, min(start + A_POST, EVENTS))
        ]
        body = json.dumps(events).encode()
        request = Request(f"{url}/hooks/sendgrid", body, signer.headers(body, at=now))  # type: ignore[arg-type]  # noqa: S310
        with urlopen(request, timeout=600) as answer:  # noqa: S310 - loopback
            return int(answer.status)

    with an_edge(tmp_path) as (url, pid):
        post(EVENTS - 1)
        before = highest_memory(pid)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(post, range(0, EVENTS, A_POST)))
        grown = highest_memory(pid) - before
    assert set(answers) == {204}
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert ledger.parked() == EVENTS
    ledger.close()
    assert grown < 250 * MEGABYTE
