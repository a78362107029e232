"""The calendar says what went out, and guesses aloud what is to come."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cachetools import LRUCache

from one_night import CAMPAIGNS, DAY, settings_at
from perennial.pipeline.plan_reading import plan_partition
from perennial.settings import Settings
from perennial.steps.services import Perennial, services
from perennial.studio.calendar_page import look_at_calendar
from perennial.studio.keeping import Kept
from studio_visits import Door


def test_a_planned_day_shows_what_its_plans_send(sent_settings: Settings) -> None:
    with services(sent_settings) as perennial:
        calendar = look_at_calendar(perennial, DAY, Kept(LRUCache(9)))
        plans = {
            plan.campaign: plan.counts["send"] for plan in perennial.ledger.plans_between(DAY, DAY)
        }
    shown = {
        entry.campaign.name: entry.planned
        for week in calendar.weeks
        for each in week
        if each.day == DAY
        for entry in each.entries
    }

    assert shown == plans
    assert set(shown) == set(CAMPAIGNS)


def test_a_plan_that_is_made_anew_is_counted_anew(own_day: Path) -> None:
    kept: Kept[int] = Kept(LRUCache(9))

    def crowded(perennial: Perennial) -> int:
        weeks = look_at_calendar(perennial, DAY, kept).weeks
        (found,) = [each.crowded for week in weeks for each in week if each.day == DAY]
        return found

    with services(settings_at(own_day)) as perennial:
        before = crowded(perennial)
        plan = plan_partition("win_back", DAY)
        perennial.engine.view("planned", plan)
        perennial.engine.publish(
            plan,
            "select * replace ('capped' as reason, 'skip' as outcome) from planned",
            order_by="customer_id, occasion",
        )
        after = crowded(perennial)

    assert after > before


def test_four_weeks_begin_on_a_monday_and_hold_the_chosen_day(sent_settings: Settings) -> None:
    with services(sent_settings) as perennial:
        for day in (DAY, DAY + timedelta(days=4), DAY + timedelta(days=5)):
            weeks = look_at_calendar(perennial, day, Kept(LRUCache(9))).weeks
            days = [each.day for week in weeks for each in week]

            assert days[0].weekday() == 0
            assert days == [days[0] + timedelta(days=n) for n in range(28)]
            assert day in days[7:14]


def test_days_to_come_show_every_campaign_of_their_schedule(sent_settings: Settings) -> None:
    with services(sent_settings) as perennial:
        today = perennial.now().date()
        calendar = look_at_calendar(perennial, today, Kept(LRUCache(9)))
        names = {campaign.name for campaign in perennial.campaigns}
    ahead = [each for each in calendar.weeks[-1] if each.day > calendar.today]

    assert len(ahead) == 7
    assert all({e.campaign.name for e in each.entries} == names for each in ahead)
    assert all(e.planned is None for each in ahead for e in each.entries)


def test_the_page_opens_on_any_day(sent_door: Door) -> None:
    page = sent_door.see(f"/calendar?day={DAY}")

    assert page.status == 200
    assert f"/studio/campaigns/win_back?day={DAY}" in page.html
    assert sent_door.see("/calendar?day=1999-01-01").status == 200
    assert sent_door.see("/calendar?day=soon").status == 404
