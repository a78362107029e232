"""What the values of a column look like: addresses, days, amounts, codes or words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones

from perennial.model.countries import zones_of_countries

_ENOUGH = 0.9
MOST_WORDS = 15
"""Different values up to which a column holds words of a closed list."""


class Kind(StrEnum):
    """What values look like; the words are those that people are shown."""

    EMPTY = "empty"
    EMAIL = "email addresses"
    PHONE = "phone numbers"
    DATE = "dates"
    MOMENT = "dates with a time"
    INTEGER = "whole numbers"
    DECIMAL = "numbers"
    COMMA_DECIMAL = "numbers with a decimal comma"
    URL = "web addresses"
    ZONE = "time zones"
    CURRENCY = "currencies"
    COUNTRY = "countries"
    LANGUAGE = "languages"
    WORDS = "a few words"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What `fits` of the `of` values that are given look like.

    `formats` are the spellings of days and moments that fit alike: more than one where day and month cannot be told
    apart. `words` are the different values, where they are few.
    """

    kind: Kind
    fits: int = 0
    of: int = 0
    formats: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=(), repr=False)
    unique: bool = False

    @property
    def iso(self) -> bool:
        """Days and moments are written as ISO 8601 has them."""
        return self.formats == (ISO,)

    @property
    def doubtful(self) -> bool:
        """Day and month cannot be told apart."""
        return len(self.formats) > 1


ISO = "ISO 8601"
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC|[+-]\d\d:?\d\d))?")
_DAYS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d.%m.%y",
    "%d/%m/%y",
)
_TIMES = ("%H:%M:%S", "%H:%M")
_PATTERNS = {
    Kind.EMAIL: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    Kind.URL: re.compile(r"https?://\S+"),
    Kind.PHONE: re.compile(r"(?=(?:\D*\d){7,15}\D*$)\+?[\d\s().\-/]+"),
    Kind.INTEGER: re.compile(r"[-+]?\d+"),
    Kind.DECIMAL: re.compile(r"[-+]?\d+(\.\d+)?"),
    Kind.COMMA_DECIMAL: re.compile(r"[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"),
    Kind.CURRENCY: re.compile(r"[A-Z]{3}"),
    Kind.LANGUAGE: re.compile(r"[a-z]{2}([-_][A-Za-z]{2,4})?"),
}
_ORDER = (Kind.EMAIL, Kind.URL, Kind.INTEGER, Kind.DECIMAL, Kind.COMMA_DECIMAL)
_AFTER_DAYS = (Kind.PHONE, Kind.CURRENCY, Kind.LANGUAGE)


def shape_of(values: Sequence[str | None], *, words: Sequence[str] = ()) -> Shape:
    """What most of the values that are given look like; `words` are all that the column has, where they are known."""
    said = [value.strip() for value in values if value and value.strip()]
    if not said:
        return Shape(kind=Kind.EMPTY)
    counts = Counter(said)
    kind, fits, formats = _kind(said)
    if not words and len(counts) <= MOST_WORDS:
        words = [word for word, _ in counts.most_common()]
    return Shape(
        kind=Kind.WORDS if kind is Kind.TEXT and words and len(said) > len(words) else kind,
        fits=fits,
        of=len(said),
        formats=formats,
        words=tuple(words),
        unique=len(counts) == len(said),
    )


def _kind(said: Sequence[str]) -> tuple[Kind, int, tuple[str, ...]]:
    for kind, formats in _written_days(said):
        return kind, len(said), formats
    for kind in _ORDER:
        if (fits := _count(said, _matching(_PATTERNS[kind]))) >= _ENOUGH * len(said):
            return kind, fits, ()
    for kind, holds in (
        (Kind.ZONE, _is_zone),
        (Kind.COUNTRY, lambda value: value in zones_of_countries()),
        *((kind, _matching(_PATTERNS[kind])) for kind in _AFTER_DAYS),
    ):
        if (fits := _count(said, holds)) >= _ENOUGH * len(said):
            return kind, fits, ()
    return Kind.TEXT, len(said), ()


def _written_days(said: Sequence[str]) -> list[tuple[Kind, tuple[str, ...]]]:
    """How days or moments are written, if these are any; the first entry counts."""
    for kind, pattern in ((Kind.DATE, _ISO_DATE), (Kind.MOMENT, _ISO_MOMENT)):
        if _count(said, _matching(pattern)) >= _ENOUGH * len(said):
            return [(kind, (ISO,))]
    if not any(len(value) >= 8 and value[:1].isdigit() for value in said[:20]):
        return []
    moments = tuple(f"{day} {time}" for day in _DAYS for time in _TIMES)
    for kind, formats in ((Kind.DATE, _DAYS), (Kind.MOMENT, moments)):
        likely = [form for form in formats if _count(said[:20], _parses(form))]
        counts = {form: _count(said, _parses(form)) for form in likely}
        best = max(counts.values(), default=0)
        if best >= _ENOUGH * len(said):
            return [(kind, tuple(form for form in likely if counts[form] == best))]
    return []


def _parses(form: str) -> Callable[[str], bool]:
    def parses(value: str) -> bool:
        try:
            found = datetime.strptime(value, form)  # noqa: DTZ007 - as the shop wrote it, on its own clock
        except ValueError:
            return False
        return 1900 <= found.year <= 2100

    return parses


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


def _count(said: Sequence[str], holds: Callable[[str], bool]) -> int:
    return sum(map(holds, said))


def _is_zone(value: str) -> bool:
    return value in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
