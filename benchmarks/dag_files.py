"""What it costs to read each DAG file, which Airflow does over and over: processor time beyond `import airflow.sdk`.

And what a campaign more costs: the campaigns' file is read once more from a project in which each campaign stands twice.

Run: python benchmarks/dag_files.py [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / ".benchmarks"
_READ = """
import runpy, sys, time
import airflow.sdk
begun = time.process_time()
runpy.run_path(sys.argv[1])
print(time.process_time() - begun)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="The middle of so many is told.")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        doubled = Path(folder) / "project"
        campaigns = double(doubled)
        names = sorted(file.name for file in (PROJECT / "dags").glob("*.py"))
        figures = {name: milliseconds(name, PROJECT, runs) for name in names}
        more = milliseconds("campaigns.py", doubled, runs) - figures["campaigns.py"]
        figures["a campaign more"] = round(more / campaigns, 1)
    for name, found in figures.items():
        print(f"{name:20} {found:8.1f} ms")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "dag_files.json").write_text(json.dumps(figures, indent=2), encoding="utf-8")


def double(project: Path) -> int:
    """A copy of the project in which each campaign stands twice, by another name; says how many there were."""
    project.mkdir()
    for name in ("campaigns", "templates", "expectations", "dags"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, project / name)
    files = sorted((project / "campaigns").glob("*.yaml"))
    for file in files:
        shutil.copy(file, file.with_stem(f"{file.stem}_again"))
    return len(files)


def milliseconds(name: str, project: Path, runs: int) -> float:
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "AIRFLOW_HOME": home,
            "PYTHONPATH": str(PROJECT / "plugins"),
            "PERENNIAL_PROJECT": str(project),
        }
        found = [seconds(project / "dags" / name, environment) for _ in range(runs + 1)]
    # The first compiles Python's files.
    return round(median(found[1:]) * 1000, 1)


def seconds(file: Path, environment: dict[str, str]) -> float:
    command = [sys.executable, "-c", _READ, str(file)]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(told.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
