"""The DAG of a campaign: waits for the day's audiences, plans, asks, sends, accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronTriggerTimetable, Param, TriggerRule, task
from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException

from perennial.campaigns.describing import describe_campaign
from perennial.errors import CampaignError
from perennial.orchestration.alerting import Watching
from perennial.orchestration.asking import approved_by, plan_question
from perennial.orchestration.installing import installation, without_retry
from perennial.orchestration.runs import DEFAULTS, START, day_of, day_param
from perennial.orchestration.waiting import wait_for_audiences

if TYPE_CHECKING:
    from perennial.campaigns.definition import Campaign

PROVIDER_POOL = "providers"


def campaign_dag(
    campaign: Campaign, *, zone: ZoneInfo, shards: int, approval_limit: int | None = None
) -> DAG:
    """A campaign on its own cron: waits for the day's audiences, never for assets, so a backfill cannot send."""
    with DAG(
        dag_id=f"campaign_{campaign.name}",
        dag_display_name=campaign.title,
        schedule=CronTriggerTimetable(campaign.schedule, timezone=zone.key),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULTS | {"owner": campaign.owner},
        params=_params(),
        doc_md=describe_campaign(campaign, approval_limit=approval_limit),
        tags=["perennial", "campaign", str(campaign.topic)],
        description=campaign.title,
    ) as dag:
        planned = plan(campaign.name)
        gated = gate(planned)
        approved = plan_question(campaign, "approve")
        sent = dispatch.partial(campaign=campaign.name, plan=planned).expand(
            shard=list(range(shards))
        )
        accounted = account(campaign.name)
        noted = note_approval(campaign.name, planned)
        wait_for_audiences() >> planned >> gated >> [approved, sent, accounted]
        # What is rejected skips both: a branch that was not taken would skip the note alone.
        approved >> [noted, sent]
        noted >> sent >> accounted
        if campaign.approval.two_above is not None:
            second = plan_question(campaign, "approve_second")
            noted_second = note_approval.override(task_id="note_second_approval")(
                campaign.name, planned, answered="approve_second"
            )
            noted >> gate_second(campaign.name) >> [second, sent]
            second >> [noted_second, sent]
            noted_second >> sent
    return dag


def broken_campaign_dag(name: str, error: CampaignError) -> DAG:
    """Shows a campaign file with mistakes in the UI, with the mistakes, in place of hiding it."""
    with DAG(
        dag_id=f"campaign_{name}",
        schedule=None,
        start_date=START,
        default_args={"owner": "marketing"},
        doc_md=f"This campaign cannot run, because its file has mistakes:\n\n```\n{error}\n```",
        tags=["perennial", "campaign", "broken"],
    ) as dag:

        @task
        def read_campaign() -> None:
            raise AirflowFailException(str(error))

        read_campaign()
    return dag


@task
def plan(campaign: str, **context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Decides about every member of the audience; `missing` counts the people who have to approve first, `why` says why."""
    day = day_of(context)
    with installation() as perennial, without_retry():
        planned = perennial.plan(campaign, day)
        approvals = perennial.approvals(campaign, day)
        if perennial.holds(campaign, day, plan_hash=planned.plan_hash):
            perennial.write_night_page(day)
    return planned.as_json() | {"missing": approvals.missing, "why": list(approvals.why)}


@task.branch
def gate(plan: dict[str, Any], **context: Any) -> str | list[str]:  # noqa: ANN401 - Airflow's context
    """Sends at once, asks a person first, or stops after the plan when the run is a trial."""
    if context["params"]["dry_run"]:
        return "account"
    return "approve" if plan["missing"] else "dispatch"


@task.branch
def gate_second(campaign: str, **context: Any) -> str:  # noqa: ANN401 - Airflow's context
    """Asks somebody else, too, where one person is not enough."""
    with installation() as perennial:
        missing = perennial.approvals(campaign, day_of(context)).missing
    return "approve_second" if missing else "dispatch"


@task
def note_approval(
    campaign: str,
    plan: dict[str, Any],
    answered: str = "approve",
    **context: Any,  # noqa: ANN401 - Airflow's context
) -> str | None:
    """Writes down who let the plan leave, and why; without that, a plan that is held does not leave."""
    approved = approved_by(context, answered)
    if approved is None:
        return None
    day, plan_hash = day_of(context), plan["plan_hash"]
    with installation() as perennial, without_retry():
        entry = perennial.approve(
            campaign,
            day,
            plan_hash=plan_hash,
            by=approved.by,
            reason=approved.reason,
            seen=approved.plan,
        )
    return entry.reason


@task(
    pool=PROVIDER_POOL,
    trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
    map_index_template="shard {{ task.op_kwargs['shard'] }}",
    execution_timeout=timedelta(hours=14),
)
def dispatch(
    campaign: str,
    plan: dict[str, Any],
    shard: int,
    **context: Any,  # noqa: ANN401 - Airflow's context
) -> dict[str, Any]:
    """Sends what is due, then leaves its worker until there is something to do again.

    That is the next wave, the time when what was sent away may be tried again, or when a pause is looked at again.
    Retries are for crashes; a retry writes to nobody twice.
    """
    params = context["params"]
    with installation() as perennial, without_retry():
        progress = perennial.dispatch(
            campaign,
            day_of(context),
            plan_hash=plan["plan_hash"],
            shard=shard,
            customers=params["customers"] or (),
            limit=params["limit"],
        )
    if progress.next_wave is not None:
        raise AirflowRescheduleException(progress.next_wave)
    return progress.as_json()


@task(trigger_rule=TriggerRule.NONE_FAILED, on_success_callback=[Watching()])
def account(campaign: str, **context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Checks that every person is accounted for."""
    with installation() as perennial, without_retry():
        return perennial.account(campaign, day_of(context)).as_json()


def _params() -> dict[str, Param]:
    return {
        "day": day_param(),
        "dry_run": Param(
            default=False,
            type="boolean",
            title="Dry run",
            description="Plans and accounts, sends nothing.",
        ),
        "customers": Param(
            default=None,
            type=["null", "array"],
            items={"type": "string"},
            title="Only these customers",
            description="Customer ids, one a line. Everybody else waits.",
        ),
        "limit": Param(
            default=None,
            type=["null", "integer"],
            minimum=1,
            title="At most so many messages",
            description="A first few, to see that all is well. The rest waits for the next run of the day.",
        ),
    }
