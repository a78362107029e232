"""Features, RFM and win-back memberships: our SQL against pandas, on the same Parquet files, with equal results.

The night after carries on what it can; worked out anew, it comes out the same.

Run: python benchmarks/features.py [--customers 1000000] [--orders-per-customer 10] [--lines 8]

Each side runs in a process of its own; time is from its start to its end, memory the most that it ever held. Beside
them stands what it takes to read every value of the same columns once. For shops that memory does not hold:

    python benchmarks/features.py --customers 10000000 --lines 4 --only-sql --memory-limit 3GB --folder DISK
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from customer_figures.synthetic_shop import DAY, NEXT_DAY, lay_next_night, lay_shop

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.sources.shop_file import read_shop

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "customer_figures"
RESULTS = HERE.parent / ".benchmarks"
_MADE = ("customer_features", "memberships")


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="perennial-bench-", dir=options.folder) as folder:
        lake = Lake(Path(folder) / "lake")
        sizes = lay(lake, options)
        print("  ".join(f"{name} {rows:,}" for name, rows in sizes.items()), flush=True)
        figures = against_reading(lake, DAY, options, "first night")
        if not options.only_sql:
            theirs = [Path(folder) / f"{name}.parquet" for name in ("features", "memberships")]
            figures["pandas"] = measured("by_pandas.py", lake.root, *theirs)
            show("pandas", figures["pandas"])
            compare(lake, *theirs)
            ratio = figures["pandas"]["seconds"] / figures["first night"]["seconds"]
            print(f"{ratio:8.1f} × faster; every compared column is equal")
        figures |= against_reading(lake, NEXT_DAY, options, "next night")
        figures |= next_night_anew(lake, options)
    keep({"rows": sizes, **figures})


def against_reading(
    lake: Lake, day: date, options: argparse.Namespace, what: str
) -> dict[str, dict[str, float]]:
    """A night, beside what it takes to read once what it is worked out from."""
    night = (lake.root, options.memory_limit, day)
    once = measured("by_scan.py", *night)
    show(f"what the {what} is worked out from, read once", once)
    worked_out = measured("by_sql.py", *night)
    show(what, worked_out)
    times = worked_out["processor_seconds"] / once["processor_seconds"]
    print(f"{times:8.1f} × the processor time of reading once", flush=True)
    return {f"{what} read once": once, what: worked_out}


def next_night_anew(lake: Lake, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """The next night once more, with nothing to carry on: the same rows come out."""
    partitions = [Partition(dataset=name, day=NEXT_DAY) for name in _MADE]
    with Engine(lake, memory_limit="8GB") as engine:
        carried = [engine.content_hash(partition) for partition in partitions]
        shutil.rmtree(lake.root / "figures", ignore_errors=True)
        anew = measured("by_sql.py", lake.root, options.memory_limit, NEXT_DAY)
        assert [engine.content_hash(partition) for partition in partitions] == carried
    show("the same, worked out anew: the same rows", anew)
    return {"next night anew": anew}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--orders-per-customer", type=float, default=10)
    parser.add_argument("--lines", type=int, default=8, help="at most so many lines a basket")
    parser.add_argument("--memory-limit", default="1200MB", help="DuckDB's; pandas has none")
    parser.add_argument("--only-sql", action="store_true", help="without pandas: for larger shops")
    parser.add_argument("--folder", default=None, help="where the data is written for the run")
    return parser.parse_args()


def lay(lake: Lake, options: argparse.Namespace) -> dict[str, int]:
    lake.root.mkdir(parents=True)
    shop = read_shop(HERE.parent / "shop.yaml")
    with Engine(lake, memory_limit="3GB") as engine:
        lay_shop(
            engine,
            shop.zone,
            customers=options.customers,
            orders_per_customer=options.orders_per_customer,
            lines=options.lines,
        )
        lay_next_night(engine, shop.zone, lines=options.lines)
        engine.open_day(DAY)
        names = ("customers", "orders", "order_lines")
        return {name: engine.scalar(f"select count(*) from {name}") for name in names}


def measured(script: str, *words: object) -> dict[str, float]:
    """Runs one side to its end."""
    begun = time.perf_counter()
    child = subprocess.Popen([sys.executable, FIGURES / script, *map(str, words)])
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, script)
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_megabytes": usage.ru_maxrss // 1024,
    }


def compare(lake: Lake, features: Path, memberships: Path) -> None:
    """Every column that pandas has worked out equals ours, for every customer."""
    with Engine(lake) as engine:
        ours = lake.root / "customer_features" / f"day={DAY}" / "data.parquet"
        members = lake.root / "memberships" / f"day={DAY}" / "data.parquet"
        names = [r["column_name"] for r in engine.rows(f"describe from read_parquet('{ours}')")]
        theirs = engine.rows(f"describe from read_parquet('{features}')")
        shared = [r["column_name"] for r in theirs if r["column_name"] in names]
        counts = ", ".join(f'count(*) filter ({differs(name)}) as "{name}"' for name in shared)
        (found,) = engine.rows(
            f"select {counts} from read_parquet('{ours}') as ours full join read_parquet('{features}') as theirs"
            " using (customer_id)"
        )
        assert {name: n for name, n in found.items() if n} == {}
        rows = "select customer_id, occasion from read_parquet"
        more = f"({rows}('{members}') except all {rows}('{memberships}'))"
        less = f"({rows}('{memberships}') except all {rows}('{members}'))"
        assert engine.scalar(f"select count(*) from ({more} union all {less})") == 0


def differs(name: str) -> str:
    """Figures may differ in the seventh digit, where two ways of rounding part."""
    if name.endswith(("_ratio", "_rate", "_share")):
        return f'abs(coalesce(ours."{name}", -1) - coalesce(theirs."{name}", -1)) > 0.000002'
    if name.endswith("_on"):
        return f'ours."{name}" is distinct from theirs."{name}"::date'
    if name.startswith(("revenue", "average")):
        return f'ours."{name}" is distinct from theirs."{name}"::decimal(18, 2)'
    return f'ours."{name}" is distinct from theirs."{name}"'


def show(what: str, figures: dict[str, float]) -> None:
    print(
        f"{figures['seconds']:8.1f} s  {figures['processor_seconds']:8.1f} s of processor"
        f"  {figures['peak_megabytes']:7,} MB   {what}",
        flush=True,
    )


def keep(result: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "features.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
