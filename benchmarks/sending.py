"""What it takes to send a million personal emails, and to keep a rate of text messages.

    python benchmarks/sending.py --emails 1000000 --texts 100000        (make bench-sending)

PostgreSQL keeps the ledger with its usual durability; the emulator answers after 100 ms; each shard is a process that does what
the Airflow task does. Beside it the official clients in a loop, on a sample of the same list. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sending_rig.in_a_loop import emails_a_second
from sending_rig.plans import CAMPAIGN, make_project, publish_plan, publish_verdict
from sending_rig.servers import Server, emulator, postgres
from sending_rig.shards import run_shards
from sqlalchemy import create_engine, text

from perennial.emulator.options import ACCOUNT_SID, AUTH_TOKEN, MESSAGING_SERVICE, SENDGRID_KEY
from perennial.emulator.record import accepted_in, read_record

HERE = Path(__file__).resolve().parent
LATENCY = "0.1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emails", type=int, default=100_000)
    parser.add_argument("--texts", type=int, default=5_000)
    parser.add_argument("--rate", type=int, default=1_000, help="Segments of text a second.")
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--sample", type=int, default=100, help="Emails by the clients in a loop.")
    given = parser.parse_args()
    figures: dict[str, object] = {}
    if given.emails:
        figures["emails"] = emails(given.emails, given.shards, given.sample)
    if given.texts:
        figures["texts"] = texts(given.texts, given.shards, given.rate)
    print(json.dumps(figures, indent=2))


def emails(messages: int, shards: int, sample: int) -> dict[str, object]:
    limits = {"PERENNIAL_SENDGRID_BATCH": "1000", "PERENNIAL_SENDGRID_CONCURRENCY": "8"}
    with rig("--lean") as parts:
        figures = parts.send(messages, channel="email", shards=shards, limits=limits)
        loop = emails_a_second(parts.provider.url, SENDGRID_KEY, sample)
    ours = messages / float(figures["seconds"])
    return figures | {
        "emails_a_second": round(ours),
        "client_in_a_loop": {"sample": sample, "emails_a_second": round(loop, 2)},
        "times_the_loop_extrapolated": round(ours / loop),
    }


def texts(messages: int, shards: int, rate: int) -> dict[str, object]:
    limits = {"PERENNIAL_TWILIO_RATE": str(rate), "PERENNIAL_TWILIO_CONCURRENCY": str(rate)}
    with rig("--lean") as parts:
        figures = parts.send(messages, channel="sms", shards=shards, limits=limits)
        moments = sorted(each.at for each in read_record(parts.record))
    most = max(bisect_left(moments, at + 1) - n for n, at in enumerate(moments))
    held = (len(moments) - 1) / (moments[-1] - moments[0])
    return figures | {
        "limit_a_second": rate,
        "most_within_any_second": most,
        "held_a_second": round(held, 1),
        "share_of_the_limit": round(held / rate, 4),
    }


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A folder for the lake, and the two servers."""

    folder: Path
    ledger: Server
    provider: Server

    @property
    def record(self) -> Path:
        return self.folder / "accepted.jsonl"

    def send(
        self, messages: int, *, channel: str, shards: int, limits: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """From a published plan to the last answer in the ledger, and whether everybody got exactly one."""
        environment = self.environment() | dict(limits or {})
        day = datetime.now(UTC).date()
        lake = self.folder / "lake"
        plan_hash = publish_plan(lake, day, messages, channel=channel, shards=shards)
        publish_verdict(lake, day, messages)
        before = {"ledger": self.ledger.seconds(), "emulator": self.provider.seconds()}
        started = time.perf_counter()
        by_shard = run_shards(environment, day, plan_hash, campaign=CAMPAIGN, shards=shards)
        elapsed = time.perf_counter() - started
        used = {
            "ledger": self.ledger.seconds() - before["ledger"],
            "emulator": self.provider.seconds() - before["emulator"],
        }
        accepted = accepted_in(self.record)
        assert len(accepted) == accepted.total() == messages, "Somebody got none, or two."
        assert self._states() == {"accepted": messages}
        return {
            "messages": messages,
            "seconds": round(elapsed, 1),
            "processor_seconds": {name: round(spent, 1) for name, spent in used.items()},
            "shards": by_shard,
        }

    def _states(self) -> dict[str, int]:
        with create_engine(self.ledger.url).connect() as connection:
            found = connection.execute(text("select state, count(*) from messages group by state"))
            return dict(found.all())

    def environment(self) -> dict[str, str]:
        """Of every process that sends."""
        own = {
            "PERENNIAL_HOME": str(self.folder / "home"),
            "PERENNIAL_PROJECT": str(make_project(self.folder / "project")),
            "PERENNIAL_LAKE": str(self.folder / "lake"),
            "PERENNIAL_LEDGER_URL": self.ledger.url,
            "PERENNIAL_EMAIL_TRANSPORT": "sendgrid",
            "PERENNIAL_SENDGRID_API_KEY": SENDGRID_KEY,
            "PERENNIAL_SENDGRID_HOST": self.provider.url,
            "PERENNIAL_SMS_TRANSPORT": "twilio",
            "PERENNIAL_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "PERENNIAL_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "PERENNIAL_TWILIO_MESSAGING_SERVICE": MESSAGING_SERVICE,
            "PERENNIAL_TWILIO_HOST": self.provider.url,
        }
        # An installation has its modules compiled; without that, each task would begin by compiling them all.
        dropped = ("PERENNIAL_", "PYTHONDONTWRITEBYTECODE")
        kept = {k: value for k, value in os.environ.items() if not k.startswith(dropped)}
        paths = os.pathsep.join([str(HERE), str(HERE.parent / "plugins")])
        return kept | own | {"PYTHONPATH": paths}


@contextmanager
def rig(*arguments: str) -> Iterator[Rig]:
    with tempfile.TemporaryDirectory() as name, postgres() as ledger:
        record = Path(name) / "accepted.jsonl"
        with emulator(record, "--latency", LATENCY, *arguments) as provider:
            yield Rig(folder=Path(name), ledger=ledger, provider=provider)


if __name__ == "__main__":
    main()
