"""How long customers wait for `perennial edge` when many unsubscribe at once: one-click posts at a steady rate.

    python benchmarks/unsubscribing.py                              (a new SQLite file)
    python benchmarks/unsubscribing.py postgresql+psycopg://postgres@localhost/ledger

Posts begin when the clock says so, however slow the answers are, so that waiting in line counts. The edge is a process of its
own; each post is for another customer. The database should be empty. Prints JSON, in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence

import aiohttp
from events import begin, edge

from perennial.ledger.store import Ledger
from perennial.model.keys import MessageKey, link_token
from perennial.model.words import SuppressionReason
from perennial.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", help="Without it, a SQLite file.")
    parser.add_argument("--rate", type=int, default=200, help="Posts a second.")
    parser.add_argument("--seconds", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/ledger.db"
        print(json.dumps(measure(url, folder, given.rate, given.seconds), indent=2))


def measure(url: str, folder: str, rate: int, seconds: int) -> dict[str, float]:
    keys = begin(url, rate * seconds, "leaving")
    secret = Settings().secret.get_secret_value()
    paths = [f"/u/{link_token('unsubscribe', MessageKey(key), 'en', secret)}" for key in keys]
    with edge(url, folder) as (address, process):
        before = sum(process.cpu_times()[:2])
        waited = sorted(asyncio.run(post_all(address, paths, rate)))
        used = sum(process.cpu_times()[:2]) - before
    assert suppressed(url) == len(keys)
    return {
        "posts_a_second": rate,
        "median": milliseconds(waited, 0.5),
        "p99": milliseconds(waited, 0.99),
        "longest": milliseconds(waited, 1),
        "processor_each": round(used / len(keys) * 1000, 2),
    }


async def post_all(address: str, paths: Sequence[str], rate: int) -> list[float]:
    """Seconds from when each post was due to its answer."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        start = time.perf_counter() + 0.1

        async def post(path: str, due: float) -> float:
            await asyncio.sleep(due - time.perf_counter())
            body = {"List-Unsubscribe": "One-Click"}
            async with session.post(address + path, data=body) as answer:
                assert answer.status == 200, answer.status
                await answer.read()
            return time.perf_counter() - due

        return await asyncio.gather(*(post(path, start + n / rate) for n, path in enumerate(paths)))


def suppressed(url: str) -> int:
    ledger = Ledger(url)
    reasons = ledger.suppressed().column("reason").to_pylist()
    ledger.close()
    return reasons.count(SuppressionReason.UNSUBSCRIBED)


def milliseconds(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000, 1)


if __name__ == "__main__":
    main()
