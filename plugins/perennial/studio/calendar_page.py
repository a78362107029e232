"""The calendar: what went out and what goes out when, by campaign, and where campaigns wanted the same people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from cachetools import LRUCache
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.campaigns.definition import Campaign
from perennial.campaigns.timing import planned_on
from perennial.ledger.values import PlanRecord
from perennial.model.policy import Caps
from perennial.pipeline.plan_reading import plan_partition
from perennial.pipeline.waterfall import conflicts
from perennial.steps.services import Perennial
from perennial.studio.asking import chosen_day, shop_day
from perennial.studio.keeping import Kept
from perennial.studio.room import Room
from perennial.studio.visitors import Visitor

_WEEKS = 4
_LOOK_BACK = timedelta(days=28)
_DAYS_KEPT = 400


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A campaign on a day: what was planned, or about how much is to be expected, from its last four weeks."""

    campaign: Campaign
    planned: int | None
    expected: int | None = None


@dataclass(frozen=True, kw_only=True)
class CalendarDay:
    """One day. `crowded` counts those whom another campaign or a cap kept from a message."""

    day: date
    entries: Sequence[Entry]
    crowded: int

    @property
    def total(self) -> int:
        return sum(entry.planned or 0 for entry in self.entries)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Four weeks, each from Monday to Sunday; the second holds the chosen day."""

    chosen: date
    today: date
    weeks: Sequence[Sequence[CalendarDay]]
    caps: Caps

    @property
    def first(self) -> date:
        return self.weeks[0][0].day

    @property
    def earlier(self) -> date:
        return self.chosen - timedelta(weeks=_WEEKS)

    @property
    def later(self) -> date:
        return self.chosen + timedelta(weeks=_WEEKS)


def look_at_calendar(perennial: Perennial, day: date | None, kept: Kept[int]) -> Calendar:
    """Gathers four weeks around a day; today where the shop is, unless another day is asked for.

    What plans say is counted once for each day, and again when one of its plans is made anew.
    """
    today = shop_day(perennial)
    chosen = day or today
    first = chosen - timedelta(days=chosen.weekday(), weeks=1)
    last = first + timedelta(days=7 * _WEEKS - 1)
    plans = perennial.ledger.plans_between(min(first, today - _LOOK_BACK), last)
    usual = _usual(plans, today)
    planned = {(plan.campaign, plan.day): plan.counts["send"] for plan in plans}
    days = [
        CalendarDay(
            day=each,
            entries=_entries(perennial.campaigns, each, planned, usual, today),
            crowded=_crowded(perennial, each, plans, kept),
        )
        for each in (first + timedelta(days=n) for n in range(7 * _WEEKS))
    ]
    return Calendar(
        chosen=chosen,
        today=today,
        weeks=[days[n : n + 7] for n in range(0, len(days), 7)],
        caps=perennial.policy.caps,
    )


def calendar_routes(room: Room) -> list[Route]:
    """The calendar."""
    kept = Kept[int](LRUCache(_DAYS_KEPT))

    async def show(request: Request, visitor: Visitor) -> Response:
        day = chosen_day(request)
        calendar = await room.ask(lambda p: look_at_calendar(p, day, kept))
        return room.pages.page("calendar", request, visitor, calendar=calendar)

    return [room.page("/calendar", show)]


def _entries(
    campaigns: Sequence[Campaign],
    day: date,
    planned: Mapping[tuple[str, date], int],
    usual: Mapping[str, int],
    today: date,
) -> list[Entry]:
    entries = []
    for campaign in campaigns:
        if (campaign.name, day) in planned:
            entries.append(Entry(campaign=campaign, planned=planned[campaign.name, day]))
        elif day >= today and not campaign.paused and planned_on(campaign, day):
            entries.append(
                Entry(campaign=campaign, planned=None, expected=usual.get(campaign.name))
            )
    return entries


def _usual(plans: Sequence[PlanRecord], today: date) -> dict[str, int]:
    """The middle of what each campaign planned on a day of the last four weeks."""
    recent: dict[str, list[int]] = {}
    for plan in plans:
        if today - _LOOK_BACK <= plan.day <= today:
            recent.setdefault(plan.campaign, []).append(plan.counts["send"])
    return {name: round(median(counts)) for name, counts in recent.items()}


def _crowded(perennial: Perennial, day: date, plans: Sequence[PlanRecord], kept: Kept[int]) -> int:
    names = [plan.campaign for plan in plans if plan.day == day]
    if not names:
        return 0
    partitions = [plan_partition(name, day) for name in names]
    known = (day, *names, *perennial.engine.lake.stamps(partitions))
    return kept.answer(known, lambda: conflicts(perennial.engine, names, day))
