"""Today: where every campaign stands, what waits for somebody, and whether the night can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.campaigns.definition import Campaign
from perennial.ledger.braking import MailboxHealth
from perennial.ledger.responding import SenderHealth
from perennial.ledger.values import PlanRecord, Standing
from perennial.ledger.warming import SenderDay
from perennial.model.datasets import MEMBERSHIPS
from perennial.model.words import LONGEST_REASON, Control, Mailbox, MessageState
from perennial.pipeline.editing import ProposedChange
from perennial.pipeline.releasing import sound_reason
from perennial.pipeline.verifying import read_verdicts
from perennial.steps.services import Perennial
from perennial.studio.airflow_api import AirflowRefused, DagState, RequiredAction
from perennial.studio.asking import chosen_day, shop_day
from perennial.studio.keeping import KeptFor, Renewed
from perennial.studio.questions import questions_of
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

if TYPE_CHECKING:
    from perennial.validation.verdicts import Verdict

_WEEK = timedelta(days=6)
_KEPT = 16
_KEPT_FOR = KeptFor(new=60.0, shown=600.0)


@dataclass(frozen=True, kw_only=True)
class CampaignToday:
    """One campaign on one day; without a plan nothing has been planned yet."""

    campaign: Campaign
    plan: PlanRecord | None
    standing: Standing
    control: Control
    week: Sequence[int]
    """Messages planned on each of the last seven days, the day itself last."""

    @property
    def send(self) -> int:
        return self.plan.counts["send"] if self.plan else 0

    @property
    def waiting(self) -> int:
        """Messages that are planned and have not left yet."""
        settled = (MessageState.ACCEPTED, MessageState.REFUSED, MessageState.IN_DOUBT)
        left = sum(self.standing.states.get(state, 0) for state in settled)
        return max(0, self.send - left - sum(self.standing.blocked.values()))

    @property
    def in_doubt(self) -> int:
        return self.standing.states.get(MessageState.IN_DOUBT, 0)

    @property
    def needs_attention(self) -> bool:
        return bool(self.in_doubt) or self.control is not Control.RUN


@dataclass(frozen=True, kw_only=True)
class Today:
    """What the page shows, as values. `night` is the last day up to this one whose audiences are formed."""

    day: date
    night: date | None
    verdicts: Sequence[Verdict]
    campaigns: Sequence[CampaignToday]
    doubts: int
    health: SenderHealth
    braked: Sequence[MailboxHealth] = ()
    brake_days: int = 0
    proposed_changes: Sequence[ProposedChange] = ()
    sender: SenderDay | None = None

    @property
    def published(self) -> bool:
        """Whether this day's data are verified."""
        return self.night == self.day

    @property
    def findings(self) -> int:
        return sum(len(verdict.findings) for verdict in self.verdicts)


def look_at_today(
    perennial: Perennial, day: date | None, kept: Renewed[Perennial, SenderHealth]
) -> Today:
    """Gathers the page of a day; today where the shop is, unless another day is asked for.

    How well the sender is doing was counted at most ten minutes ago, and a minute where somebody else has just looked:
    a week may hold millions of messages.
    """
    chosen = day or shop_day(perennial)
    formed = perennial.engine.lake.latest(MEMBERSHIPS.name, until=chosen)
    plans = perennial.ledger.plans_between(chosen - _WEEK, chosen)
    campaigns = [_campaign(perennial, campaign, chosen, plans) for campaign in perennial.campaigns]
    names = [campaign.name for campaign in perennial.campaigns]
    return Today(
        day=chosen,
        night=formed.day if formed else None,
        verdicts=read_verdicts(perennial.engine.lake, chosen),
        campaigns=sorted(campaigns, key=_by_urgency),
        doubts=perennial.ledger.doubt_count(),
        braked=perennial.braked(),
        brake_days=max(1, perennial.policy.brake.within.days),
        proposed_changes=perennial.editor.proposed_changes(),
        sender=perennial.sender_day(),
        health=kept.answer(
            perennial,
            (chosen, *names),
            lambda asked: asked.ledger.sender_health(chosen - _WEEK, chosen, campaigns=names),
            perennial.now,
        ).figures,
    )


def today_routes(room: Room) -> list[Route]:
    """The first page, and the way to lift the brake."""
    kept = Renewed[Perennial, SenderHealth](_KEPT, lambda _: _KEPT_FOR, room.later)

    async def show(request: Request, visitor: Visitor) -> Response:
        day = chosen_day(request)
        today = await room.ask(lambda p: look_at_today(p, day, kept))
        dags, actions, trouble = await _asked(room, visitor)
        questions = await room.ask(lambda p: questions_of(p, actions))
        return room.pages.page(
            "today",
            request,
            visitor,
            today=today,
            dags=dags,
            actions=questions.open,
            trouble=trouble,
            longest=LONGEST_REASON,
        )

    async def lift(request: Request, visitor: Visitor, form: FormData) -> Response:
        mailbox = str(form.get("mailbox", ""))
        if mailbox not in list(Mailbox):
            raise HTTPException(404, "There is no such mailbox provider.")
        reason = sound_reason(str(form.get("reason", "")))
        lifted = await room.ask(
            lambda p: p.lift_brake(Mailbox(mailbox), by=visitor.name, reason=reason)
        )
        said = (
            f"The brake at {mailbox} is lifted. {_AGAIN}"
            if lifted
            else f"Nothing held at {mailbox}."
        )
        return room.back(request, "/", said=said)

    return [room.page("/", show), room.action("/brake", lift, right=Right.STEWARD)]


_AGAIN = "Start the campaign's day again to let leave what was held back and has not expired."


async def _asked(
    room: Room, visitor: Visitor
) -> tuple[Mapping[str, DagState], Sequence[RequiredAction], str | None]:
    """What Airflow says; without it the page shows the rest."""
    try:
        dags = await room.airflow.dags(visitor)
        return dags, await room.airflow.required_actions(visitor), None
    except AirflowRefused as refused:
        return {}, (), str(refused)


def _campaign(
    perennial: Perennial, campaign: Campaign, day: date, plans: Sequence[PlanRecord]
) -> CampaignToday:
    own = {plan.day: plan for plan in plans if plan.campaign == campaign.name}
    week = [own.get(day - _WEEK + timedelta(days=n)) for n in range(7)]
    return CampaignToday(
        campaign=campaign,
        plan=own.get(day),
        standing=perennial.ledger.standing(campaign.name, day),
        control=perennial.ledger.control_of(campaign.name),
        week=[plan.counts["send"] if plan else 0 for plan in week],
    )


def _by_urgency(each: CampaignToday) -> tuple[bool, bool, str]:
    return not each.needs_attention, each.plan is None, str(each.campaign.send_at)
