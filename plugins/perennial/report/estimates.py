"""How much answers say about those who did not answer: shares and scores with the span in which they may well lie."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

_Z = 1.959964
"""Of the normal distribution, for 95 per cent."""

_SATISFIED = 4
_PROMOTER, _DETRACTOR = 9, 6


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure from a sample, and the ends of its 95 per cent interval."""

    value: float
    low: float
    high: float


def share_of(hits: int, whole: int) -> Estimate | None:
    """A share with Wilson's interval, which holds for few answers and for shares near 0 and 1; nothing of nothing."""
    if whole == 0:
        return None
    share, z2 = hits / whole, _Z**2
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    reach = _Z * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole**2)) / (1 + z2 / whole)
    return Estimate(value=share, low=max(0.0, middle - reach), high=min(1.0, middle + reach))


def satisfaction(scores: Mapping[int, int]) -> Estimate | None:
    """CSAT: the share of scores of 4 and 5 among those from 1 to 5."""
    satisfied = sum(count for score, count in scores.items() if score >= _SATISFIED)
    return share_of(satisfied, sum(scores.values()))


def promoter_score(scores: Mapping[int, int]) -> Estimate | None:
    """NPS, from -100 to 100: the share of 9 and 10 less the share of 0 to 6.

    The interval is that of a difference of shares of one sample; one observation is added at each end, which keeps it
    from vanishing where everybody says the same (Agresti and Min).
    """
    whole = sum(scores.values())
    if whole == 0:
        return None
    promoters = sum(count for score, count in scores.items() if score >= _PROMOTER)
    detractors = sum(count for score, count in scores.items() if score <= _DETRACTOR)
    value = 100 * (promoters - detractors) / whole
    wide = whole + 2
    up, down = (promoters + 0.5) / wide, (detractors + 0.5) / wide
    reach = 100 * _Z * math.sqrt(up + down - (up - down) ** 2) / math.sqrt(wide)
    middle = 100 * (up - down)
    return Estimate(
        value=value,
        low=max(-100.0, min(value, middle - reach)),
        high=min(100.0, max(value, middle + reach)),
    )
