"""Holds the figures of a night, or of an audience, against what a suite and the past say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from perennial.validation.suites import Rule
from perennial.validation.usual import FromHistory, Past, Usual, chance_of, is_share
from perennial.validation.verdicts import Measure

_MAY_BE_NEGATIVE = ("sum(", "mean(")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A rule about a figure, and how the figure stands to it."""

    rule: Rule
    measure: Measure


def measured(rules: Sequence[Rule], figures: Mapping[str, float], past: Past) -> Iterator[Measured]:
    """How each rule about a figure is met; one without a bound, for want of a past, is left out.

    A figure that the night does not have, such as the mean of no rows, is left out, too.
    """
    for rule in rules:
        value = _value(figures, rule.figure or "")
        if value is None:
            continue
        low = _bound(rule, "min_value", figures, past)
        high = _bound(rule, "max_value", figures, past)
        if low is None and high is None:
            continue
        usual = _usual(rule, past)
        yield Measured(
            rule=rule,
            measure=Measure(
                figure=rule.figure or "",
                value=value,
                usual=usual.middle if usual else None,
                low=low,
                high=high,
            ),
        )


def _value(figures: Mapping[str, float], figure: str) -> float | None:
    """A figure of tonight; a value that no row has, has a share of nothing."""
    if figure.startswith("share(") and "=" in figure and figures.get("rows"):
        return figures.get(figure, 0.0)
    return figures.get(figure)


def _usual(rule: Rule, past: Past) -> Usual | None:
    for bound in rule.kwargs.values():
        if isinstance(bound, FromHistory):
            return past.usual(rule.figure or "", bound)
    return None


def _bound(rule: Rule, end: str, figures: Mapping[str, float], past: Past) -> float | None:
    bound, figure = rule.kwargs.get(end), rule.figure or ""
    if not isinstance(bound, FromHistory):
        return bound
    if figures.get("rows", bound.rows) < bound.rows:
        return None
    usual = past.usual(figure, bound)
    if usual is None:
        return bound.otherwise
    chance = chance_of(figure, usual, figures)
    if end == "max_value":
        high = bound.high(usual, chance)
        return min(high, 1.0) if is_share(figure) else high
    low = bound.low(usual, chance)
    return low if figure.startswith(_MAY_BE_NEGATIVE) else max(low, 0.0)
