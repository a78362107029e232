"""Warming a new sender up: how many emails may leave from its domain a day, from its first day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from perennial.model.clock import local_instant

DOUBLING = tuple(50 * 2**day for day in range(14))
"""50 emails on the first day, and twice as many on each day that follows: 409,600 on the fourteenth."""


@dataclass(frozen=True, kw_only=True)
class WarmUp:
    """How many emails may leave on the first day, the second, and so on; after the last, any number."""

    starts_on: date
    emails_per_day: tuple[int, ...] = DOUBLING

    def step_on(self, day: date) -> int:
        """Which day of the ramp a date is, counted from 1; what comes before the first is the first, too."""
        return max(0, (day - self.starts_on).days) + 1

    def emails_on(self, day: date) -> int | None:
        """How many emails a day allows; nothing: any number."""
        step = self.step_on(day)
        return self.emails_per_day[step - 1] if step <= len(self.emails_per_day) else None


@dataclass(frozen=True, kw_only=True)
class NewSender:
    """A domain that is being warmed up. Its days are those of the shop's calendar."""

    domain: str
    warm_up: WarmUp
    zone: ZoneInfo

    def day_of(self, moment: datetime) -> date:
        """The day that an instant belongs to."""
        return moment.astimezone(self.zone).date()

    def begins(self, day: date) -> datetime:
        """The first instant of a day, in UTC."""
        return local_instant(day, time(0), self.zone)

    def next_day(self, moment: datetime) -> datetime:
        """When the day after that of an instant begins, in UTC."""
        return self.begins(self.day_of(moment) + timedelta(days=1))


def domain_of(address: str) -> str:
    """The domain of a sender's address."""
    return address.rpartition("@")[2].lower()
