"""How many messages a second the ledger takes through claim, begin and settle.

    python benchmarks/ledger.py                                     (a new SQLite file)
    python benchmarks/ledger.py postgresql+psycopg://postgres@localhost/ledger --messages 1000000 --processes 2

The database should be empty. Prints JSON: messages a second over all processes, seconds by step, and the processor time that a
message costs each process.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial

from perennial.ledger.store import Ledger
from perennial.model.keys import message_key
from perennial.model.message import PlannedMessage, Receipt
from perennial.model.shop import Caps
from perennial.model.words import Channel, MessageState, Pressure

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "url", nargs="?", help="Without it, a SQLite file that lasts as long as the run."
    )
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--chunk", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/ledger.db"
        print(json.dumps(measure(url, given), indent=2))


def measure(url: str, given: argparse.Namespace) -> dict[str, object]:
    ledger = Ledger(url)
    ledger.migrate()
    share = given.messages // given.processes
    work = partial(carry, url, share, given.chunk)
    started = time.perf_counter()
    with ProcessPoolExecutor(given.processes) as pool:
        seconds = list(pool.map(work, range(given.processes)))
    elapsed = time.perf_counter() - started
    read_started = time.perf_counter()
    rows = ledger.history(since=NOON - timedelta(days=1)).num_rows
    read = time.perf_counter() - read_started
    ledger.close()
    return {
        "messages": share * given.processes,
        "messages_a_second": round(share * given.processes / elapsed),
        "by_process": seconds,
        "history_rows": rows,
        "history_seconds": round(read, 2),
    }


def carry(url: str, share: int, chunk: int, number: int) -> dict[str, float]:
    ledger, worker, seconds = Ledger(url), f"worker-{number}", Counter[str]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for messages in chunks(number * share, share, chunk):
        keys = [message.key for message in messages]
        receipts = [Receipt(key=k, state=MessageState.ACCEPTED, provider="none") for k in keys]
        steps = {
            "claim": partial(
                ledger.claim, messages, worker=worker, lease=LEASE, now=NOON, caps=Caps()
            ),
            "begin": partial(ledger.begin_dispatch, keys, worker=worker, lease=LEASE),
            "settle": partial(ledger.settle, receipts, now=NOON, worker=worker),
        }
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            seconds[name] += time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    figures = {name: round(spent, 2) for name, spent in seconds.items()}
    return figures | {"processor_microseconds_a_message": round(used / share * 1e6, 1)}


def chunks(first: int, share: int, chunk: int) -> Iterator[list[PlannedMessage]]:
    for start in range(first, first + share, chunk):
        yield [a_message(str(n)) for n in range(start, min(start + chunk, first + share))]


def a_message(customer_id: str) -> PlannedMessage:
    return PlannedMessage(
        key=message_key("win_back", 1, customer_id, "order-1"),
        campaign="win_back",
        day=date(2026, 6, 10),
        step=1,
        template="win_back_hello",
        customer_id=customer_id,
        person_id=f"person-{customer_id}",
        occasion="order-1",
        pressure=Pressure.PROMOTIONAL,
        channel=Channel.EMAIL,
        address=f"{customer_id}@example.test",
        address_key=f"address-{customer_id}",
        locale="en",
        send_at=NOON - timedelta(hours=1),
        expires_at=NOON + timedelta(hours=1),
    )


if __name__ == "__main__":
    main()
