"""The DAG of the night: from the shop's orders to the audiences of the day. It sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, CronPartitionTimetable, Param, TriggerRule, task
from airflow.sdk.exceptions import AirflowSkipException

from perennial.model.datasets import SHOP_DATASETS
from perennial.orchestration.asking import approved_by, release_question
from perennial.orchestration.installing import installation, without_retry
from perennial.orchestration.runs import BACKFILL, DEFAULTS, START, day_of, day_param
from perennial.orchestration.waiting import wait_for_turn

ORDERS = Asset(name="orders", uri="x-perennial://lake/verified/orders")
CUSTOMER_FEATURES = Asset(name="customer_features", uri="x-perennial://lake/customer_features")
MEMBERSHIPS = Asset(name="memberships", uri="x-perennial://lake/memberships")
SHOP_POOL = "shop"


def nightly_dag(
    *,
    cron: str,
    zone: ZoneInfo,
    doc: str,
    release_wait: timedelta = timedelta(hours=12),
    releasers: Sequence[str] = (),
) -> DAG:
    """The data chain of a night, by partition: a backfill of it rebuilds the lake and sends nothing.

    A night that the checks stop waits so long for one of the `releasers` to let it pass; without any, for whoever may.
    """
    with DAG(
        dag_id="nightly",
        schedule=CronPartitionTimetable(cron, timezone=zone.key, key_format="%Y-%m-%d"),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULTS,
        params={
            "day": day_param(),
            "refresh": Param(
                default=False,
                type="boolean",
                title="Read the shop again",
                description="Extracts the day once more, although it has been extracted before.",
            ),
        },
        doc_md=doc,
        tags=["perennial", "data"],
    ) as dag:
        datasets = list(SHOP_DATASETS)
        extracted = extract.expand(dataset=datasets)
        checked = validate.expand(dataset=datasets)
        judged = judge()
        released = release_question(release_wait, releasers)
        published = publish()
        wait_for_turn() >> extracted >> checked >> judged >> [released, published]
        released >> published >> understand() >> form_audiences() >> finish_erasures()
        # Beside the chain: whom SendGrid does not reach tonight, the claim and SendGrid itself keep from being written to.
        published >> sync_suppressions()
    return dag


@task(pool=SHOP_POOL, map_index_template="{{ task.op_kwargs['dataset'] }}")
def extract(dataset: str, **context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Reads what the shop wrote to one dataset in the day's interval."""
    refresh = bool(context["params"]["refresh"])
    with installation() as perennial, without_retry():
        return perennial.extract(dataset, day_of(context), refresh=refresh)


@task(map_index_template="{{ task.op_kwargs['dataset'] }}")
def validate(dataset: str, **context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Checks one dataset; bad rows are put aside with a reason."""
    with installation() as perennial:
        return perennial.validate(dataset, day_of(context))


@task.branch
def judge(**context: Any) -> str:  # noqa: ANN401 - Airflow's context
    """Lets a night pass that no check stops, or that somebody has released; else a person is asked.

    A backfill asks nobody: nights of the past that were stopped stay so, unless they were released as they are.
    """
    with installation() as perennial:
        judgement = perennial.judge_night(day_of(context))
    context["ti"].xcom_push(key="judgement", value=judgement.as_json())
    waits = judgement.waits and context["dag_run"].run_type != BACKFILL
    return "release" if waits else "publish"


@task(outlets=[ORDERS], trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
def publish(**context: Any) -> dict[str, int]:  # noqa: ANN401 - Airflow's context
    """Makes the checked rows the truth of the day, unless a check stops the night and nobody has released it."""
    day = day_of(context)
    with installation() as perennial, without_retry():
        if approved := approved_by(context, "release"):
            seen = context["ti"].xcom_pull(task_ids="judge", key="judgement")["verdict_hash"]
            perennial.release_night(day, by=approved.by, reason=approved.reason, seen=seen)
        try:
            published = perennial.publish(day)
        finally:
            perennial.write_night_page(day)
        _tell(context, ORDERS, perennial.written("verified/orders", day))
        return published


@task(outlets=[CUSTOMER_FEATURES])
def understand(**context: Any) -> int:  # noqa: ANN401 - Airflow's context
    """Works out where every customer stands."""
    day = day_of(context)
    with installation() as perennial:
        customers = perennial.understand(day)
        _tell(context, CUSTOMER_FEATURES, perennial.written("customer_features", day))
    return customers


@task(outlets=[MEMBERSHIPS])
def form_audiences(**context: Any) -> int:  # noqa: ANN401 - Airflow's context
    """Works out who is in which campaign's audience."""
    day = day_of(context)
    with installation() as perennial:
        memberships = perennial.form_audiences(day)
        _tell(context, MEMBERSHIPS, perennial.written("memberships", day))
    return memberships


def _tell(context: Mapping[str, Any], asset: Asset, written: Mapping[str, Any]) -> None:
    """Has the asset's event say what was written: day, rows and content hash, nothing about a person."""
    context["outlet_events"][asset].extra = dict(written)


@task(retries=3)
def sync_suppressions(**context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Takes over SendGrid's suppression lists before the campaigns of the day are planned, and hands on ours."""
    with installation() as perennial:
        if not perennial.syncs:
            msg = "Email does not go by SendGrid: there are no lists to read."
            raise AirflowSkipException(msg)
        if day_of(context) < perennial.now().astimezone(perennial.shop.zone).date():
            msg = "The lists are those of now: a night of the past has no use for them."
            raise AirflowSkipException(msg)
        synced = perennial.sync_suppressions()
    return {
        "read": sum(pulled.entries for pulled in synced.pulled.values()),
        "new": sum(pulled.new for pulled in synced.pulled.values()),
        "handed_on": synced.handed_on,
        "bouncing": synced.bouncing,
        "silent": sum(silence.silent for silence in synced.silences),
    }


@task
def finish_erasures(**_: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Forgets those who asked for it while a message of theirs was on its way, or while this night was at work."""
    with installation() as perennial:
        return perennial.finish_erasures().as_json()
