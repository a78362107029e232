"""The days that are not like others: those on which the shop is closed, and its holidays.

A shop names closed days in shop.yaml, or keeps them in a table of its own. What the table says is kept in the lake
with the night's orders, calendar/day=…/closed_days.json, so that a night is judged again as it was.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from perennial.lake.partitions import Lake, Partition
from perennial.model.shop import Shop
from perennial.validation.usual import Trade
from perennial.validation.verdicts import as_text

_CALENDAR, _CLOSED = "calendar", "closed_days"


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Days that are not like others: 12-25 of every year, or 2026-11-26."""

    closed: Collection[str] = ()
    holidays: Collection[str] = ()

    def trade(self, night: date) -> Trade:
        """How the shop traded on the day whose rows a night holds: the day before it."""
        eve = night - timedelta(days=1)
        if _named(eve, self.closed):
            return Trade.CLOSED
        return Trade.HOLIDAY if _named(eve, self.holidays) else Trade.USUAL


def keep_closed_days(lake: Lake, day: date, days: Sequence[str]) -> None:
    """Keeps what the shop's own table says, as it was read with a night."""
    lake.write_record(_record(day), as_text({"day": day.isoformat(), "closed_days": list(days)}))


def knows_closed_days(lake: Lake, day: date) -> bool:
    """Whether the shop's table has been read with a night."""
    return lake.read_record(_record(day)) is not None


def calendar_of_night(lake: Lake, day: date, shop: Shop) -> Calendar:
    """What a night knows of days that are not like others, from shop.yaml and from the shop's table."""
    text = lake.read_record(_record(day))
    table = json.loads(text)["closed_days"] if text else ()
    return Calendar(closed={*shop.closed_days, *table}, holidays=shop.holidays)


def _named(day: date, days: Collection[str]) -> bool:
    plain = day.isoformat()
    return plain in days or plain[5:] in days


def _record(day: date) -> Partition:
    return Partition(dataset=_CALENDAR, day=day, name=_CLOSED)
