"""Approvals: what waits for a person's yes, with everything that is needed to give it or to refuse it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.errors import PerennialError
from perennial.model.words import LONGEST_REASON
from perennial.pipeline.approving import Approvals, refuse_unlooked_at
from perennial.pipeline.sampling import Sample
from perennial.steps.services import Perennial
from perennial.studio.airflow_api import RequiredAction
from perennial.studio.campaigns_page import CampaignDay, CampaignFigures, look_at_campaign
from perennial.studio.questions import (
    PLAN,
    answer_until,
    asks_for_a_plan,
    is_over,
    plan_of,
    questions_of,
)
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

APPROVE, REJECT = "Approve", "Reject"
_REASON = "reason"
_SAMPLES = 8


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A campaign's day as an approver sees it. `until` is when silence counts as no; `over` says that it is too late."""

    seen: CampaignDay
    approvals: Approvals
    samples: Sequence[Sample]
    until: datetime | None
    over: bool

    def hinders(self, visitor: Visitor) -> str | None:
        """Why this visitor may not approve, or nothing."""
        if self.over:
            return _TOO_LATE
        if visitor.name in self.approvals.by:
            return "You have approved already: the second yes comes from somebody else."
        return None


def look_at_approval(perennial: Perennial, action: RequiredAction) -> Asked:
    """What somebody is asked to let leave, as it is now.

    Raises:
        MissingPartition: there is no plan any more.
    """
    campaign, day = plan_of(action)
    approvals = perennial.approvals(campaign, day)
    seen = look_at_campaign(perennial, campaign, day, CampaignFigures(lambda _: None))
    return Asked(
        seen=seen,
        approvals=approvals,
        samples=perennial.samples(campaign, day, limit=_SAMPLES),
        until=answer_until(perennial, action),
        over=is_over(perennial, action),
    )


def approval_routes(room: Room) -> list[Route]:
    """What waits, each with its form, and the answer, given to Airflow in the visitor's own name."""

    async def show_all(request: Request, visitor: Visitor) -> Response:
        actions = await room.airflow.required_actions(visitor)
        questions = await room.ask(lambda p: questions_of(p, actions))
        proposed_changes = await room.ask(lambda p: p.editor.proposed_changes())
        return room.pages.page(
            "approvals", request, visitor, questions=questions, proposed_changes=proposed_changes
        )

    async def show(request: Request, visitor: Visitor) -> Response:
        action = await _waiting(room, request, visitor)
        asked = None
        if asks_for_a_plan(action):
            asked = await room.ask(lambda p: look_at_approval(p, action))
        return room.pages.page(
            "approval",
            request,
            visitor,
            action=action,
            asked=asked,
            hinders=asked.hinders(visitor) if asked else None,
            longest=LONGEST_REASON,
        )

    async def answer(request: Request, visitor: Visitor, form: FormData) -> Response:
        action = await _waiting(room, request, visitor)
        option, reason = _option(form, action), _reason(form)
        filled = dict(action.given) | ({_REASON: reason} if _REASON in action.given else {})
        if asks_for_a_plan(action) and option == APPROVE:
            # Airflow keeps a question as it was asked first; the answer is for what the visitor has seen.
            filled[PLAN] = seen = str(form.get(PLAN, ""))
            await room.ask(lambda p: _refuse(p, action, visitor, seen))
        await room.airflow.answer(visitor, action, option, filled)
        said = _APPROVED if option == APPROVE else _REJECTED
        return room.back(request, "/approvals", said=said)

    path = "/approvals/{dag}/{run}/{task}"
    return [
        room.page("/approvals", show_all),
        room.page(path, show),
        room.action(path, answer, right=Right.OPERATE),
    ]


_APPROVED = "Approved. Airflow goes on with the run, and keeps your name and your reason."
_TOO_LATE = "It is too late: nothing of this plan may leave any more."
_REJECTED = "Refused. Nothing leaves; your name and your reason are kept."


async def _waiting(room: Room, request: Request, visitor: Visitor) -> RequiredAction:
    where = tuple(request.path_params[part] for part in ("dag", "run", "task"))
    for action in await room.airflow.required_actions(visitor):
        if (action.dag_id, action.run_id, action.task_id) == where:
            return action
    raise HTTPException(
        404, "Nobody waits for this answer any more: somebody has given it, or its time is over."
    )


def _refuse(perennial: Perennial, action: RequiredAction, visitor: Visitor, seen: str) -> None:
    campaign, day = plan_of(action)
    approvals = perennial.approvals(campaign, day)
    if is_over(perennial, action):
        raise PerennialError(_TOO_LATE)
    refuse_unlooked_at(approvals.looked_at, seen)
    if visitor.name in approvals.by:
        msg = "You have approved already. Two different people have to: ask somebody else."
        raise PerennialError(msg)


def _option(form: FormData, action: RequiredAction) -> str:
    option = str(form.get("option", ""))
    if option not in action.options:
        msg = f"Choose {' or '.join(action.options)}."
        raise PerennialError(msg)
    return option


def _reason(form: FormData) -> str:
    reason = " ".join(str(form.get(_REASON, "")).split())
    if not 0 < len(reason) <= LONGEST_REASON:
        msg = f"Say why, in 1 to {LONGEST_REASON} signs: it is kept with your name."
        raise PerennialError(msg)
    return reason
