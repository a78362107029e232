"""DAGs read from a folder as Airflow reads them, for whoever runs them without a scheduler."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import DAG

from perennial.errors import PerennialError


def read_dags(folder: Path) -> dict[str, DAG]:
    """Every DAG of a folder, by id, as Airflow reads them.

    Raises:
        PerennialError: a file cannot be read; says which and why.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=folder)
    if bag.import_errors:
        raise PerennialError("\n".join(f"{path}: {why}" for path, why in bag.import_errors.items()))
    dags: dict[str, DAG] = dict(bag.dags)
    return dags
