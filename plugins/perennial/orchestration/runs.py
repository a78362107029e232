"""What every DAG has in common: its defaults, and the day of a run."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException

from perennial.orchestration.alerting import Operators
from perennial.settings import read_settings
from perennial.steps.services import shop_zone

START = datetime(2016, 1, 1, tzinfo=ZoneInfo("UTC"))
BACKFILL = "backfill"
DEFAULTS = {
    "owner": "data-engineering",
    "retries": 2,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": True,
    "execution_timeout": timedelta(hours=2),
    "on_failure_callback": [Operators("task_failed")],
}


def day_of(context: Any) -> date:  # noqa: ANN401 - Airflow's context
    """The run's day: from the form, else its partition, else the date of the run in the shop's zone."""
    run, asked = context["dag_run"], context["params"].get("day")
    partition = getattr(run, "partition_key", None)
    if asked and partition and asked != partition and run.run_type == BACKFILL:
        msg = (
            f"This run of a backfill is for {partition}, but its form says {asked}: every day of the range would be"
            " that one. Nothing was done. Begin the backfill again and leave Day empty."
        )
        raise AirflowFailException(msg)
    if chosen := asked or partition:
        return date.fromisoformat(chosen)
    after: datetime = run.run_after
    return after.astimezone(shop_zone(read_settings())).date()


def day_param() -> Param:
    """Asks for the day in the form of a run."""
    return Param(
        default=None,
        type=["null", "string"],
        format="date",
        title="Day",
        description="The day on which messages go out. Empty: the day of the run.",
    )
