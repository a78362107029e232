"""A night of a million orders: what its checks take, by each way of running them, with equal findings.

Run: python benchmarks/validating.py [--orders 1000000] [--rules 20]

Each way runs in a process of its own, from raw text to the numbers of the rows that break each rule; memory is the most
that it ever held. `shipped` is the whole step of the night: every rule of the suite, figures and past, and what is
accepted and put aside written to the lake.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from checking.raw_orders import lay_night

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / ".benchmarks"
WAYS = {
    "pandas": "Great Expectations over one pandas frame",
    "chunks": "Great Expectations over pandas, 500,000 rows at a time",
    "screened": "the same, asked only about rules that a first look finds broken",
    "sql": "DuckDB alone, one condition a rule",
    "shipped": "the whole step, as shipped",
}


def main() -> None:
    options = arguments()
    results: dict[str, Any] = {"orders": options.orders, "rules": options.rules}
    with tempfile.TemporaryDirectory(prefix="perennial-bench-", dir=options.folder) as folder:
        lake = Lake(Path(folder) / "lake")
        lake.root.mkdir()
        with Engine(lake) as engine:
            lay_night(engine, options.orders)
        for way in options.ways:
            results[way] = measured(way, lake.root, options.rules)
            show(way, results[way])
    same = {json.dumps(results[way]["broken"]) for way in options.ways if way != "shipped"}
    assert len(same) <= 1, "the ways do not agree on the rows that break a rule"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "validating.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=20, help="the first so many about rows")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--folder", default=None, help="where the data is written for the run")
    return parser.parse_args()


def measured(way: str, lake: Path, rules: int) -> dict[str, Any]:
    """Runs one way to its end."""
    begun = time.perf_counter()
    command = [sys.executable, HERE / "checking" / "one_way.py", way, lake, str(rules)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, way)
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_megabytes": usage.ru_maxrss // 1024,
        **json.loads(said),
    }


def show(way: str, result: dict[str, Any]) -> None:
    print(
        f"{result['seconds']:8.1f} s  {result['processor_seconds']:8.1f} s of processor"
        f"  checks alone {result['checks']:6.1f} s  {result['peak_megabytes']:7,} MB   {WAYS[way]}",
        flush=True,
    )


if __name__ == "__main__":
    main()
