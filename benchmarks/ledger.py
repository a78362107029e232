"""How many messages a second the ledger takes through claim, begin and settle.

    python benchmarks/ledger.py              (a new SQLite file, then a PostgreSQL of its own, where that is installed)
    python benchmarks/ledger.py postgresql+psycopg://postgres@localhost/ledger --messages 1000000 --processes 2

A database that is named should be empty. Each run is of new messages, each with a coupon; prints JSON, the best run and the
median. Keys a second go by the clock, over all processes, for claim and settle alone and for all three steps. The processor
time of a message is that of the clients and, where the server is ours, of the server.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from statistics import median

from parts.messages import NOON, a_message
from sending_rig.servers import postgres

from perennial.ledger.store import Ledger
from perennial.model.message import Coupon, PlannedMessage, Receipt
from perennial.model.policy import SendingRules
from perennial.model.words import MessageState

LEASE = timedelta(minutes=5)
Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", help="Without it, databases that last as long as a run.")
    parser.add_argument("--messages", type=int, default=50_000, help="Of one run.")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--chunk", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    if given.url:
        print(json.dumps(measure(given.url, given, lambda: 0.0), indent=2))
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(f"sqlite:///{folder}/ledger.db", given, lambda: 0.0)
        print(json.dumps({"sqlite": figures}, indent=2))
    try:
        with postgres() as server:
            print(json.dumps({"postgresql": measure(server.url, given, server.seconds)}, indent=2))
    except SystemExit as missing:
        print(missing)


def measure(url: str, given: argparse.Namespace, server: Callable[[], float]) -> dict[str, object]:
    ledger = Ledger(url)
    ledger.migrate()
    runs = [run(url, given, number, server) for number in range(given.runs)]
    started = time.perf_counter()
    rows = ledger.history(since=NOON - timedelta(days=1)).num_rows
    read = time.perf_counter() - started
    ledger.close()
    by_speed = sorted(runs, key=lambda figures: figures["keys_a_second"])
    return {
        "messages": given.messages,
        "best": by_speed[-1],
        "median": {name: round(median(r[name] for r in runs), 1) for name in runs[0]},
        "history_rows": rows,
        "history_seconds": round(read, 2),
    }


def run(url: str, given: argparse.Namespace, number: int, server: Callable[[], float]) -> Figures:
    """Seconds and processor time of one run, by message."""
    share = given.messages // given.processes
    firsts = [number * given.messages + process * share for process in range(given.processes)]
    before = server()
    with ProcessPoolExecutor(given.processes) as pool:
        told = list(pool.map(partial(carry, url, share, given.chunk), firsts))
    served = server() - before
    carried = share * given.processes
    spent = {name: sum(figures[name] for figures in told) for name in told[0]}
    steps = {name: spent[name] / given.processes for name in ("claim", "begin", "settle")}
    figures = {
        **{f"{name}_seconds": round(seconds, 2) for name, seconds in steps.items()},
        "claim_and_settle_keys_a_second": round(carried / (steps["claim"] + steps["settle"])),
        "keys_a_second": round(carried / sum(steps.values())),
        "client_microseconds": round(spent["processor"] / carried * 1e6, 1),
    }
    return figures | ({"server_microseconds": round(served / carried * 1e6, 1)} if served else {})


def carry(url: str, share: int, chunk: int, first: int) -> Figures:
    """Seconds by step and of the processor, for one process's messages."""
    ledger, worker, spent = Ledger(url), f"worker-{first}", Counter[str]()
    for messages in chunks(first, share, chunk):
        keys = [message.key for message in messages]
        receipts = [answer(message) for message in messages]
        steps = {
            "claim": partial(
                ledger.claim, messages, worker=worker, lease=LEASE, now=NOON, rules=SendingRules()
            ),
            "begin": partial(
                ledger.begin_dispatch, keys, worker=worker, lease=LEASE, provider="none"
            ),
            "settle": partial(ledger.settle, receipts, now=NOON, worker=worker),
        }
        for name, step in steps.items():
            started, used = time.perf_counter(), processor()
            step()
            spent[name] += time.perf_counter() - started
            spent["processor"] += processor() - used
    ledger.close()
    return dict(spent)


def processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def chunks(first: int, share: int, chunk: int) -> Iterator[list[PlannedMessage]]:
    for start in range(first, first + share, chunk):
        numbers = map(str, range(start, min(start + chunk, first + share)))
        yield [a_message(number, coupon=a_coupon(number)) for number in numbers]


def a_coupon(customer_id: str) -> Coupon:
    return Coupon(
        code=f"WINBACK-{customer_id}",
        kind="percent",
        value=Decimal(15),
        expires_on=date(2026, 6, 24),
    )


def answer(message: PlannedMessage) -> Receipt:
    """A yes, as a provider gives it."""
    return Receipt(
        key=message.key,
        state=MessageState.ACCEPTED,
        provider="none",
        provider_id=f"{message.key[:22]}.recvd-{message.customer_id}",
        code="202",
    )


if __name__ == "__main__":
    main()
