from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.campaigns.definition import Audience, Campaign, Step
from perennial.campaigns.timing import plan_instant
from perennial.model.words import Channel

NEW_YORK = ZoneInfo("America/New_York")


def _campaign(schedule: str) -> Campaign:
    return Campaign(
        name="c",
        path=Path("campaigns/c.yaml"),
        title="C",
        schedule=schedule,
        audience=Audience(occasion="birthday"),
        steps=(Step(after_days=0, template="c"),),
        channels=(Channel.EMAIL,),
    )


@pytest.mark.parametrize(
    ("schedule", "day", "at"),
    [
        ("0 6 * * *", date(2026, 11, 21), time(6)),
        ("30 5,17 * * *", date(2026, 11, 21), time(5, 30)),
        ("0 0 * * *", date(2026, 11, 21), time(0)),
        ("*/15 8-18 * * mon-fri", date(2026, 11, 20), time(8)),
        ("0 9 * * mon", date(2026, 11, 21), time(0)),
        ("0 9 1 * *", date(2026, 11, 21), time(0)),
        ("30 2 * * *", date(2027, 3, 14), time(3)),
        ("30 1 * * *", date(2026, 11, 1), time(1, 30)),
    ],
)
def test_a_campaign_is_planned_at_its_first_hour_of_the_day_or_at_midnight(
    schedule: str, day: date, at: time
) -> None:
    planned = plan_instant(_campaign(schedule), day, NEW_YORK)

    assert (planned.date(), planned.time()) == (day, at)


def test_an_hour_that_comes_twice_means_the_first() -> None:
    planned = plan_instant(_campaign("30 1 * * *"), date(2026, 11, 1), NEW_YORK)

    assert planned.astimezone(UTC) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@given(
    day=st.dates(min_value=date(2020, 1, 1), max_value=date(2036, 12, 31)),
    hour=st.integers(0, 23),
    zone=st.sampled_from(
        ["America/New_York", "Europe/Madrid", "Pacific/Kiritimati", "Africa/Cairo"]
    ),
)
def test_each_day_has_one_plan_later_than_that_of_the_day_before(
    day: date, hour: int, zone: str
) -> None:
    campaign = _campaign(f"0 {hour} * * *")

    earlier, later = (
        plan_instant(campaign, d, ZoneInfo(zone)) for d in (day - timedelta(days=1), day)
    )

    assert later.date() == day
    assert timedelta(hours=22) < later - earlier < timedelta(hours=26)
