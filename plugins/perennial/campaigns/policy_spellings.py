"""How dates, places and money are spelt in policy.yaml, and what is said when they are spelt otherwise."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from perennial.campaigns.spellings import must, shown
from perennial.model.countries import zones_of_countries
from perennial.model.policy import YearDay

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# What is no code of ISO 3166-1, though many take it for one.
_OFTEN_WRITTEN = {"UK": "GB", "EL": "GR"}
_YEAR_DAY = re.compile(r"(\d\d)-(\d\d)")


def _date(value: object) -> object:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    msg = f"be a date such as 2027-01-31, not {shown(value)}."
    raise must(msg)


def _holiday(value: object) -> object:
    if isinstance(value, YearDay):
        return value
    found = _YEAR_DAY.fullmatch(value) if isinstance(value, str) else None
    if not found:
        try:
            return _date(value)
        except ValueError:
            msg = f"be a date such as 2027-04-05, or 12-25 for every year, not {shown(value)}."
            raise must(msg) from None
    try:
        leap = date(2028, int(found[1]), int(found[2]))
    except ValueError:
        msg = f"be a date of the year, month before day; {shown(value)} is none."
        raise must(msg) from None
    return YearDay(leap.month, leap.day)


def _country(value: object) -> object:
    known = zones_of_countries()
    if isinstance(value, str) and value in known:
        return value
    meant = _OFTEN_WRITTEN.get(value.upper(), value.upper()) if isinstance(value, str) else None
    hint = f"Write {meant}." if meant in known else ""
    msg = f"be a country in two capital letters, such as US, not {shown(value)}."
    raise must(msg, hint=hint)


def _region(value: object) -> object:
    if isinstance(value, str) and re.fullmatch("[A-Z0-9]{1,3}", value):
        return value
    hint = 'Put NO and ON in quotes: "NO".' if isinstance(value, bool) else ""
    msg = f"be a region's code in capital letters, such as FL, not {shown(value)}."
    raise must(msg, hint=hint)


def _money(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        msg = f"be an amount of money, not {shown(value)}."
        raise must(msg, hint=f'Put it in quotes: "{value}".' if isinstance(value, float) else "")
    if not re.fullmatch(r"\d{1,9}(\.\d\d?)?", str(value)):
        msg = f'be an amount of money with at most two decimals, such as "250.00", not {shown(value)}.'
        raise must(msg)
    return Decimal(str(value))


def _as(check: Any, **schema: Any) -> tuple[Any, Any]:  # noqa: ANN401 - JSON Schema
    return BeforeValidator(check), WithJsonSchema(schema)


Date = Annotated[date, *_as(_date, type="string", pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Holiday = Annotated[
    date | YearDay, *_as(_holiday, type="string", pattern=r"^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$")
]
Country = Annotated[str, *_as(_country, type="string", pattern="^[A-Z]{2}$")]
Region = Annotated[str, *_as(_region, type="string", pattern="^[A-Z0-9]{1,3}$")]
Money = Annotated[
    Decimal, *_as(_money, type=["string", "integer"], pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$")
]
