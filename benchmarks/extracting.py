"""How many rows a second come out of the shop's PostgreSQL into the lake, and in how much memory.

    python benchmarks/extracting.py                     (a PostgreSQL of its own, where that is installed)
    python benchmarks/extracting.py --rows 5000000

Orders with all ten columns of the contract: numbers, decimals, moments with a zone and text. Each run is a process of its own,
by COPY and, beside it, row by row as for any other database. Prints JSON: rows a second by the clock, microseconds of the
processor for a row (ours, and the server's), and the most memory that the process has held.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sending_rig.servers import postgres
from sqlalchemy import create_engine, text

from perennial.lake.partitions import Lake
from perennial.model.datasets import ORDERS
from perennial.pipeline.extracting import extract_night
from perennial.sources.database import DatabaseSource
from perennial.sources.source_map import SourceMap

DAY = date(2026, 11, 21)
TABLE = """
    create unlogged table orders as
    select n as order_id, n % 100000 as customer_id,
           timestamptz '2026-11-20 00:00:00Z' - n * interval '1 second' as ordered_at,
           (array['placed', 'shipped', 'delivered', 'refunded'])[1 + n % 4] as status,
           case when n % 2 = 0 then timestamptz '2026-11-20 00:00:00Z' end as delivered_at,
           null::text as return_state, 'EUR' as currency, (n % 7)::numeric(12, 2) as discount,
           (n % 50000 / 100.0)::numeric(12, 2) as total, timestamptz '2026-11-20 00:00:00Z' as updated_at
    from generate_series(1, :rows) as n
"""
QUERY = "select * from orders where updated_at < :until"
# One column whose text PostgreSQL would write differently: the query is read row by row.
BY_ROWS = QUERY.replace("*", f"{', '.join(ORDERS.column_names)}").replace(
    " return_state", " null::json as return_state"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    try:
        with postgres() as server:
            fill(server.url, given.rows)
            figures: dict[str, object] = {"orders": given.rows}
            for name, query in (("copy", QUERY), ("rows", BY_ROWS)):
                runs = [measured(server, query) for _ in range(given.runs)]
                figures[name] = max(runs, key=lambda run: run["rows_a_second"])
            print(json.dumps(figures, indent=2))
    except SystemExit as missing:
        print(missing)


def fill(url: str, rows: int) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(TABLE), {"rows": rows})
    engine.dispose()


def measured(server: object, query: str) -> dict[str, float]:
    before = server.seconds()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        figures = pool.submit(extract, server.url, query).result()
    rows = figures.pop("rows")
    return {
        "rows_a_second": round(rows / figures["seconds"]),
        "rows_a_second_of_our_processor": round(rows / figures["processor"]),
        "client_microseconds": round(figures["processor"] / rows * 1e6, 2),
        "server_microseconds": round((server.seconds() - before) / rows * 1e6, 2),
        "megabytes_before": figures["megabytes_before"],
        "megabytes_most": figures["megabytes_most"],
    }


def extract(url: str, query: str) -> dict[str, float]:
    """One night's extraction of orders, as a task does it."""
    source_map = SourceMap(queries={"orders": query}, recent_buyers="select 1")
    held, started, used = megabytes(), time.perf_counter(), time.process_time()
    with (
        tempfile.TemporaryDirectory() as folder,
        DatabaseSource(SecretStr(url), source_map) as source,
    ):
        summary = extract_night(source, Lake(Path(folder)), ORDERS, DAY, ZoneInfo("UTC"))
    return {
        "rows": summary.rows,
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - used,
        "megabytes_before": held,
        "megabytes_most": megabytes(),
    }


def megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
