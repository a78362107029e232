"""Campaigns: how the audience comes down from everybody to those who will be written to, and who is behind each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cachetools import LRUCache
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.campaigns.definition import Campaign
from perennial.campaigns.timing import schedule_in_words
from perennial.errors import MissingPartition, PerennialError
from perennial.lake.partitions import Partition
from perennial.ledger.values import PlanRecord, Standing
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.model.words import Control, Reason
from perennial.pipeline.plan_reading import plan_partition
from perennial.pipeline.waterfall import (
    OUTSIDE,
    SEND,
    SEVERAL,
    Someone,
    Waterfall,
    people_behind,
    previous_day,
    waterfall,
)
from perennial.steps.services import Perennial
from perennial.studio.airflow_api import AirflowRefused, DagState
from perennial.studio.asking import chosen_day, shop_day, whole_number
from perennial.studio.keeping import Counted, Kept, Renewed, by_cost
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

_PAGE, _DAYS_KEPT = 50, 64
_HISTORY = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class CampaignLine:
    """A campaign in the list."""

    campaign: Campaign
    schedule: str
    control: Control
    last: PlanRecord | None


@dataclass(frozen=True, kw_only=True)
class CampaignDay:
    """One campaign on one day; without a waterfall the night has not been that far."""

    campaign: Campaign
    schedule: str
    day: date
    control: Control
    fall: Waterfall | None
    before: Waterfall | None
    counted: Counted[Standing]
    history: Sequence[PlanRecord]

    @property
    def standing(self) -> Standing:
        """Where its messages stand."""
        return self.counted.figures

    def change(self, name: str) -> int | None:
        """How many more leave at a step than on the last planned day; nothing when there was none."""
        if self.fall is None or self.before is None:
            return None
        if name == SEND:
            return (self.fall.send or 0) - (self.before.send or 0)
        return self.fall.count(name) - self.before.count(name)

    @property
    def most(self) -> int:
        """The largest plan of the month, for drawing."""
        return max((record.counts["audience"] for record in self.history), default=1) or 1


def look_at_campaigns(perennial: Perennial) -> list[CampaignLine]:
    """Every campaign, with its last plan."""
    today = shop_day(perennial)
    last = {r.campaign: r for r in perennial.ledger.plans_between(today - _HISTORY, today)}
    return [
        CampaignLine(
            campaign=campaign,
            schedule=schedule_in_words(campaign),
            control=perennial.ledger.control_of(campaign.name),
            last=last.get(campaign.name),
        )
        for campaign in perennial.campaigns
    ]


class CampaignFigures:
    """What is counted for the page of a campaign: what plans say until one is made anew, and where messages stand."""

    def __init__(self, later: Callable[[Callable[[Perennial], None]], None]) -> None:
        self._falls = Kept[Waterfall | None](LRUCache(_DAYS_KEPT))
        self._standings = Renewed[Perennial, Standing](_DAYS_KEPT, by_cost, later)

    def fall(self, perennial: Perennial, name: str, day: date) -> Waterfall | None:
        """From everybody to who is written to; nothing where the night has not been that far."""
        lake = perennial.engine.lake
        made_of = [
            Partition(dataset=CUSTOMER_FEATURES.name, day=day),
            Partition(dataset=MEMBERSHIPS.name, day=day),
            plan_partition(name, day),
        ]
        known = (name, day, *lake.stamps(made_of))
        return self._falls.answer(known, lambda: _waterfall(perennial, name, day))

    def standing(self, perennial: Perennial, name: str, day: date) -> Counted[Standing]:
        """Where the messages of a day stand."""
        return self._standings.answer(
            perennial, (name, day), lambda asked: asked.ledger.standing(name, day), perennial.now
        )


def look_at_campaign(
    perennial: Perennial, name: str, day: date | None, figures: CampaignFigures
) -> CampaignDay:
    """One campaign on a day; today where the shop is, or its last planned day before, unless another is asked for.

    Raises:
        SettingsError: there is no such campaign.
        CampaignError: its file has mistakes.
    """
    campaign = perennial.campaign(name)
    chosen = day or _latest_day(perennial, campaign)
    records = perennial.ledger.plans_between(chosen - _HISTORY, chosen)
    earlier = previous_day(perennial.engine, name, chosen)
    return CampaignDay(
        campaign=campaign,
        schedule=schedule_in_words(campaign),
        day=chosen,
        control=perennial.ledger.control_of(name),
        fall=figures.fall(perennial, name, chosen),
        before=figures.fall(perennial, name, earlier) if earlier else None,
        counted=figures.standing(perennial, name, chosen),
        history=[record for record in records if record.campaign == name],
    )


def campaign_routes(room: Room) -> list[Route]:
    """The list, each campaign, and the people behind its steps."""
    figures = CampaignFigures(room.later)

    async def show_all(request: Request, visitor: Visitor) -> Response:
        lines = await room.ask(look_at_campaigns)
        dags = await _dags(room, visitor)
        return room.pages.page("campaigns", request, visitor, lines=lines, dags=dags)

    async def show(request: Request, visitor: Visitor) -> Response:
        name, day = request.path_params["name"], chosen_day(request)
        seen = await room.ask(lambda p: look_at_campaign(p, name, day, figures))
        dag = (await _dags(room, visitor)).get(f"campaign_{name}")
        return room.pages.page("campaign", request, visitor, seen=seen, dag=dag, Reason=Reason)

    async def people(request: Request, visitor: Visitor) -> Response:
        name, step = request.path_params["name"], request.query_params.get("step", "")
        meaning = _meaning(step)
        number = whole_number(request, "page", default=1)
        day, found = await room.ask(lambda p: _people(p, name, chosen_day(request), step, number))
        return room.pages.page(
            "people",
            request,
            visitor,
            name=name,
            day=day,
            step=step,
            meaning=meaning,
            people=found[:_PAGE],
            number=number,
            more=len(found) > _PAGE,
        )

    async def steer(request: Request, visitor: Visitor, form: FormData) -> Response:
        name, control = request.path_params["name"], _control(form)
        reason = str(form.get("reason", "")).strip()
        await room.ask(lambda p: p.command(control, campaign=name, by=visitor.name, reason=reason))
        return room.back(request, f"/campaigns/{name}", said=_TOLD[control])

    return [
        room.page("/campaigns", show_all),
        room.page("/campaigns/{name}", show),
        room.page("/campaigns/{name}/people", people),
        room.action("/campaigns/{name}/control", steer, right=Right.OPERATE),
    ]


async def _dags(room: Room, visitor: Visitor) -> dict[str, DagState]:
    """What Airflow says of the DAGs; without its answer the page shows the rest."""
    try:
        return dict(await room.airflow.dags(visitor))
    except AirflowRefused:
        return {}


def _latest_day(perennial: Perennial, campaign: Campaign) -> date:
    today = shop_day(perennial)
    if perennial.engine.lake.exists(Partition(dataset=MEMBERSHIPS.name, day=today)):
        return today
    return previous_day(perennial.engine, campaign.name, today) or today


def _waterfall(perennial: Perennial, name: str, day: date) -> Waterfall | None:
    try:
        return waterfall(perennial.engine, name, day)
    except MissingPartition:
        return None


def _people(
    perennial: Perennial, name: str, day: date | None, step: str, number: int
) -> tuple[date, list[Someone]]:
    campaign = perennial.campaign(name)
    chosen = day or _latest_day(perennial, campaign)
    found = people_behind(
        perennial.engine, name, chosen, step, limit=_PAGE + 1, offset=(number - 1) * _PAGE
    )
    return chosen, found


def _meaning(step: str) -> str:
    known = {
        OUTSIDE: "Not in the audience.",
        SEVERAL: "More than one occasion.",
        SEND: "Will be written to.",
        "hold_out": "Left out on purpose, to measure what the campaign changes.",
    }
    _, _, reason = step.partition(".")
    try:
        return known.get(step) or Reason(reason).meaning
    except ValueError:
        raise HTTPException(404, "There is no such step.") from None


def _control(form: FormData) -> Control:
    try:
        return Control(str(form.get("control")))
    except ValueError:
        msg = "Say whether the campaign shall run, pause or stop."
        raise PerennialError(msg) from None


_TOLD = {
    Control.RUN: "The campaign runs again.",
    Control.PAUSE: "The campaign pauses: nothing new leaves, what is due waits, and expires as ever.",
    Control.STOP: "The campaign has stopped: nothing leaves any more until it is told to run.",
}
