"""Today: where every campaign stands, what waits for somebody, and whether the night can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.campaigns.definition import Campaign
from perennial.model.words import Control
from perennial.pipeline.accounting import Account
from perennial.pipeline.plan_reading import plan_partition
from perennial.pipeline.verifying import read_verdicts
from perennial.steps.services import Perennial
from perennial.studio.airflow_api import AirflowRefused, DagState, RequiredAction
from perennial.studio.room import Room
from perennial.studio.visitors import Visitor

if TYPE_CHECKING:
    from perennial.validation.verdicts import Verdict

_HEALTH_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class CampaignToday:
    """One campaign on one day; without an account nothing has been planned yet."""

    campaign: Campaign
    account: Account | None
    control: Control

    @property
    def waiting(self) -> int:
        """Messages that are planned and have not left yet."""
        return self.account.not_yet_claimed + self.account.retryable if self.account else 0


@dataclass(frozen=True, kw_only=True)
class SenderHealth:
    """What came back over the last week, by count of accepted emails."""

    accepted: int
    bounced: int
    complained: int


@dataclass(frozen=True, kw_only=True)
class Today:
    """What the page shows, as values. `night` is the last day whose audiences are formed."""

    day: date
    now: datetime
    night: date | None
    verdicts: Sequence[Verdict]
    campaigns: Sequence[CampaignToday]
    doubts: int
    health: SenderHealth

    @property
    def published(self) -> bool:
        """Whether this day's data are verified."""
        return self.night == self.day


def look_at_today(perennial: Perennial, day: date | None = None) -> Today:
    """Gathers the page of a day; today where the shop is, unless another day is asked for."""
    now = perennial.now()
    chosen = day or now.astimezone(perennial.shop.zone).date()
    nights = perennial.engine.lake.days("memberships")
    return Today(
        day=chosen,
        now=now,
        night=max((n for n in nights if n <= chosen), default=None),
        verdicts=read_verdicts(perennial.engine.lake, chosen),
        campaigns=[_campaign(perennial, c, chosen) for c in perennial.campaigns],
        doubts=len(perennial.doubts()),
        health=_health(perennial, chosen),
    )


def today_routes(room: Room) -> list[Route]:
    """The first page."""

    async def show(request: Request, visitor: Visitor) -> Response:
        day = request.query_params.get("day")
        today = await room.ask(lambda p: look_at_today(p, date.fromisoformat(day) if day else None))
        dags, actions, trouble = await _asked(room, visitor)
        return room.pages.page(
            "today", request, visitor, today=today, dags=dags, actions=actions, trouble=trouble
        )

    return [room.page("/", show)]


async def _asked(
    room: Room, visitor: Visitor
) -> tuple[Mapping[str, DagState], Sequence[RequiredAction], str | None]:
    """What Airflow says; without it the page shows the rest."""
    try:
        return (
            await room.airflow.dags(visitor),
            await room.airflow.required_actions(visitor),
            None,
        )
    except AirflowRefused as refused:
        return {}, (), str(refused)


def _campaign(perennial: Perennial, campaign: Campaign, day: date) -> CampaignToday:
    planned = perennial.engine.lake.exists(plan_partition(campaign.name, day))
    return CampaignToday(
        campaign=campaign,
        account=perennial.account(campaign.name, day) if planned else None,
        control=perennial.ledger.control_of(campaign.name),
    )


def _health(perennial: Perennial, day: date) -> SenderHealth:
    days = [day - timedelta(days=n) for n in range(_HEALTH_DAYS)]
    emails = [
        channel
        for campaign in perennial.campaigns
        for each in days
        for channel in perennial.ledger.responses(campaign.name, each).channels
        if channel.channel == "email"
    ]
    return SenderHealth(
        accepted=sum(c.accepted for c in emails),
        bounced=sum(c.bounced for c in emails),
        complained=sum(c.complained for c in emails),
    )
