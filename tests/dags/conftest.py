"""Airflow for the tests of the DAGs: a home of its own, made once a process, before Airflow is imported."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]

_HOME = tempfile.mkdtemp(prefix="perennial-airflow-")
AIRFLOW_ENVIRONMENT = {
    "AIRFLOW_HOME": _HOME,
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
}
os.environ.update(AIRFLOW_ENVIRONMENT)


@pytest.fixture(scope="session")
def dags() -> dict[str, Any]:
    """Every DAG of the project, by id, as Airflow reads them."""
    from perennial.orchestration import read_dags

    return read_dags(PROJECT / "dags")
