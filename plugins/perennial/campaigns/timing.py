"""When a campaign is planned: its cron line on the shop's clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter  # type: ignore[import-untyped]

from perennial.model.clock import local_instant

if TYPE_CHECKING:
    from perennial.campaigns.definition import Campaign

_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_LETTERS = frozenset("0123456789*/,-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ANY_YEAR = datetime(2027, 1, 1)  # noqa: DTZ001 - cron lines are read on the clock on the wall


def cron_mistake(text: str) -> str | None:
    """What is wrong with a cron line, or nothing."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"this has {len(fields)} of them."
    for name, field in zip(_FIELDS, fields, strict=True):
        if not _LETTERS.issuperset(field) or not _readable(name, field):
            return f"'{field}' is no {name}."
    try:
        croniter(text, _ANY_YEAR).get_next(datetime)
    except CroniterError:
        return "no day has that date."
    return None


def _readable(name: str, field: str) -> bool:
    """Whether one field can be read; R and H, which croniter draws at random, cannot."""
    if field.upper().startswith(("R", "H")):
        return False
    line = " ".join(field if other == name else "*" for other in _FIELDS)
    return bool(croniter.is_valid(line))


def plan_instant(campaign: Campaign, day: date, zone: ZoneInfo) -> datetime:
    """When the campaign is planned on a day: its first cron time on the shop's clock, else 00:00."""
    midnight = datetime.combine(day, time())
    first = croniter(campaign.schedule, midnight - timedelta(seconds=1)).get_next(datetime)
    at = first.time() if first.date() == day else time()
    return local_instant(day, at, zone).astimezone(zone)


def next_plan_instant(campaign: Campaign, day: date, zone: ZoneInfo) -> datetime:
    """When the campaign is planned for the next of its days after this one."""
    last_second = datetime.combine(day, time(23, 59, 59))
    following: datetime = croniter(campaign.schedule, last_second).get_next(datetime)
    return local_instant(following.date(), following.time(), zone).astimezone(zone)


def schedule_in_words(campaign: Campaign) -> str:
    """When a campaign is planned, in words: "At 06:00, only on Monday". On the shop's clock."""
    from cron_descriptor import Options, get_description  # type: ignore[import-untyped]

    options = Options()
    options.use_24hour_time_format = True
    words: str = get_description(campaign.schedule, options)
    return words


def planned_on(campaign: Campaign, day: date) -> bool:
    """Whether a campaign is planned on a day, by its cron line on the shop's clock."""
    midnight = datetime.combine(day, time())
    first = croniter(campaign.schedule, midnight - timedelta(seconds=1)).get_next(datetime)
    return bool(first.date() == day)
