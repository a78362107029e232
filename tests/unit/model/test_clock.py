"""Local times become instants, and every local date has its turn once, in every zone of the world."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.model.clock import local_day, local_instant

ZONES = sorted(available_timezones() - {"localtime", "Factory", "posixrules"})
SHOPS = ["America/New_York", "Europe/Madrid", "Asia/Tokyo", "Pacific/Auckland", "UTC"]
DAYS = st.dates(date(2017, 1, 1), date(2036, 12, 31))
TIMES = st.times().map(lambda at: at.replace(microsecond=0))
NEW_YORK = ZoneInfo("America/New_York")


def plan_at(day: date, shop: str, at: time = time(6)) -> datetime:
    return datetime.combine(day, at, ZoneInfo(shop))


def test_a_plain_time_is_the_instant_at_which_clocks_show_it() -> None:
    assert local_instant(date(2026, 11, 21), time(10, 30), NEW_YORK) == datetime(
        2026, 11, 21, 15, 30, tzinfo=UTC
    )


def test_a_time_inside_the_spring_gap_is_the_first_minute_after_it() -> None:
    for minute in (0, 30, 59):
        instant = local_instant(date(2026, 3, 8), time(2, minute), NEW_YORK)
        assert instant == datetime(2026, 3, 8, 7, tzinfo=UTC)
        assert instant.astimezone(NEW_YORK).time() == time(3)


def test_a_time_that_comes_twice_in_autumn_is_the_first() -> None:
    assert local_instant(date(2026, 11, 1), time(1, 30), NEW_YORK) == datetime(
        2026, 11, 1, 5, 30, tzinfo=UTC
    )


def test_a_day_that_begins_inside_a_gap_begins_after_it() -> None:
    santiago = ZoneInfo("America/Santiago")
    assert local_instant(date(2026, 9, 6), time(), santiago).astimezone(santiago).time() == time(1)


def test_a_day_that_a_zone_left_out_altogether_is_the_next_midnight() -> None:
    apia = ZoneInfo("Pacific/Apia")
    instant = local_instant(date(2011, 12, 30), time(10, 30), apia)
    assert instant.astimezone(apia).replace(tzinfo=None) == datetime(2011, 12, 31)  # noqa: DTZ001


def test_a_gap_of_half_an_hour_ends_at_the_half_hour() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    instant = local_instant(date(2026, 10, 4), time(2, 10), lord_howe)
    assert instant.astimezone(lord_howe).time() == time(2, 30)


@given(DAYS, TIMES, st.sampled_from(ZONES))
def test_an_instant_shows_its_time_or_the_end_of_the_gap_that_swallowed_it(
    day: date, at: time, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    instant = local_instant(day, at, zone)
    shown = instant.astimezone(zone).replace(tzinfo=None)

    assert instant.tzinfo is UTC
    if shown == datetime.combine(day, at):
        assert instant.astimezone(zone).fold == 0
    else:
        before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        assert before < datetime.combine(day, at) < shown


@given(DAYS, st.sampled_from(ZONES), TIMES, TIMES)
def test_instants_of_a_day_never_run_backwards(
    day: date, zone_name: str, one: time, other: time
) -> None:
    zone = ZoneInfo(zone_name)
    first, last = sorted((one, other))
    assert local_instant(day, first, zone) <= local_instant(day, last, zone)


@pytest.mark.parametrize(
    ("zone", "days_ahead"),
    [
        ("America/New_York", 0),
        ("Pacific/Honolulu", 0),
        ("Pacific/Pago_Pago", 0),
        ("Europe/London", 0),
        ("Asia/Tokyo", 1),
        ("Pacific/Kiritimati", 1),
    ],
)
def test_far_eastern_birthdays_are_planned_the_day_before(zone: str, days_ahead: int) -> None:
    day = date(2026, 11, 21)
    lasting = timedelta(hours=9, minutes=30)  # from 10:30 until quiet hours begin at 20:00

    found = local_day(ZoneInfo(zone), day, time(10, 30), lasting, plan_at(day, "America/New_York"))

    assert found == day + timedelta(days=days_ahead)


def test_yesterdays_date_has_its_turn_where_its_message_may_still_leave() -> None:
    day = date(2026, 11, 21)
    found = local_day(
        ZoneInfo("Pacific/Pago_Pago"), day, time(20), timedelta(hours=12), plan_at(day, "UTC")
    )
    assert found == date(2026, 11, 20)


@given(
    DAYS,
    st.sampled_from(ZONES),
    st.sampled_from(SHOPS),
    TIMES,
    st.integers(1, 24).map(lambda hours: timedelta(hours=hours)),
)
def test_every_local_date_has_its_turn_exactly_once(
    day: date, zone_name: str, shop: str, send_at: time, lasting: timedelta
) -> None:
    zone = ZoneInfo(zone_name)
    today = local_day(zone, day, send_at, lasting, plan_at(day, shop))
    next_day = day + timedelta(days=1)
    tomorrow = local_day(zone, next_day, send_at, lasting, plan_at(next_day, shop))

    assert tomorrow == today + timedelta(days=1)
    assert today >= day - timedelta(days=1)


@given(
    DAYS,
    st.sampled_from(ZONES),
    st.sampled_from(SHOPS),
    TIMES,
    st.integers(2, 24).map(lambda hours: timedelta(hours=hours)),
)
def test_no_plan_takes_up_messages_that_have_already_expired(
    day: date, zone_name: str, shop: str, send_at: time, lasting: timedelta
) -> None:
    zone, planned = ZoneInfo(zone_name), plan_at(day, shop)
    local = local_day(zone, day, send_at, lasting, planned)

    assert local_instant(local, send_at, zone) + lasting > planned
    # Nor does it run further ahead than clock changes on both sides can ask for.
    two_before = local_instant(local - timedelta(days=2), send_at, zone) + lasting
    assert two_before <= planned or local == day - timedelta(days=1)


def test_the_changes_of_both_clocks_lose_and_repeat_no_date() -> None:
    """Around all four changes between New York and London, for every hour of sending."""
    for hour in range(24):
        turns = [
            local_day(
                ZoneInfo("Europe/London"),
                day,
                time(hour),
                timedelta(hours=5),
                plan_at(day, "America/New_York"),
            )
            for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(365))
        ]
        assert turns == [turns[0] + timedelta(days=n) for n in range(365)]
