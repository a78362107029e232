"""The only file that imports Airflow: turns the pipeline's functions into DAGs.

A task holds no logic: it works out the day, calls one pipeline function, and hands on counts and hashes, never
people. Any task may be killed, retried or cleared at any time; what it did is recognised in the lake and the ledger.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import (
    DAG,
    Asset,
    Connection,
    CronPartitionTimetable,
    CronTriggerTimetable,
    Param,
    TriggerRule,
    task,
)
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowRescheduleException,
    AirflowSkipException,
)

from perennial.campaigns.describing import describe_campaign
from perennial.errors import (
    AccountingError,
    CampaignError,
    DeliveryError,
    KeyRefused,
    NightStopped,
    PerennialError,
    PlanError,
    RunInterrupted,
    SettingsError,
)
from perennial.model.datasets import SHOP_DATASETS
from perennial.model.words import LONGEST_REASON
from perennial.settings import Settings, read_settings
from perennial.steps.services import Perennial, services, shop_zone

if TYPE_CHECKING:
    from perennial.campaigns.definition import Campaign
    from perennial.pipeline.approving import Approvals

ORDERS = Asset(name="orders", uri="x-perennial://lake/verified/orders")
CUSTOMER_FEATURES = Asset(name="customer_features", uri="x-perennial://lake/customer_features")
MEMBERSHIPS = Asset(name="memberships", uri="x-perennial://lake/memberships")

SHOP_POOL = "shop"
PROVIDER_POOL = "providers"
_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_START = datetime(2016, 1, 1, tzinfo=ZoneInfo("UTC"))
# Of a partition's run: backfill__2026-11-22T02:00:00+00:00__2026-11-20__x7Kq2m1a
_DAY_OF_RUN = re.compile(r"__(\d{4}-\d{2}-\d{2})__")
_ENDED = frozenset(("success", "failed", "upstream_failed", "skipped", "removed"))
# A second try cures none of them: a person has to do what they say.
_FINAL = (NightStopped, PlanError, AccountingError, DeliveryError, KeyRefused)
_BACKFILL = "backfill"
_PATIENCE = timedelta(hours=6)
_DEFAULTS = {
    "owner": "data-engineering",
    "retries": 2,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": True,
    "execution_timeout": timedelta(hours=2),
}


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
        start_date=_START,
        catchup=False,
        max_active_runs=1,
        default_args=_DEFAULTS,
        params={
            "day": _day_param(),
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
        released = _release(release_wait, releasers)
        published = publish()
        wait_for_turn() >> extracted >> checked >> judged >> [released, published]
        released >> published >> understand() >> form_audiences() >> finish_erasures()
        # Beside the chain: whom SendGrid does not reach tonight, the claim and SendGrid itself keep from being written to.
        published >> sync_suppressions()
    return dag


def campaign_dag(campaign: Campaign, *, zone: ZoneInfo, shards: int) -> DAG:
    """A campaign on its own cron: waits for the day's audiences, never for assets, so a backfill cannot send."""
    with DAG(
        dag_id=f"campaign_{campaign.name}",
        dag_display_name=campaign.title,
        schedule=CronTriggerTimetable(campaign.schedule, timezone=zone.key),
        start_date=_START,
        catchup=False,
        max_active_runs=1,
        default_args=_DEFAULTS | {"owner": campaign.owner},
        params=_campaign_params(),
        doc_md=describe_campaign(campaign),
        tags=["perennial", "campaign", str(campaign.topic)],
        description=campaign.title,
    ) as dag:
        planned = plan(campaign.name)
        gated = gate(planned)
        approved = _approval(campaign, "approve")
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
            second = _approval(campaign, "approve_second")
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
        start_date=_START,
        default_args={"owner": "marketing"},
        doc_md=f"This campaign cannot run, because its file has mistakes:\n\n```\n{error}\n```",
        tags=["perennial", "campaign", "broken"],
    ) as dag:

        @task
        def read_campaign() -> None:
            raise AirflowFailException(str(error))

        read_campaign()
    return dag


@task.sensor(poke_interval=10, timeout=6 * 60 * 60, mode="reschedule")
def wait_for_turn(**context: Any) -> bool:  # noqa: ANN401 - Airflow's context
    """Lets the nights before this one, if they are at work, publish first: a night builds on what they verified.

    Their features and audiences are not waited for, so the nights of a backfill overlap.
    """
    ti, dag_id = context["ti"], context["dag_run"].dag_id
    states = ti.get_task_states(dag_id=dag_id, task_ids=["publish"])
    before = unpublished_before(_day(context), states)
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


@task(pool=SHOP_POOL, map_index_template="{{ task.op_kwargs['dataset'] }}")
def extract(dataset: str, **context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Reads what the shop wrote to one dataset in the day's interval."""
    refresh = bool(context["params"]["refresh"])
    with _installation() as perennial, _without_retry():
        return perennial.extract(dataset, _day(context), refresh=refresh)


@task(map_index_template="{{ task.op_kwargs['dataset'] }}")
def validate(dataset: str, **context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Checks one dataset; bad rows are put aside with a reason."""
    with _installation() as perennial:
        return perennial.validate(dataset, _day(context))


@task.branch
def judge(**context: Any) -> str:  # noqa: ANN401 - Airflow's context
    """Lets a night pass that no check stops, or that somebody has released; else a person is asked.

    A backfill asks nobody: nights of the past that were stopped stay so, unless they were released as they are.
    """
    with _installation() as perennial:
        judgement = perennial.judge_night(_day(context))
    context["ti"].xcom_push(key="judgement", value=judgement.as_json())
    waits = judgement.waits and context["dag_run"].run_type != _BACKFILL
    return "release" if waits else "publish"


class ReasonedApproval(ApprovalOperator):  # type: ignore[misc] # Airflow's providers are not typed
    """An approval that counts only with its reason: whoever gives none is asked again."""

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:  # noqa: ANN401 - Airflow's own
        """Takes the answer, or asks again."""
        said = (event.get("params_input") or {}).get("reason")
        if event.get("chosen_options") == [self.APPROVE] and not str(said or "").strip():
            self.log.warning("Approved without a reason: nothing was let go. It is asked again.")
            return self.execute(context)
        if self.fail_on_reject and event.get("chosen_options") == [self.REJECT]:
            # Final: a second try would only ask the same again.
            msg = "Rejected, or not answered in time: nothing was published, nothing is sent."
            raise AirflowFailException(msg)
        return super().execute_complete(context, event)


def _release(wait: timedelta, releasers: Sequence[str]) -> ReasonedApproval:
    judgement = "ti.xcom_pull(task_ids='judge', key='judgement')"
    return ReasonedApproval(
        task_id="release",
        subject=f"Release the stopped night of {{{{ {judgement}['day'] }}}}?",
        body=(
            f"{{% for why in {judgement}['why'] %}}- {{{{ why }}}}\n{{% endfor %}}\n"
            "Nothing was published and nothing is sent.\n\n"
            "**Approve** publishes the night as it is: rows that break a rule stay put aside, and the campaigns of the"
            " day go on. **Reject**, or no answer in time, publishes nothing; the next night looks at these rows"
            f" again. What is released is verdict `{{{{ {judgement}['verdict_hash'][:12] }}}}` and no other;"
            f" more: `perennial verdict --day {{{{ {judgement}['day'] }}}}`."
        ),
        params={"reason": _reason_param()},
        defaults="Reject",
        assigned_users=[{"id": user, "name": user} for user in releasers] or None,
        response_timeout=wait,
        fail_on_reject=True,
    )


@task(outlets=[ORDERS], trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
def publish(**context: Any) -> dict[str, int]:  # noqa: ANN401 - Airflow's context
    """Makes the checked rows the truth of the day, unless a check stops the night and nobody has released it."""
    day = _day(context)
    with _installation() as perennial, _without_retry():
        if approved := _approved(context, "release"):
            seen = context["ti"].xcom_pull(task_ids="judge", key="judgement")["verdict_hash"]
            perennial.release_night(day, by=approved.by, reason=approved.reason, seen=seen)
        try:
            return perennial.publish(day)
        finally:
            perennial.write_night_page(day)


@task(outlets=[CUSTOMER_FEATURES])
def understand(**context: Any) -> int:  # noqa: ANN401 - Airflow's context
    """Works out where every customer stands."""
    with _installation() as perennial:
        return perennial.understand(_day(context))


@task(outlets=[MEMBERSHIPS])
def form_audiences(**context: Any) -> int:  # noqa: ANN401 - Airflow's context
    """Works out who is in which campaign's audience."""
    with _installation() as perennial:
        return perennial.form_audiences(_day(context))


@task(retries=3)
def sync_suppressions(**context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Takes over SendGrid's suppression lists before the campaigns of the day are planned, and hands on ours."""
    with _installation() as perennial:
        if not perennial.syncs:
            msg = "Email does not go by SendGrid: there are no lists to read."
            raise AirflowSkipException(msg)
        if _day(context) < perennial.now().astimezone(perennial.shop.zone).date():
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
    with _installation() as perennial:
        return perennial.finish_erasures().as_json()


@task.sensor(poke_interval=60, timeout=2 * _PATIENCE.total_seconds(), mode="reschedule")
def wait_for_audiences(**context: Any) -> bool:  # noqa: ANN401 - Airflow's context
    """Looks for verified data of the day. When none comes in time, the run ends and says why; nothing is sent."""
    with _installation() as perennial:
        missing = perennial.no_data(_day(context))
    if missing is None:
        return True
    run = context["dag_run"]
    if datetime.now(UTC) - (run.start_date or run.run_after) < _PATIENCE:
        return False
    context["ti"].xcom_push(key="no_data", value=str(missing))
    raise AirflowFailException(str(missing))


@task
def plan(campaign: str, **context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Decides about every member of the audience; `missing` counts the people who have to approve first, `why` says why."""
    day = _day(context)
    with _installation() as perennial, _without_retry():
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
    with _installation() as perennial:
        missing = perennial.approvals(campaign, _day(context)).missing
    return "approve_second" if missing else "dispatch"


class PlanApproval(ReasonedApproval):
    """An approval of one plan with its words and rules: when they are others by the time of the answer, it is asked again.

    It is asked again by another try of the task. Airflow keeps the text and the form of the first try, so that its own
    page can then refuse, and no longer approve; the Studio shows what would leave, and answers for that.
    """

    body: str

    def __init__(self, *, campaign: str, **kwargs: Any) -> None:  # noqa: ANN401 - Airflow's own
        super().__init__(**kwargs)
        self.campaign = campaign

    def execute(self, context: Any) -> Any:  # noqa: ANN401 - Airflow's own
        """Asks about the plan as it is now."""
        planned = context["ti"].xcom_pull(task_ids="plan")
        with _installation() as perennial, _without_retry():
            approvals = perennial.approvals(self.campaign, _day(context))
        if approvals.looked_at.plan_hash != planned["plan_hash"]:
            msg = "The day was planned anew by another run. Clear the task `plan`: that asks about the new plan."
            raise AirflowFailException(msg)
        self.params["plan"] = approvals.looked_at.subject
        self.body = "\n".join([*_approved_so_far(approvals), self.body])
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:  # noqa: ANN401 - Airflow's own
        """Takes the answer if it is for what would leave, and by somebody who has not answered before."""
        day, said = _day(context), event.get("params_input") or {}
        who = _who(event.get("responded_by_user"))
        with _installation() as perennial:
            if event.get("chosen_options") == [self.REJECT]:
                if event.get("responded_by_user"):
                    reason = str(said.get("reason") or "").strip() or "no reason given"
                    perennial.reject(self.campaign, day, by=who, reason=reason)
            else:
                approvals = perennial.approvals(self.campaign, day)
                if said.get("plan") != approvals.looked_at.subject:
                    raise AskedAgain(_CHANGED)
                if who in approvals.by:
                    raise AskedAgain(_SAME_PERSON)
        return super().execute_complete(context, event)


class AskedAgain(AirflowException):  # type: ignore[misc] # Airflow is not typed
    """An answer that does not count; the next try of the task asks again."""


_CHANGED = (
    "What was approved is not what would leave: the plan, its words or its rules have changed since the question was"
    " asked. Nothing was sent. It is asked again: answer in the Studio, which shows what would leave now. Airflow's own"
    " page shows a question as it was asked first; to be asked there, start a new run of the day."
)
_SAME_PERSON = "Two different people have to approve, and this one has already. It is asked again."


def _approved_so_far(approvals: Approvals) -> list[str]:
    said = [f"- **Approved** by {entry.actor}: {entry.reason}" for entry in approvals.given]
    if approvals.void:
        said.append(f"- **{approvals.void}**")
    return said


def _approval(campaign: Campaign, task_id: str) -> PlanApproval:
    summary = "ti.xcom_pull(task_ids='plan')"
    return PlanApproval(
        task_id=task_id,
        campaign=campaign.name,
        subject=f"Send “{campaign.title}” to {{{{ {summary}['send'] }}}} customers?",
        body=(
            f"{{% for why in {summary}['why'] %}}- **Held:** {{{{ why }}}}\n{{% endfor %}}\n"
            f"Audience {{{{ {summary}['audience'] }}}}, deferred {{{{ {summary}['defer'] }}}}, held out"
            f" {{{{ {summary}['hold_out'] }}}}. Cost {{{{ {summary}['cost'] }}}} {{{{ {summary}['currency'] }}}}."
            f" Plan `{{{{ {summary}['plan_hash'][:12] }}}}`: what is approved is this plan and no other, with the words"
            " and rules of now. The Studio shows them, under Approvals."
        ),
        params={"reason": _reason_param(), "plan": _plan_param()},
        defaults="Reject",
        response_timeout=campaign.expires_after,
        # Each answer that does not count takes a try.
        retries=50,
        retry_delay=timedelta(seconds=5),
        retry_exponential_backoff=False,
    )


@task
def note_approval(
    campaign: str,
    plan: dict[str, Any],
    answered: str = "approve",
    **context: Any,  # noqa: ANN401 - Airflow's context
) -> str | None:
    """Writes down who let the plan leave, and why; without that, a plan that is held does not leave."""
    approved = _approved(context, answered)
    if approved is None:
        return None
    day, plan_hash = _day(context), plan["plan_hash"]
    with _installation() as perennial, _without_retry():
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
    with _installation() as perennial, _without_retry():
        progress = perennial.dispatch(
            campaign,
            _day(context),
            plan_hash=plan["plan_hash"],
            shard=shard,
            customers=params["customers"] or (),
            limit=params["limit"],
        )
    if progress.next_wave is not None:
        raise AirflowRescheduleException(progress.next_wave)
    return progress.as_json()


@task(trigger_rule=TriggerRule.NONE_FAILED)
def account(campaign: str, **context: Any) -> dict[str, Any]:  # noqa: ANN401 - Airflow's context
    """Checks that every person is accounted for."""
    with _installation() as perennial, _without_retry():
        return perennial.account(campaign, _day(context)).as_json()


@contextmanager
def _installation() -> Iterator[Perennial]:
    """The installation, with what its settings leave to Airflow's connections."""
    with services(read_settings(**connected(read_settings()))) as perennial:
        yield perennial


def connected(settings: Settings) -> dict[str, object]:
    """The settings that Airflow's connections hold: the shop's database or API, the providers' keys and hosts.

    The names of the connections are taken out, so that what is put together is checked as if nobody had named any.

    Raises:
        SettingsError: Airflow does not know a connection that the settings name, or its key is missing.
    """
    found: dict[str, object] = {}
    if settings.source_connection:
        found |= _source(_connection(settings.source_connection))
    if name := settings.sendgrid_connection:
        connection = _connection(name)
        found |= {"sendgrid_connection": None} | _host("sendgrid_host", connection)
        found["sendgrid_api_key"] = _part(name, connection, "password", "SendGrid's API key")
    if name := settings.twilio_connection:
        connection = _connection(name)
        found |= {"twilio_connection": None} | _host("twilio_host", connection)
        found["twilio_account_sid"] = _part(name, connection, "login", "Twilio's account, AC…")
        found["twilio_auth_token"] = _part(name, connection, "password", "Twilio's auth token")
    return found


def _connection(name: str) -> Any:  # noqa: ANN401 - Airflow's connection
    variable = f"AIRFLOW_CONN_{name.upper()}"
    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        msg = f"Airflow has no connection {name!r}. Set {variable}; for tasks alone, Admin, Connections will do, too."
        if variable in os.environ:
            msg = f"{variable} cannot be read: write JSON, or an address as Airflow spells connections."
        raise SettingsError(msg) from None


def _part(name: str, connection: Any, part: str, what: str) -> object:  # noqa: ANN401 - Airflow's connection
    value: object = getattr(connection, part)
    if not value:
        msg = f"Airflow's connection {name!r} has no {part}: {what} belongs there."
        raise SettingsError(msg)
    return value


def _host(setting: str, connection: Any) -> dict[str, object]:  # noqa: ANN401 - Airflow's connection
    """Where a connection names a host, the provider is asked there: the EU's, or an emulator."""
    host = connection.host
    if not host:
        return {}
    if "://" not in host:
        host = f"{connection.schema or 'https'}://{host}"
    return {setting: f"{host}:{connection.port}" if connection.port else host}


def _source(connection: Any) -> dict[str, object]:  # noqa: ANN401 - Airflow's connection
    """The address of the shop's database; or, from a connection of type http, the key of its API."""
    if connection.conn_type == "http":
        return {"source_api_key": connection.login, "source_api_secret": connection.password}
    return {"source_url": _source_url(connection)}


def _source_url(connection: Any) -> str:  # noqa: ANN401 - Airflow's connection
    """An Airflow connection as SQLAlchemy spells it; schemes of databases that we do not know stay as they are."""
    if connection.conn_type == "sqlite":  # Airflow writes the file as the host, or as the schema
        return f"sqlite:///{connection.host or connection.schema}"
    scheme, rest = str(connection.get_uri()).split("://", 1)
    return f"{_DRIVERS.get(scheme, scheme)}://{rest}"


@contextmanager
def _without_retry() -> Iterator[None]:
    """Errors that a second try cannot cure fail the task at once."""
    try:
        yield
    except RunInterrupted:
        raise  # the worker went away; the next one goes on
    except _FINAL as error:
        raise AirflowFailException(str(error)) from error


def _day(context: Any) -> date:  # noqa: ANN401 - Airflow's context
    """The run's day: from the form, else its partition, else the date of the run in the shop's zone."""
    run, asked = context["dag_run"], context["params"].get("day")
    partition = getattr(run, "partition_key", None)
    if asked and partition and asked != partition and run.run_type == _BACKFILL:
        msg = (
            f"This run of a backfill is for {partition}, but its form says {asked}: every day of the range would be"
            " that one. Nothing was done. Begin the backfill again and leave Day empty."
        )
        raise AirflowFailException(msg)
    if chosen := asked or partition:
        return date.fromisoformat(chosen)
    after: datetime = run.run_after
    return after.astimezone(shop_zone()).date()


@dataclass(frozen=True, kw_only=True)
class _Approved:
    """Who answered an approval with yes, and why."""

    by: str
    reason: str
    plan: str | None


def _approved(context: Any, task_id: str) -> _Approved | None:  # noqa: ANN401 - Airflow's context
    answer = context["ti"].xcom_pull(task_ids=task_id)
    if not answer or answer["chosen_options"] != [ApprovalOperator.APPROVE]:
        return None
    said = answer["params_input"]
    by = _who(answer.get("responded_by_user"))
    return _Approved(by=by, reason=str(said["reason"]), plan=said.get("plan"))


def _who(user: dict[str, Any] | None) -> str:
    known = user or {}
    return str(known.get("name") or known.get("id") or "Airflow")


def _reason_param() -> Param:
    return Param(
        default="",
        type="string",
        maxLength=LONGEST_REASON,
        title="Why",
        description="It is kept in the audit log with your name. No names of customers, no addresses.",
    )


def _plan_param() -> Param:
    return Param(
        default="",
        type="string",
        title="What is approved",
        description="Stays as it is: the campaign, the day, and the hashes of the plan and of its words and rules.",
    )


def _day_param() -> Param:
    return Param(
        default=None,
        type=["null", "string"],
        format="date",
        title="Day",
        description="The day on which messages go out. Empty: the day of the run.",
    )


def _campaign_params() -> dict[str, Param]:
    return {
        "day": _day_param(),
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
