"""What nights came to, kept in the lake, so that later nights know what is usual.

figures/day=…/<dataset>.json and figures/day=…/audience.<campaign>.json hold one night's figures each. They are written
when a night is published, and when an audience is not held or was approved: what nobody trusted teaches nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date

from perennial.lake.partitions import Lake, Partition
from perennial.pipeline.closed_days import Calendar
from perennial.validation.usual import Likeness, Past, Trade, similar_days
from perennial.validation.verdicts import as_text

FIGURES = "figures"


def keep_figures(
    lake: Lake, name: str, day: date, figures: Mapping[str, float], *, teaches: bool = True
) -> None:
    """Keeps what a night came to.

    A night that took in several days, or the whole past of the shop, is kept, but teaches nothing about one day.
    """
    plain = {"day": day.isoformat(), "teaches": teaches, "figures": dict(figures)}
    lake.write_record(_record(name, day), as_text(plain))


def past_of(
    lake: Lake,
    name: str,
    day: date,
    *,
    days: Sequence[date] = (),
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
) -> Past:
    """What earlier nights came to, without those that took in several days, a holiday of the shop or a closed day.

    `days` are those that tonight takes in. A closed one among them brings nothing, so nothing is expected of it.
    """
    every = sorted({*days, day})
    taken = tuple(d for d in every if calendar.trade(d) is not Trade.CLOSED) or tuple(every)
    wanted = {d for each in taken for like in Likeness for d in similar_days(each, like)}
    nights = {
        night: figures
        for night in sorted(wanted)
        if night < every[0] and calendar.trade(night) is Trade.USUAL
        for figures in [_figures(lake, name, night)]
        if figures is not None
    }
    return Past(days=taken, nights=nights)


def _figures(lake: Lake, name: str, night: date) -> dict[str, float] | None:
    text = lake.read_record(_record(name, night))
    if text is None:
        return None
    plain = json.loads(text)
    return plain["figures"] if plain["teaches"] else None


def _record(name: str, day: date) -> Partition:
    return Partition(dataset=FIGURES, day=day, name=name)
