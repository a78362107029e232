"""A birthday as somebody fills it in: three fields, all or none of them, and a day that can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

from perennial.edge.forms import Form, first

_OLDEST = 110


@dataclass(frozen=True, kw_only=True)
class BirthdayFault:
    """Why a date is not taken; `words` names the phrase that says so."""

    words: str


@dataclass(frozen=True, kw_only=True)
class GivenDate:
    """What stands in the three fields."""

    day: str = ""
    month: str = ""
    year: str = ""

    @classmethod
    def of_date(cls, known: date | None) -> Self:
        if known is None:
            return cls()
        return cls(day=str(known.day), month=str(known.month), year=str(known.year))

    @classmethod
    def of_form(cls, form: Form) -> Self:
        names = ("birth_day", "birth_month", "birth_year")
        day, month, year = ((first(form, name) or "").strip()[:10] for name in names)
        return cls(day=day, month=month, year=year)


def read_birthday(form: Form, *, today: date) -> date | BirthdayFault | None:
    """The date, or what is wrong with it; nothing where nothing was filled in."""
    given = GivenDate.of_form(form)
    fields = (given.year, given.month, given.day)
    if not any(fields):
        return None
    if not all(field.isascii() and field.isdigit() for field in fields):
        return BirthdayFault(words="birthday_no_date")
    try:
        born = date(*map(int, fields))
    except (ValueError, OverflowError):
        return BirthdayFault(words="birthday_no_date")
    if born > today:
        return BirthdayFault(words="birthday_future")
    if today.year - born.year > _OLDEST:
        return BirthdayFault(words="birthday_too_old")
    return born
