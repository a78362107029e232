"""What a second Celery worker brings where the provider is the wait, not the processor.

    python benchmarks/workers.py --emails 4000

Each worker does one thing at a time, and a day has two shards: one worker sends them one after the other, two at once.
The emulator takes its time for each request, and so many requests at once are agreed with it for each worker. Time is counted
between the first and the last line of the emulator's record, so that no start is measured. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sending import Rig
from sending_rig.plans import CAMPAIGN, publish_plan, publish_verdict
from sending_rig.servers import emulator, postgres
from workers_rig.celery_workers import broker, workers

from perennial.emulator.record import accepted_in, read_record

SHARDS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emails", type=int, default=4_000)
    parser.add_argument("--latency", default="1.0", help="Seconds before each answer.")
    parser.add_argument("--at-once", type=int, default=4, help="Requests at once for each worker.")
    parser.add_argument("--batch", type=int, default=20, help="Emails in a request.")
    given = parser.parse_args()
    limits = {"PERENNIAL_SENDGRID_BATCH": str(given.batch)}
    figures = {}
    with broker() as address, TemporaryDirectory() as results:
        os.environ |= {"WORKERS_BROKER": address, "WORKERS_RESULTS": f"file://{results}"}
        for name, count, at_once in (
            ("one worker", 1, given.at_once),
            ("two workers", 2, 2 * given.at_once),
            ("two workers, the limit of one", 2, given.at_once),
            ("one worker, the limit of two", 1, 2 * given.at_once),
        ):
            agreed = limits | {"PERENNIAL_SENDGRID_CONCURRENCY": str(at_once)}
            figures[name] = send(given.emails, count, given.latency, agreed)
    one, two = (figures[name]["emails_a_second"] for name in ("one worker", "two workers"))
    print(json.dumps(figures | {"two_send_times_one": round(two / one, 2)}, indent=2))


def send(messages: int, count: int, latency: str, limits: dict[str, str]) -> dict[str, float]:
    with TemporaryDirectory() as name, postgres() as ledger:
        record = Path(name) / "accepted.jsonl"
        with emulator(record, "--latency", latency, "--lean") as provider:
            rig = Rig(folder=Path(name), ledger=ledger, provider=provider)
            environment = rig.environment() | limits
            day = datetime.now(UTC).date()
            plan_hash = publish_plan(
                rig.folder / "lake", day, messages, channel="email", shards=SHARDS
            )
            publish_verdict(rig.folder / "lake", day, messages)
            with workers(count, environment, Path(name) / "workers.log"):
                carry_out(day.isoformat(), plan_hash, count)
            accepted = accepted_in(record)
            assert len(accepted) == accepted.total() == messages, "Somebody got none, or two."
            moments = sorted(each.at for each in read_record(record))
            return measured(messages, moments)


def carry_out(day: str, plan_hash: str, count: int) -> None:
    """Hands out the shards when every worker has answered."""
    from workers_rig.tasks import ready, send_shard

    known: set[int] = set()
    while len(known) < count:
        known.add(ready.delay().get(timeout=600))
        time.sleep(0.1)
    sent = [send_shard.delay(CAMPAIGN, day, plan_hash, shard) for shard in range(SHARDS)]
    for each in sent:
        each.get(timeout=3600)


def measured(messages: int, moments: list[float]) -> dict[str, float]:
    """From the first to the last acceptance; one worker's pause between its shards is its own, and counts."""
    seconds = moments[-1] - moments[0]
    return {"seconds": round(seconds, 1), "emails_a_second": round(messages / seconds, 1)}


if __name__ == "__main__":
    main()
