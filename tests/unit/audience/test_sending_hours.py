"""A message leaves in the hours of its campaign, on the customer's clock, and never in quiet hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.audience.sending_hours import sending_hours
from perennial.model.policy import Hours, HoursRule, Place, QuietHours, YearDay
from perennial.model.words import Channel

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
        Place((zone.key,), "US"),
        Channel.EMAIL,
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


RULES = st.builds(
    HoursRule,
    name=st.just("a rule"),
    hours=st.none()
    | st.builds(Hours, opens=st.just(time(1, 30)), closes=st.sampled_from([time(2, 30), time(23)]))
    | st.builds(Hours, opens=st.sampled_from([time(8), time(12)]), closes=st.just(time(18, 30))),
    starts_on=st.dates(date(2024, 1, 1), date(2026, 6, 1)),
    ends_on=st.none() | st.dates(date(2026, 6, 1), date(2027, 12, 31)),
    regions=st.frozensets(st.sampled_from(["FL", "TX"]), max_size=1),
    channels=st.frozensets(st.sampled_from([Channel.SMS, Channel.EMAIL]), max_size=1),
    weekdays=st.frozensets(st.integers(0, 6), min_size=0, max_size=3),
    holidays=st.frozensets(st.just(YearDay(12, 25)), max_size=1),
)
PLACES = st.builds(
    Place,
    zones=st.lists(ZONES.map(lambda zone: zone.key), min_size=1, max_size=3, unique=True).map(
        tuple
    ),
    country=st.just("US"),
    region=st.sampled_from([None, "FL", "OH"]),
)


@given(
    place=PLACES,
    channel=st.sampled_from([Channel.EMAIL, Channel.SMS]),
    day=DAYS,
    send_at=TIMES,
    lasting=st.integers(1, 48),
    rules=st.lists(RULES, max_size=3).map(tuple),
    always=st.sampled_from([(time(9), time(20)), (time(1, 30), time(23, 30))]),
)
def test_every_instant_is_allowed_by_every_rule_on_every_clock_that_may_be_the_customers(
    place: Place,
    channel: Channel,
    day: date,
    send_at: time,
    lasting: int,
    rules: tuple[HoursRule, ...],
    always: tuple[time, time],
) -> None:
    """Cases 33 and 34."""
    quiet_hours = QuietHours(opens=always[0], closes=always[1], rules=rules)
    span = sending_hours(
        place,
        channel,
        day,
        send_at=send_at,
        expires_after=timedelta(hours=lasting),
        quiet_hours=quiet_hours,
        plan_at=plan_at(day),
    )
    if span.quiet:
        return

    assert span.send_at < span.expires_at
    for moment in _looks_into(span.send_at, span.expires_at):
        for zone in place.zones:
            assert _allowed(moment.astimezone(ZoneInfo(zone)), place, channel, quiet_hours)


def _looks_into(start: datetime, end: datetime) -> list[datetime]:
    """The first and the last instants of a span, and every ten minutes between them."""
    last = end - timedelta(seconds=1)
    between = int((last - start) / timedelta(minutes=10))
    return [*(start + n * timedelta(minutes=10) for n in range(between + 1)), last]


def _allowed(local: datetime, place: Place, channel: Channel, quiet_hours: QuietHours) -> bool:
    """What the words of a rule say, looked at one clock time at a time."""
    shown = local.time()
    if not quiet_hours.opens <= shown < quiet_hours.closes:
        return False
    for rule in quiet_hours.rules:
        ours = place.region is None or not rule.regions or place.region in rule.regions
        ours &= not rule.channels or channel in rule.channels
        from_to = rule.starts_on <= local.date() <= (rule.ends_on or date.max)
        holiday = YearDay(local.month, local.day) in rule.holidays
        named = holiday or local.weekday() in rule.weekdays
        holds = ours and from_to and (named or not (rule.weekdays or rule.holidays))
        if holds and not (rule.hours and rule.hours.opens <= shown < rule.hours.closes):
            return False
    return True


def on(day: date, *rules: HoursRule, **more: Any) -> tuple[time, time] | None:
    """From when to when messages leave in Florida, or nothing."""
    given = {
        "send_at": time(6),
        "expires_after": timedelta(hours=20),
        "quiet_hours": QuietHours(rules=rules),
        "plan_at": plan_at(day),
    }
    place = more.pop("place", Place(("America/New_York",), "US", "FL"))
    span = sending_hours(place, more.pop("channel", Channel.SMS), day, **(given | more))
    local = [at.astimezone(NEW_YORK).time() for at in (span.send_at, span.expires_at)]
    return None if span.quiet else (local[0], local[1])


def a_rule(**changes: Any) -> HoursRule:
    given = {"name": "a law", "hours": Hours(time(10), time(18)), "starts_on": date(2026, 1, 1)}
    return HoursRule(**(given | changes))


def test_a_law_that_changes_on_a_day_is_data() -> None:
    before = a_rule(ends_on=date(2026, 6, 30))
    after = a_rule(hours=Hours(time(11), time(17)), starts_on=date(2026, 7, 1))

    assert on(date(2025, 12, 31), before, after) == (time(9), time(20))
    assert on(date(2026, 6, 30), before, after) == (time(10), time(18))
    assert on(date(2026, 7, 1), before, after) == (time(11), time(17))


@pytest.mark.parametrize(
    ("changes", "concerned"),
    [
        ({"country": "US"}, True),
        ({"country": "FR"}, False),
        ({"country": "US", "regions": frozenset({"FL", "OK"})}, True),
        ({"country": "US", "regions": frozenset({"OK"})}, False),
        ({"channels": frozenset({Channel.SMS})}, True),
        ({"channels": frozenset({Channel.EMAIL})}, False),
    ],
)
def test_a_rule_concerns_those_whom_it_names(changes: dict[str, Any], concerned: bool) -> None:  # noqa: FBT001 - a parameter
    narrowed = on(date(2026, 6, 10), a_rule(**changes))

    assert narrowed == ((time(10), time(18)) if concerned else (time(9), time(20)))


def test_who_may_live_in_any_region_keeps_the_rules_of_all_of_them() -> None:
    """Case 34."""
    rules = (
        a_rule(country="US", regions=frozenset({"FL"}), hours=Hours(time(11), time(20))),
        a_rule(country="US", regions=frozenset({"RI"}), hours=Hours(time(9), time(17))),
    )
    unknown = Place(("America/New_York",), "US")

    assert on(date(2026, 6, 10), *rules, place=unknown) == (time(11), time(17))


def test_on_sundays_and_holidays_nothing_leaves_where_a_rule_says_so() -> None:
    closed = a_rule(
        hours=None, weekdays=frozenset({6}), holidays=frozenset({YearDay(12, 25), date(2026, 4, 6)})
    )

    assert on(date(2026, 6, 14), closed) is None
    assert on(date(2026, 12, 25), closed) is None
    assert on(date(2026, 4, 6), closed) is None
    assert on(date(2027, 4, 6), closed) == (time(9), time(20))
    assert on(date(2026, 6, 13), closed) == (time(9), time(20))


def test_what_may_not_leave_on_a_holiday_leaves_the_next_morning_if_it_lasts_that_long() -> None:
    closed = a_rule(hours=None, holidays=frozenset({YearDay(12, 25)}))

    assert on(date(2026, 12, 25), closed, expires_after=timedelta(hours=30)) == (time(9), time(12))


def test_of_candidate_clocks_the_strictest_window_is_taken() -> None:
    """Case 34."""
    russia = Place(("Asia/Novosibirsk", "Europe/Kaliningrad", "Asia/Kamchatka"), "RU")
    span = sending_hours(
        russia,
        Channel.EMAIL,
        date(2026, 6, 10),
        send_at=time(10),
        expires_after=timedelta(hours=14),
        quiet_hours=QuietHours(),
        plan_at=datetime(2026, 6, 10, tzinfo=UTC),
    )
    shown = [
        [at.astimezone(ZoneInfo(zone)).time() for zone in russia.zones[1:]]
        for at in (span.send_at, span.expires_at)
    ]

    assert shown == [[time(9), time(19)], [time(10), time(20)]]


def test_where_candidate_clocks_never_agree_nothing_leaves() -> None:
    """Case 34."""
    apart = Place(("Europe/London", "Pacific/Auckland"), "GB")

    assert on(date(2026, 6, 10), place=apart, expires_after=timedelta(hours=48)) is None


@pytest.mark.parametrize("wanted", [time(2, 30), time(1, 30)], ids=["spring", "autumn"])
def test_a_time_that_does_not_exist_or_comes_twice_is_one_defined_instant(
    wanted: time,
) -> None:
    """Case 33."""
    day = date(2026, 3, 8) if wanted == time(2, 30) else date(2026, 11, 1)
    hours = QuietHours(opens=time(0), closes=time(23))
    span = sending_hours(
        Place(("America/New_York",), "US"),
        Channel.EMAIL,
        day,
        send_at=wanted,
        expires_after=timedelta(hours=8),
        quiet_hours=hours,
        plan_at=datetime.combine(day, time(0), NEW_YORK),
    )

    spring = datetime(2026, 3, 8, 7, tzinfo=UTC)
    autumn = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert span.send_at == (spring if wanted == time(2, 30) else autumn)


def test_an_hour_that_comes_twice_is_quiet_until_it_has_passed_for_good() -> None:
    """Case 33."""
    day = date(2026, 11, 1)
    span = sending_hours(
        Place(("America/New_York",), "US"),
        Channel.EMAIL,
        day,
        send_at=time(0),
        expires_after=timedelta(hours=8),
        quiet_hours=QuietHours(opens=time(1, 30), closes=time(20)),
        plan_at=datetime.combine(day, time(0), NEW_YORK),
    )

    assert span.send_at == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
