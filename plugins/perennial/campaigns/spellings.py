"""How values are spelt in a campaign file, and what is said when they are spelt otherwise.

Every spelling is a pydantic type that takes the file's text ("12h", "10%", "10:30") as well as the value itself, and
carries its own JSON Schema. A mistake of kind `must` continues the sentence that begins with the field's name; a mistake
of kind `says` is a sentence of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from perennial.campaigns.timing import cron_mistake

_DURATION = re.compile(r"(\d{1,5}) ?([mhd])")
_LONGEST = timedelta(days=730)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?) ?%")


def must(sentence: str, *, hint: str = "", at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """A mistake in one field; the field's name and "must" are put before the sentence."""
    return PydanticCustomError("must", "{sentence}", {"sentence": sentence, "hint": hint, "at": at})


def says(sentence: str, *, hint: str = "", at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """A mistake whose sentence stands alone; `at` leads from the field to the place."""
    return PydanticCustomError("says", "{sentence}", {"sentence": sentence, "hint": hint, "at": at})


def condition_mistakes(problems: Sequence[object]) -> PydanticCustomError:
    """The mistakes inside one condition, each with its offset."""
    kind = "condition"
    return PydanticCustomError(kind, "a condition with mistakes", {"problems": problems})


def shown(value: object) -> str:
    """A value as it may be quoted in a message: short, and in the words of YAML."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 40 else f"'{value[:39]}…'"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else str(value)


def nearest(word: str, words: Iterable[str]) -> str:
    """The hint that names the right word, or all of them when none is near."""
    choices = list(words)
    near = get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"It is one of: {', '.join(choices)}." if len(choices) <= 12 else ""


def _text(value: object) -> object:
    if not isinstance(value, str):
        hint = f'Put it in quotes: "{value}".' if isinstance(value, int | float) else ""
        msg = f"be text, not {shown(value)}."
        raise must(msg, hint=hint)
    if not value.strip():
        msg = "not be empty."
        raise must(msg)
    return value.strip()


def _switch(value: object) -> object:
    if not isinstance(value, bool):
        msg = f"be true or false, not {shown(value)}."
        raise must(msg)
    return value


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found or int(found[1]) == 0:
        msg = f"be a length of time such as 90m, 12h or 2d, not {shown(value)}."
        raise must(msg)
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if length > _LONGEST:
        msg = f"be at most {_LONGEST.days}d, not {shown(value)}."
        raise must(msg)
    return length


def duration(value: object, *, at: tuple[str | int, ...] = ()) -> timedelta:
    """A length of time that stands inside a field; `at` leads from the field to it."""
    try:
        return _duration(value)
    except PydanticCustomError as error:
        sentence = str((error.context or {})["sentence"])
        raise must(sentence, at=at) from None


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not found:
        msg = f"be a time of day from 00:00 to 23:59, not {shown(value)}."
        raise must(msg, hint='Write it in quotes: "10:30".')
    return time(int(found[1]), int(found[2]))


def _share(value: object) -> object:
    if isinstance(value, Decimal):
        share = value
    elif isinstance(value, str) and (found := _SHARE.fullmatch(value)):
        share = Decimal(found[1]) / 100
    else:
        hint = f"Write {value}%." if type(value) is int else ""
        msg = f"be a share such as 10%, not {shown(value)}."
        raise must(msg, hint=hint)
    if not 0 <= share <= Decimal("0.5"):
        msg = f"be a share from 0% to 50%, not {shown(value)}."
        raise must(msg)
    return share


def _figure(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        msg = f"be a number, not {shown(value)}."
        raise must(msg)
    try:
        figure = Decimal(str(value))
    except InvalidOperation:
        figure = Decimal("nan")
    if not figure.is_finite():
        msg = f"be a number, not {shown(value)}."
        raise must(msg, hint="Write the figure alone, without % or currency.")
    return figure


def _cron(value: object) -> object:
    if not isinstance(value, str):
        msg = f'be five cron fields in quotes, such as "0 6 * * *", not {shown(value)}.'
        raise must(msg)
    if mistake := cron_mistake(value):
        msg = f'be five cron fields such as "0 6 * * *" (06:00 every day): {mistake}'
        raise must(msg)
    return value


def _prefix(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{2,6}", value):
        msg = f"be 2 to 6 capital letters from A to Z, not {shown(value)}."
        raise must(msg)
    return value


def whole(low: int, high: int) -> BeforeValidator:
    """Takes whole numbers of a range."""

    def check(value: object) -> object:
        if type(value) is not int or not low <= value <= high:
            msg = f"be a whole number from {low:,} to {high:,}, not {shown(value)}."
            raise must(msg)
        return value

    return BeforeValidator(check)


def whole_schema(low: int, high: int) -> WithJsonSchema:
    """The JSON Schema of `whole`."""
    return WithJsonSchema({"type": "integer", "minimum": low, "maximum": high})


def word(what: str, words: type[StrEnum]) -> BeforeValidator:
    """Takes one word of a closed list."""
    choices = [member.value for member in words]

    def check(value: object) -> object:
        if isinstance(value, str) and value in choices:
            return words(value)
        msg = f"unknown {what} {shown(value)}."
        raise says(msg, hint=nearest(str(value), choices))

    return BeforeValidator(check)


def listed(what: str, *, or_none: bool = False) -> tuple[BeforeValidator, AfterValidator]:
    """Takes a list without repetitions, with at least one item unless `or_none`."""

    def a_list(value: object) -> object:
        if not isinstance(value, list | tuple):
            msg = f"be a list, not {shown(value)}."
            raise must(msg, hint=f"Write [{what}, …].")
        if not value and not or_none:
            msg = f"name at least one {what}."
            raise must(msg)
        return value

    def each_once(values: tuple[object, ...]) -> tuple[object, ...]:
        for index, value in enumerate(values):
            if value in values[:index]:
                msg = f"{what} {shown(value)} is listed twice."
                raise says(msg, at=(index,))
        return values

    return BeforeValidator(a_list), AfterValidator(each_once)


def _as(check: Callable[[object], object], **schema: Any) -> tuple[Any, Any]:  # noqa: ANN401 - JSON Schema
    return BeforeValidator(check), WithJsonSchema(schema)


def _spelt_duration(value: timedelta) -> str:
    minutes = int(value.total_seconds()) // 60
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def spelt(value: time | timedelta | Decimal) -> str:
    """A time, a length of time or a share as a campaign file spells it."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Decimal):
        return f"{(value * 100).normalize():f}%"
    return _spelt_duration(value)


Text = Annotated[str, *_as(_text, type="string", minLength=1)]
Switch = Annotated[bool, *_as(_switch, type="boolean")]
Duration = Annotated[timedelta, *_as(_duration, type="string", pattern="^[0-9]{1,5} ?[mhd]$")]
Clock = Annotated[time, *_as(_clock, type="string", pattern="^([01]?[0-9]|2[0-3]):[0-5][0-9]$")]
Share = Annotated[Decimal, *_as(_share, type="string", pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})? ?%$")]
Figure = Annotated[Decimal, *_as(_figure, type="number", exclusiveMinimum=0)]
Cron = Annotated[str, *_as(_cron, type="string", pattern=r"^\S+( +\S+){4}$")]
Prefix = Annotated[str, *_as(_prefix, type="string", pattern="^[A-Z]{2,6}$")]
