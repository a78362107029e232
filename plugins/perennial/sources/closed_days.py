"""The days on which a shop is closed, as a query of shop.yaml returns them."""

from __future__ import annotations

from collections.abc import Iterable

from perennial.errors import SourceError
from perennial.sources.located_yaml import Mistake
from perennial.sources.shop_values import calendar_day


def calendar_of(values: Iterable[object]) -> tuple[str, ...]:
    """The days of a query's first column, each once: 12-25 of every year, or 2026-11-26; of moments, their date.

    Raises:
        SourceError: a value is no day.
    """
    try:
        return tuple(sorted({calendar_day(value) for value in values if value is not None}))
    except Mistake as mistake:
        msg = f"closed_days: its query selects a value that {mistake} {mistake.hint} Mend sources.closed_days.sql in shop.yaml."
        raise SourceError(msg) from None
