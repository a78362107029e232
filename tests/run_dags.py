"""Runs DAGs in this process, one after another: `python run_dags.py DAY DAG_ID …`. The environment says where."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def main(day: str, *names: str) -> int:
    from perennial.orchestration import read_dags

    dags = read_dags(PROJECT / "dags")
    for name in names:
        run = dags[name].test(logical_date=None, run_conf={"day": day})
        if run.state != "success":
            sys.stderr.write(f"{name} ended as {run.state}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
