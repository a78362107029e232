"""Reading a DAG file costs little and loads nothing heavy: Airflow does it over and over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
HEAVY = ("sqlglot", "great_expectations", "duckdb", "pandas", "pyarrow", "altair", "mjml")
_PARSE = """
import json, runpy, sys, time
import airflow.sdk
before = time.perf_counter()
runpy.run_path(sys.argv[1])
print(json.dumps({"seconds": time.perf_counter() - before, "loaded": sorted(sys.modules)}))
"""

pytestmark = pytest.mark.airflow


@pytest.mark.parametrize("name", ["nightly.py", "campaigns.py"])
def test_parsing_a_dag_file_loads_nothing_heavy(name: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "PYTHONPATH": str(PROJECT / "plugins"),
    }
    found = subprocess.run(
        [sys.executable, "-c", _PARSE, str(PROJECT / "dags" / name)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(found.stdout.splitlines()[-1])["loaded"])

    assert "perennial.orchestration" in loaded
    assert loaded.isdisjoint(HEAVY)
