"""When a message of a day's plan may leave, for each clock that customers live by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from perennial.model.clock import local_day, local_instant
from perennial.model.shop import QuietHours


@dataclass(frozen=True, kw_only=True)
class SendingHours:
    """The span of instants in which one clock's messages of a plan may leave.

    `quiet` says that quiet hours leave no such span; then the instants have no meaning.
    """

    local_day: date
    send_at: datetime
    expires_at: datetime
    quiet: bool


def sending_hours(
    zone: ZoneInfo,
    day: date,
    *,
    send_at: time,
    expires_after: timedelta,
    quiet_hours: QuietHours,
    plan_at: datetime,
) -> SendingHours:
    """The span for one clock: from `send_at` until `expires_after` later, as far as the clock is not quiet.

    A time before the quiet hours end waits for their end; a time after they begin waits for the next morning.
    """
    lasting = _lasting(send_at, expires_after, quiet_hours)
    local = local_day(zone, day, send_at, lasting, plan_at)
    wanted = local_instant(local, send_at, zone)
    morning = local if send_at < quiet_hours.closes else local + timedelta(days=1)
    opens = local_instant(morning, quiet_hours.opens, zone)
    closes = local_instant(morning, quiet_hours.closes, zone)
    start, end = max(wanted, opens), min(wanted + expires_after, closes)
    return SendingHours(local_day=local, send_at=start, expires_at=end, quiet=start >= end)


def _lasting(send_at: time, expires_after: timedelta, quiet_hours: QuietHours) -> timedelta:
    """How long after `send_at` a message may really leave on its own day."""
    until_quiet = _since_midnight(quiet_hours.closes) - _since_midnight(send_at)
    return min(expires_after, until_quiet) if until_quiet > timedelta(0) else expires_after


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
