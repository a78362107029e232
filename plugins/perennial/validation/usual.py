"""What is usual, learned from similar nights: the bounds that a suite leaves to the past.

A suite writes {"$history": {"times": 3}} in place of a bound of a figure. The figure is held against the median of similar
nights. How far it may lie from it is the widest of what the words ask for, see HISTORY, and always of four times what
chance alone makes of a figure of this size, so that a small shop is left alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from perennial.model.words import Word

_NORMAL = 1.4826  # makes the median distance of a normal distribution its standard deviation
_CHANCES = 4
_ENTRY_SPREAD = 1.5  # amounts of single orders scatter more than their mean
_ADDED_UP = re.compile(r"rows|sum\(.*")
_SHARE = re.compile(r"(share|empty|different|repeated)\b.*")


class Likeness(Word):
    """Which nights are like tonight."""

    WEEKDAY = "weekday", "The last eight nights of the same weekday, at most sixteen weeks old."
    ANY = "any", "The last 28 nights, at most eight weeks old."


class Trade(Word):
    """How the shop traded on the day whose rows a night holds."""

    USUAL = "usual", "As on other days."
    HOLIDAY = "holiday", "Otherwise than usual: what the past says of it warns at most."
    CLOSED = "closed", "Not at all: nothing is expected."


HISTORY: Mapping[str, str] = {
    "times": "The figure may be so many times the usual, or so small a part of it.",
    "spreads": "It may lie so many times the spread of similar nights away: 1.4826 × the median distance from their"
    " median, so that one odd night moves neither the middle nor the width.",
    "distance": "It may lie so far away, in its own unit; 0.1 of a share is ten points of a hundred.",
    "like": "Which nights are similar: `weekday` unless it says `any`.",
    "nights": "So many similar nights must be known before there is a bound; 4 unless it says otherwise.",
    "rows": "The night must have so many rows for its figure to be judged, because shares of a few rows mean little.",
    "otherwise": "The bound while too few nights are known; none unless it says one.",
}
_SIMILAR = {Likeness.WEEKDAY: (7, 16, 8), Likeness.ANY: (1, 56, 28)}


@dataclass(frozen=True, kw_only=True)
class Usual:
    """The middle of similar nights, and how far they scatter around it."""

    middle: float
    spread: float


@dataclass(frozen=True, kw_only=True)
class FromHistory:
    """A bound that the past gives; `times`, `spreads` and `distance` say how far from the usual it lies."""

    times: float | None = None
    spreads: float | None = None
    distance: float | None = None
    like: Likeness = Likeness.WEEKDAY
    nights: int = 4
    rows: int = 0
    otherwise: float | None = None

    def low(self, usual: Usual, chance: float) -> float:
        """Below this is unusual."""
        bounds = [usual.middle - way for way in self._ways(usual, chance)]
        if self.times is not None:
            bounds += [usual.middle / self.times, usual.middle * self.times]
        return min(bounds)

    def high(self, usual: Usual, chance: float) -> float:
        """Above this is unusual."""
        bounds = [usual.middle + way for way in self._ways(usual, chance)]
        if self.times is not None:
            bounds += [usual.middle / self.times, usual.middle * self.times]
        return max(bounds)

    def _ways(self, usual: Usual, chance: float) -> Iterator[float]:
        yield _CHANCES * chance
        yield (self.spreads or 0) * usual.spread
        yield self.distance or 0


@dataclass(frozen=True, kw_only=True)
class Past:
    """The figures of earlier nights, and the days that tonight takes in: more than one after a stopped night."""

    days: tuple[date, ...]
    nights: Mapping[date, Mapping[str, float]]

    def usual(self, figure: str, history: FromHistory) -> Usual | None:
        """What is usual for a figure on such a night; nothing when too few nights were like it.

        Rows and sums of several days are held against as many nights together.
        """
        days = self.days if _ADDED_UP.fullmatch(figure) else self.days[-1:]
        parts = [_middle(self._similar(figure, day, history.like), history.nights) for day in days]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return Usual(middle=sum(u.middle for u in known), spread=sum(u.spread for u in known))

    def _similar(self, figure: str, day: date, like: Likeness) -> list[float]:
        nights = (self.nights.get(earlier) for earlier in similar_days(day, like))
        values = [value for night in nights if night for value in _value(night, figure)]
        return values[: _SIMILAR[like][2]]


def similar_days(day: date, like: Likeness) -> Iterator[date]:
    """The days before a day that may be like it, the latest first."""
    step, most, _ = _SIMILAR[like]
    return (day - timedelta(days=step * n) for n in range(1, most + 1))


def is_share(figure: str) -> bool:
    """Whether a figure is a part of a whole, from 0 to 1."""
    return bool(_SHARE.fullmatch(figure))


def chance_of(figure: str, usual: Usual, tonight: Mapping[str, float]) -> float:
    """How far chance alone moves a figure of this size: as counts, shares and means of so many rows scatter."""
    rows = max(tonight.get("rows", 1.0), 1.0)
    if figure.startswith("age_hours"):
        return 0.0
    if is_share(figure):
        of = max(tonight.get("members", rows), 1.0)
        likely = min(max((usual.middle * of + 1) / (of + 2), 0.0), 1.0)
        return math.sqrt(likely * (1 - likely) / of)
    if figure.startswith(("sum", "mean")):
        return _ENTRY_SPREAD * abs(usual.middle) / math.sqrt(rows)
    return math.sqrt(max(usual.middle, 1.0))


def _value(night: Mapping[str, float], figure: str) -> Iterator[float]:
    """A night's figure; a value that no row had has a share of nothing."""
    if figure in night:
        yield night[figure]
    elif figure.startswith("share(") and night.get("rows"):
        yield 0.0


def _middle(values: Sequence[float], needed: int) -> Usual | None:
    if len(values) < max(needed, 1):
        return None
    middle = median(values)
    return Usual(middle=middle, spread=_NORMAL * median(abs(v - middle) for v in values))
