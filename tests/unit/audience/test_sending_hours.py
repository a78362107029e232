"""A message leaves in the hours of its campaign, on the customer's clock, and never in quiet hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.audience.sending_hours import sending_hours
from perennial.model.shop import QuietHours

NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
TIMES = st.times(min_value=time(0), max_value=time(23, 59)).map(
    lambda t: t.replace(second=0, microsecond=0)
)


def plan_at(day: date) -> datetime:
    return datetime.combine(day, time(6), NEW_YORK)


def hours(zone: ZoneInfo, day: date, send_at: time = time(10, 30), lasting: int = 8):  # noqa: ANN201 - SendingHours
    return sending_hours(
        zone,
        day,
        send_at=send_at,
        expires_after=timedelta(hours=lasting),
        quiet_hours=QuietHours(),
        plan_at=plan_at(day),
    )


@given(zone=ZONES, day=DAYS, send_at=TIMES, lasting=st.integers(1, 48))
def test_the_whole_span_lies_outside_quiet_hours(
    zone: ZoneInfo, day: date, send_at: time, lasting: int
) -> None:
    span = hours(zone, day, send_at, lasting)
    if span.quiet:
        return
    first, last = (
        span.send_at.astimezone(zone),
        (span.expires_at - timedelta(seconds=1)).astimezone(zone),
    )

    assert span.send_at < span.expires_at
    assert first.time().replace(fold=0) >= time(9) or _in_a_gap(first)
    assert last.time().replace(fold=0) < time(20)
    assert first.date() == last.date()


def _in_a_gap(moment: datetime) -> bool:
    return moment.astimezone(UTC).astimezone(moment.tzinfo) != moment


@given(zone=ZONES, day=DAYS)
def test_two_days_never_share_a_local_day_and_never_skip_one(zone: ZoneInfo, day: date) -> None:
    today, tomorrow = hours(zone, day), hours(zone, day + timedelta(days=1))

    assert tomorrow.local_day - today.local_day == timedelta(days=1)


@given(zone=ZONES, day=DAYS)
def test_a_plan_is_never_made_when_it_is_too_late_to_send(zone: ZoneInfo, day: date) -> None:
    assert hours(zone, day).expires_at > plan_at(day)


@pytest.mark.parametrize(
    ("send_at", "lasting", "opens", "closes"),
    [
        (time(10, 30), 8, time(10, 30), time(18, 30)),
        (time(10, 30), 12, time(10, 30), time(20)),
        (time(6), 8, time(9), time(14)),
        (time(19, 59), 8, time(19, 59), time(20)),
    ],
)
def test_the_span_on_an_ordinary_day(
    send_at: time, lasting: int, opens: time, closes: time
) -> None:
    span = hours(NEW_YORK, date(2026, 6, 10), send_at, lasting)

    assert not span.quiet
    assert span.send_at.astimezone(NEW_YORK).time() == opens
    assert span.expires_at.astimezone(NEW_YORK).time() == closes


def test_an_evening_message_waits_for_the_morning_if_it_lasts_that_long() -> None:
    short, long = (hours(NEW_YORK, date(2026, 6, 10), time(21), lasting) for lasting in (8, 14))

    assert short.quiet
    assert not long.quiet
    assert long.send_at.astimezone(NEW_YORK).time() == time(9)
    assert long.expires_at.astimezone(NEW_YORK).time() == time(11)
