"""How fast the Studio's pages are, with a million customers and a year of decisions behind them, while 20 people use it.

    python benchmarks/studio.py
    python benchmarks/studio.py --customers 20000 --seconds 20
    python benchmarks/studio.py --pause 3

Makes up a lake of 365 nights (ten orders a customer and year, 20,000 decisions a day and campaign for a million
customers, one day on which a campaign's audience is everybody) and a ledger in PostgreSQL with as many messages as
customers. The Studio runs in a process of its own; its login and Airflow's answers are played. Each kind of page is
first opened by one person alone, which says what it costs, and then all kinds by everybody at once, each of whom reads a
page before the next: a second, which is a flood, and five. What they read is drawn, like their pauses, from one seed.
Prints JSON; times are milliseconds. With --home, the lake is made once and kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import quantiles

import aiohttp
from sending_rig.servers import Server, postgres
from studio_rig.past import make_past
from studio_rig.visits import Visits, peak_memory_mb
from studio_rig.year import Year, make_year

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake

_ALONE = 5
_FIRST_VISITS = 4
_FLOOD, _READERS = 1.0, 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument(
        "--pause",
        type=float,
        default=_READERS,
        help="How many seconds a person reads a page before the next, on average; drawn from an exponential distribution.",
    )
    parser.add_argument("--home", type=Path, help="Where the lake is made and kept.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres() as database:
        home = given.home or Path(folder)
        year = Year(customers=given.customers, last=date.today())  # noqa: DTZ011 - the Studio's own today
        if not (home / "lake" / "decisions").is_dir():
            (home / "lake").mkdir(parents=True, exist_ok=True)
            with Engine(Lake(home / "lake")) as engine:
                make_year(engine, year)
        make_past(database.url, year, given.customers)
        with studio(home, database.url) as server:
            pauses = sorted({_FLOOD, given.pause}, reverse=True)
            figures = asyncio.run(
                measure(server, database, year, given.users, given.seconds, pauses)
            )
    print(json.dumps(figures, indent=2))


async def measure(  # noqa: PLR0917 - what is measured, and how
    server: Server,
    database: Server,
    year: Year,
    users: int,
    seconds: float,
    pauses: Sequence[float],
) -> dict[str, object]:
    visits = Visits(url=server.url, year=year)
    return {
        "customers": year.customers,
        "users": users,
        "alone": await each_alone(visits, server, database),
        "together": [
            await everybody(visits, server, database, users, seconds, pause) for pause in pauses
        ],
        "peak_memory_mb": peak_memory_mb(server.pid),
    }


async def everybody(  # noqa: PLR0917 - what is measured, and how
    visits: Visits, server: Server, database: Server, users: int, seconds: float, pause: float
) -> dict[str, object]:
    """How long pages take while so many people read, each for so many seconds after a page."""
    visits.seconds.clear()
    before = server.seconds(), database.seconds()
    await visits.crowd(users, seconds, pause)
    used = server.seconds() - before[0], database.seconds() - before[1]
    taken = dict(sorted(visits.seconds.items()))
    everything = [second for of_kind in taken.values() for second in of_kind]
    return {
        "pause": pause,
        "pages": len(everything),
        "pages_a_second": round(len(everything) / seconds, 1),
        "all": spread(everything),
        "at_most_300_ms": round(sum(second <= 0.3 for second in everything) / len(everything), 3),
        "by_page": {kind: spread(found) for kind, found in taken.items()},
        "processor_milliseconds_a_page": {
            "studio": round(used[0] / len(everything) * 1000, 1),
            "postgresql": round(used[1] / len(everything) * 1000, 1),
        },
    }


async def each_alone(
    visits: Visits, server: Server, database: Server
) -> dict[str, dict[str, float]]:
    """What each kind of page takes of the processor, after the first visits, which open what is kept."""
    figures = {}
    async with aiohttp.ClientSession() as session:
        for kind, (_, ask) in visits.mix().items():
            for _ in range(_FIRST_VISITS):
                await visits.one(session, kind, ask())
            visits.seconds.clear()
            before = server.seconds() + database.seconds()
            for _ in range(_ALONE):
                await visits.one(session, kind, ask())
            used = server.seconds() + database.seconds() - before
            figures[kind] = {
                "alone": spread(visits.seconds[kind])["p50"],
                "processor": round(used / _ALONE * 1000, 1),
            }
            print(kind, figures[kind], file=sys.stderr)
    return figures


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """The middle, what 95 of 100 stay below, and the longest, in milliseconds."""
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    found = {"p50": cuts[49], "p95": cuts[94], "max": max(seconds)}
    return {"times": len(seconds)} | {name: round(s * 1000, 1) for name, s in found.items()}


@contextmanager
def studio(home: Path, ledger: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "studio_rig.door", str(home), ledger]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    ) as process:
        assert process.stdout is not None
        try:
            yield Server(url=process.stdout.readline().strip(), pid=process.pid)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
