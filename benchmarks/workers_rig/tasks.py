"""What a Celery worker of the benchmark can do: carry out one shard of a campaign's day, as Airflow's task does."""

from __future__ import annotations

import os
from datetime import date

from celery import Celery

# Results are files, so that nothing is connected to the broker any more when it ends.
app = Celery(
    "workers_rig", broker=os.environ["WORKERS_BROKER"], backend=os.environ["WORKERS_RESULTS"]
)


@app.task
def ready() -> int:
    """Loads what a shard needs, so that nobody's start is measured; says which process it was."""
    import perennial.delivery.sendgrid.emails
    import perennial.steps.services  # noqa: F401

    return os.getpid()


@app.task
def send_shard(campaign: str, day: str, plan_hash: str, shard: int) -> dict[str, int]:
    """How many messages became what."""
    from perennial.steps.services import services

    with services() as perennial:
        progress = perennial.dispatch(
            campaign, date.fromisoformat(day), plan_hash=plan_hash, shard=shard
        )
    return {str(state): count for state, count in progress.counts.items()}
