"""How many reports of providers a second one `perennial edge` checks, reads and records.

    python benchmarks/events.py                                     (a new SQLite file)
    python benchmarks/events.py postgresql+psycopg://postgres@localhost/ledger

SendGrid's events come in signed posts of some hundreds, Twilio's callbacks one a post over 64 connections. The edge is a
process of its own, the client another; every message is on the wire when its first report comes. The database should be
empty. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import aiohttp
import psutil
from parts.messages import NOON, a_message

from perennial.emulator.options import AUTH_TOKEN
from perennial.emulator.signing import EventSigner, twilio_signature
from perennial.ledger.store import Ledger
from perennial.model.policy import SendingRules
from perennial.model.words import MessageState
from perennial.settings import PROJECT

LEASE = timedelta(hours=1)
PUBLIC = "https://shop.example"
WORDS = ("processed", "delivered", "open")
CHUNK = 1_000


@dataclass(frozen=True, kw_only=True)
class Post:
    """One request of a provider, signed."""

    path: str
    body: bytes
    headers: dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", help="Without it, a SQLite file.")
    parser.add_argument("--emails", type=int, default=20_000)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--a-post", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/ledger.db"
        print(json.dumps(measure(url, folder, given), indent=2))


def measure(url: str, folder: str, given: argparse.Namespace) -> dict[str, object]:
    emails, texts = begin(url, given.emails, "email"), begin(url, given.texts, "text")
    events = [(key, word) for word in WORDS for key in emails]
    mail = [
        sendgrid_post(events[n : n + given.a_post]) for n in range(0, len(events), given.a_post)
    ]
    sms = [twilio_post(key, status) for status in ("sent", "delivered") for key in texts]
    with edge(url, folder) as (address, process):
        figures = {
            "sendgrid_events": figures_of(len(events), process, address, mail),
            "sendgrid_events_repeated": figures_of(len(events), process, address, mail),
            "twilio_callbacks": figures_of(len(sms), process, address, sms),
        }
    assert settled(url, [*emails, *texts])
    return figures


def figures_of(
    events: int, process: psutil.Process, address: str, posts: Sequence[Post]
) -> dict[str, int]:
    before = sum(process.cpu_times()[:2])
    seconds = asyncio.run(post_all(address, posts))
    used = sum(process.cpu_times()[:2]) - before
    return {
        "a_second": round(events / seconds),
        "processor_microseconds_each": round(used / events * 1e6),
    }


@contextmanager
def edge(url: str, folder: str) -> Iterator[tuple[str, psutil.Process]]:
    settings = {
        "PERENNIAL_HOME": folder,
        "PERENNIAL_LEDGER_URL": url,
        "PERENNIAL_EDGE_URL": PUBLIC,
        "PERENNIAL_SENDGRID_WEBHOOK_KEY": EventSigner(7).public_key,
        "PERENNIAL_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    }
    command = [sys.executable, "-m", "perennial.cli.commands", "edge", "--port", "0"]
    environment = {**os.environ, **settings, "PYTHONPATH": str(PROJECT / "plugins")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        yield process.stderr.readline().split()[-1], psutil.Process(process.pid)
        process.terminate()


async def post_all(address: str, posts: Sequence[Post]) -> float:
    """Seconds until every post was taken."""
    waiting = iter(posts)

    async def post_some(session: aiohttp.ClientSession) -> None:
        for post in waiting:
            async with session.post(
                address + post.path, data=post.body, headers=post.headers
            ) as answer:
                assert answer.status == 204, answer.status

    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector) as session:
        started = time.perf_counter()
        await asyncio.gather(*(post_some(session) for _ in range(64)))
        return time.perf_counter() - started


def sendgrid_post(events: Sequence[tuple[str, str]]) -> Post:
    told = [
        {
            "email": f"{key}@customers.example",
            "event": word,
            "timestamp": int(time.time()) + WORDS.index(word),
            "sg_event_id": f"{key}{word}",
            "sg_message_id": f"{key[:22]}.recvd-benchmark-1-0.0",
            "perennial_key": key,
        }
        for key, word in events
    ]
    body = json.dumps(told).encode()
    headers = dict(EventSigner(7).headers(body, at=time.time()))
    return Post(path="/hooks/sendgrid", body=body, headers=headers)


def twilio_post(key: str, status: str) -> Post:
    path = f"/hooks/twilio/status?perennial_key={key}"
    form = {"MessageSid": f"SM{key}", "MessageStatus": status, "To": "+14155550123"}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": twilio_signature(PUBLIC + path, form, AUTH_TOKEN),
    }
    return Post(path=path, body=urlencode(form).encode(), headers=headers)


def begin(url: str, count: int, kind: str) -> list[str]:
    """Brings so many messages onto the wire; their keys."""
    ledger = Ledger(url)
    ledger.migrate()
    keys: list[str] = []
    for start in range(0, count, CHUNK):
        messages = [a_message(f"{kind}-{n}") for n in range(start, min(start + CHUNK, count))]
        ledger.claim(messages, worker="benchmark", lease=LEASE, now=NOON, rules=SendingRules())
        begun = [message.key for message in messages]
        ledger.begin_dispatch(begun, worker="benchmark", lease=LEASE)
        keys += begun
    ledger.close()
    return keys


def settled(url: str, keys: Sequence[str]) -> bool:
    ledger = Ledger(url)
    states = set(ledger.states(keys).values())  # type: ignore[arg-type]
    ledger.close()
    return states == {MessageState.ACCEPTED}


if __name__ == "__main__":
    main()
