"""Clocks that differ from the shop's: local times as instants, and the calendar day each zone has its turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)


def local_instant(day: date, at: time, zone: tzinfo) -> datetime:
    """When a zone's clocks show a time on a day, in UTC.

    A time that the spring change leaves out is the first instant after the gap; one that the autumn change
    repeats is the first of the two.
    """
    shown = datetime.combine(day, at)
    first = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == shown:
        return first
    return _end_of_gap(shown.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def last_instant_of(day: date, at: time, zone: tzinfo) -> datetime:
    """As `local_instant`, but the second of the two where the autumn change repeats a time."""
    shown = datetime.combine(day, at)
    second = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if second.astimezone(zone).replace(tzinfo=None) == shown:
        return second
    return local_instant(day, at, zone)


def local_day(
    zone: ZoneInfo, day: date, send_at: time, expires_after: timedelta, plan_at: datetime
) -> date:
    """The date on a zone's own calendar whose messages the plan of a shop day takes care of.

    It is the first date, from the day before on, whose message would not have expired when the plan is made. The
    distance between the two dates is the same on every day of the year, so that each local date has its turn
    exactly once: clocks that change on one side of the world would otherwise skip a date of birthdays here and
    repeat one there. `plan_at` is the plan's hour on the shop's clock.
    """
    lateness = _since_midnight(plan_at.time()) - _since_midnight(send_at) - expires_after
    days = (lateness + _most_ahead(zone, plan_at.tzinfo or UTC)) // _ONE_DAY + 1
    return day + max(-1, days) * _ONE_DAY


def _end_of_gap(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first instant with the new offset; `before` has the old one, `after` the new one."""
    changed = after.astimezone(zone).utcoffset()
    while after - before > _ONE_SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == changed:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


@lru_cache(maxsize=1024)
def _most_ahead(zone: tzinfo, of: tzinfo) -> timedelta:
    """By how much a zone's clocks are ahead of another's at most, in the years that plans are made for."""
    return max(
        (moment.astimezone(zone).utcoffset() or timedelta())
        - (moment.astimezone(of).utcoffset() or timedelta())
        for moment in _weeks()
    )


def _weeks() -> Iterator[datetime]:
    moment = datetime(2016, 1, 1, tzinfo=UTC)
    while moment.year < 2038:
        yield moment
        moment += timedelta(days=7)
