"""What a person is asked: whether a stopped night may pass, and whether a plan may leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from perennial.model.words import LONGEST_REASON
from perennial.orchestration.alerting import Operators
from perennial.orchestration.installing import installation, without_retry
from perennial.orchestration.runs import day_of

if TYPE_CHECKING:
    from perennial.campaigns.definition import Campaign
    from perennial.pipeline.approving import Approvals

_CHANGED = (
    "What was approved is not what would leave: the plan, its words or its rules have changed since the question was"
    " asked. Nothing was sent. It is asked again: answer in the Studio, which shows what would leave now. Airflow's own"
    " page shows a question as it was asked first; to be asked there, start a new run of the day."
)
_SAME_PERSON = "Two different people have to approve, and this one has already. It is asked again."


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
        with installation() as perennial, without_retry():
            approvals = perennial.approvals(self.campaign, day_of(context))
        if approvals.looked_at.plan_hash != planned["plan_hash"]:
            msg = "The day was planned anew by another run. Clear the task `plan`: that asks about the new plan."
            raise AirflowFailException(msg)
        self.params["plan"] = approvals.looked_at.subject
        self.body = "\n".join([*_approved_so_far(approvals), self.body])
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:  # noqa: ANN401 - Airflow's own
        """Takes the answer if it is for what would leave, and by somebody who has not answered before."""
        day, said = day_of(context), event.get("params_input") or {}
        who = _who(event.get("responded_by_user"))
        with installation() as perennial:
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


def _approved_so_far(approvals: Approvals) -> list[str]:
    said = [f"- **Approved** by {entry.actor}: {entry.reason}" for entry in approvals.given]
    if approvals.void:
        said.append(f"- **{approvals.void}**")
    return said


def release_question(wait: timedelta, releasers: Sequence[str]) -> ReasonedApproval:
    """Asks whether a stopped night may pass; for as long as `wait`, one of `releasers`, or whoever may."""
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
        notifiers=[Operators("night_stopped")],
    )


def plan_question(campaign: Campaign, task_id: str) -> PlanApproval:
    """Asks whether the plan of a campaign may leave, until it expires."""
    summary = "ti.xcom_pull(task_ids='plan')"
    return PlanApproval(
        task_id=task_id,
        campaign=campaign.name,
        subject=f"Send “{campaign.title}” to {{{{ {summary}['send'] }}}} customer{{{{ 's' if {summary}['send'] != 1 }}}}?",
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


@dataclass(frozen=True, kw_only=True)
class Approved:
    """Who answered an approval with yes, and why."""

    by: str
    reason: str
    plan: str | None


def approved_by(context: Any, task_id: str) -> Approved | None:  # noqa: ANN401 - Airflow's context
    """Who answered the question of a task with yes; nobody, when it was not asked or the answer was no."""
    answer = context["ti"].xcom_pull(task_ids=task_id)
    if not answer or answer["chosen_options"] != [ApprovalOperator.APPROVE]:
        return None
    said = answer["params_input"]
    by = _who(answer.get("responded_by_user"))
    return Approved(by=by, reason=str(said["reason"]), plan=said.get("plan"))


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
