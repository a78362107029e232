"""What a run waits for: a night for its turn, a campaign for the audiences of its day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException

from perennial.orchestration.installing import installation
from perennial.orchestration.runs import day_of

# Of a partition's run: backfill__2026-11-22T02:00:00+00:00__2026-11-20__x7Kq2m1a
_DAY_OF_RUN = re.compile(r"__(\d{4}-\d{2}-\d{2})__")
_ENDED = frozenset(("success", "failed", "upstream_failed", "skipped", "removed"))
_PATIENCE = timedelta(hours=6)


@task.sensor(poke_interval=10, timeout=6 * 60 * 60, mode="reschedule")
def wait_for_turn(**context: Any) -> bool:  # noqa: ANN401 - Airflow's context
    """Lets the nights before this one, if they are at work, publish first: a night builds on what they verified.

    Their features and audiences are not waited for, so the nights of a backfill overlap.
    """
    ti, dag_id = context["ti"], context["dag_run"].dag_id
    states = ti.get_task_states(dag_id=dag_id, task_ids=["publish"])
    before = unpublished_before(day_of(context), states)
    # A run that only waits in line does not count: tonight is not held up by a year that is being rebuilt.
    return not before or not ti.get_dr_count(dag_id=dag_id, run_ids=before, states=["running"])


def unpublished_before(day: date, states: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """Runs of earlier days whose `publish` has not ended, by what their ids say of their day."""
    days = {run: _DAY_OF_RUN.search(run) for run in states}
    return [
        run
        for run, found in days.items()
        if found and date.fromisoformat(found[1]) < day and states[run].get("publish") not in _ENDED
    ]


@task.sensor(poke_interval=60, timeout=2 * _PATIENCE.total_seconds(), mode="reschedule")
def wait_for_audiences(**context: Any) -> bool:  # noqa: ANN401 - Airflow's context
    """Looks for verified data of the day. When none comes in time, the run ends and says why; nothing is sent."""
    with installation() as perennial:
        missing = perennial.no_data(day_of(context))
    if missing is None:
        return True
    run = context["dag_run"]
    if datetime.now(UTC) - (run.start_date or run.run_after) < _PATIENCE:
        return False
    context["ti"].xcom_push(key="no_data", value=str(missing))
    raise AirflowFailException(str(missing))
