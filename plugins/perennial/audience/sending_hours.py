"""When a message of a day's plan may leave, for each place that customers may be in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from perennial.model.clock import last_instant_of, local_day, local_instant
from perennial.model.policy import Hours, HoursRule, Place, QuietHours
from perennial.model.words import Channel

Span = tuple[datetime, datetime]
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class SendingHours:
    """The span of instants in which the messages of a plan may leave at a place.

    `quiet` says that quiet hours leave no such span; then the instants have no meaning.
    """

    local_day: date
    send_at: datetime
    expires_at: datetime
    quiet: bool


def sending_hours(
    place: Place,
    channel: Channel,
    day: date,
    *,
    send_at: time,
    expires_after: timedelta,
    quiet_hours: QuietHours,
    plan_at: datetime,
) -> SendingHours:
    """The first span, from `send_at` until `expires_after` later, in which every clock and every rule lets messages leave.

    A time in quiet hours waits for their end. `send_at` is a time of the likeliest clock.
    """
    rules = tuple(rule for rule in quiet_hours.rules if rule.concerns(place, channel))
    always = Hours(quiet_hours.opens, quiet_hours.closes)
    return _sending_hours(place.zones, rules, always, day, send_at, expires_after, plan_at)


def turn(
    zone: str,
    day: date,
    *,
    send_at: time,
    expires_after: timedelta,
    quiet_hours: QuietHours,
    plan_at: datetime,
) -> date:
    """The date on a zone's calendar whose messages the plan of a shop day takes care of.

    Only the hours that always hold have a say: rules come and go, and each date must have its turn exactly once.
    """
    lasting = _lasting(send_at, expires_after, quiet_hours.closes)
    return local_day(ZoneInfo(zone), day, send_at, lasting, plan_at)


@lru_cache(maxsize=100_000)
def _sending_hours(  # noqa: PLR0917 - what a span depends on, for the cache
    zones: tuple[str, ...],
    rules: tuple[HoursRule, ...],
    always: Hours,
    day: date,
    send_at: time,
    expires_after: timedelta,
    plan_at: datetime,
) -> SendingHours:
    zone = ZoneInfo(zones[0])
    lasting = _lasting(send_at, expires_after, always.closes)
    local = local_day(zone, day, send_at, lasting, plan_at)
    wanted = local_instant(local, send_at, zone)
    spans: list[Span] = [(wanted, wanted + expires_after)]
    for name in zones:
        spans = list(_common(spans, _open_spans(ZoneInfo(name), rules, always, spans)))
        if not spans:
            return SendingHours(local_day=local, send_at=wanted, expires_at=wanted, quiet=True)
    start, end = next((span for span in spans if span[1] > plan_at), spans[0])
    return SendingHours(local_day=local, send_at=start, expires_at=end, quiet=end <= plan_at)


def _open_spans(
    zone: ZoneInfo, rules: Iterable[HoursRule], always: Hours, spans: Sequence[Span]
) -> Iterator[Span]:
    """When a clock lets messages leave, on the days that some spans touch."""
    day, last = spans[0][0].astimezone(zone).date(), spans[-1][1].astimezone(zone).date()
    while day <= last:
        hours = _hours_of(day, rules, always)
        if hours is not None:
            # An hour that the clocks repeat is quiet until it has passed for good, and from its first beginning.
            opens = last_instant_of(day, hours.opens, zone)
            closes = local_instant(day, hours.closes, zone)
            if opens < closes:
                yield opens, closes
        day += _ONE_DAY


def _hours_of(day: date, rules: Iterable[HoursRule], always: Hours) -> Hours | None:
    """What is left of a day when every rule has its say; nothing where messages may not leave at all."""
    opens, closes = always
    for rule in rules:
        if rule.holds_on(day):
            if rule.hours is None:
                return None
            opens, closes = max(opens, rule.hours.opens), min(closes, rule.hours.closes)
    return Hours(opens, closes) if opens < closes else None


def _common(ours: Iterable[Span], theirs: Iterable[Span]) -> Iterator[Span]:
    """Where two rising rows of spans overlap."""
    others = list(theirs)
    for start, end in ours:
        for opens, closes in others:
            if max(start, opens) < min(end, closes):
                yield max(start, opens), min(end, closes)


def _lasting(send_at: time, expires_after: timedelta, closes: time) -> timedelta:
    """How long after `send_at` a message may really leave on its own day."""
    until_quiet = _since_midnight(closes) - _since_midnight(send_at)
    return min(expires_after, until_quiet) if until_quiet > timedelta(0) else expires_after


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
