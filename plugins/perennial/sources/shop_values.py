"""How single values of shop.yaml are read: each function takes what YAML holds and returns our type, or a Mistake."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency, list_currencies
from email_validator import EmailNotValidError, validate_email

from perennial.model.words import SurveyScale
from perennial.sources.located_yaml import Mistake, nearest

_TEXT_HINT = "Put it in quotes."


def text(raw: object) -> str:
    """Words that are not blank."""
    if not isinstance(raw, str):
        msg = "is not text."
        raise Mistake(msg, _TEXT_HINT)
    if not raw.strip():
        msg = "is empty."
        raise Mistake(msg)
    return raw.strip()


def yes_or_no(raw: object) -> bool:
    """True or false."""
    if not isinstance(raw, bool):
        msg = "is neither true nor false."
        raise Mistake(msg, "Write true or false, without quotes.")
    return raw


def whole(minimum: int) -> Callable[[object], int]:
    """A whole number from a minimum on."""

    def read(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool):
            msg = "is not a whole number."
            raise Mistake(msg, "Write digits without quotes.")
        if raw < minimum:
            msg = f"is below {minimum}."
            raise Mistake(msg)
        return int(raw)

    return read


def amount(raw: object) -> Decimal:
    """An amount of money, in quotes so that YAML does not make it a binary fraction."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        msg = "is a number without quotes, which would be rounded."
        raise Mistake(msg, f'Write "{raw}".')
    if not isinstance(raw, str) or not re.fullmatch(r"\d+(\.\d+)?", raw):
        msg = "is not an amount."
        raise Mistake(msg, 'Write digits with a point, in quotes, such as "0.01".')
    return Decimal(raw)


def zone(raw: object) -> ZoneInfo:
    """A time zone by its IANA name."""
    name = text(raw)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        msg = f"names no time zone: `{name}`."
        hint = nearest(name, available_timezones()) or "Write an IANA name, such as Europe/Madrid."
        raise Mistake(msg, hint) from None


def currency(raw: object) -> str:
    """An ISO 4217 code."""
    code = text(raw)
    if not is_currency(code):
        msg = f"names no currency: `{code}`."
        raise Mistake(msg, nearest(code, list_currencies()) or "Write an ISO 4217 code, as in EUR.")
    return code


def country(raw: object) -> str:
    """An ISO 3166-1 code of two letters."""
    code = text(raw)
    known = {c for c in map(str, Locale("en").territories) if re.fullmatch(r"[A-Z]{2}", c)}
    if code not in known:
        msg = f"names no country: `{code}`."
        raise Mistake(msg, nearest(code, known) or "Write an ISO 3166-1 code, such as US.")
    return code


def locale(raw: object) -> str:
    """A language, such as en or es-MX."""
    code = text(raw)
    try:
        Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        msg = f"names no language: `{code}`."
        raise Mistake(msg, "Write a BCP 47 code, such as en or es-MX.") from None
    return code


def locales(raw: object) -> tuple[str, ...]:
    """A list of languages."""
    return tuple(locale(item) for item in _items(raw))


def rewards(raw: object) -> tuple[int, ...]:
    """Reward steps in points, smallest first."""
    steps = tuple(whole(1)(item) for item in _items(raw))
    if list(steps) != sorted(set(steps)):
        msg = "does not rise."
        raise Mistake(msg, "Write each step once, the smallest first.")
    return steps


def departments(raw: object) -> tuple[str, ...]:
    """A list of names, as the shop's products have them."""
    return tuple(text(item) for item in _items(raw))


def calendar_days(raw: object) -> tuple[str, ...]:
    """A list of dates: 12-25 of every year, or 2026-11-26."""
    return tuple(calendar_day(item) for item in _items(raw))


def calendar_day(raw: object) -> str:
    """A date of every year, as 12-25, or of one, as 2026-11-26; the hour of a moment is left out."""
    moment = raw.date() if isinstance(raw, datetime) else raw
    said = moment.isoformat() if isinstance(moment, date) else str(moment).strip()
    try:
        date.fromisoformat(said if len(said) > len("12-25") else f"2024-{said}")
    except ValueError:
        msg = f"names no date: `{said}`."
        raise Mistake(msg, 'Write "12-25" for every year, or 2026-11-26 for one.') from None
    return said


def colour(raw: object) -> str:
    """A colour as #rrggbb."""
    if not isinstance(raw, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", raw):
        msg = "is not a colour."
        raise Mistake(msg, 'Write six hexadecimal digits in quotes, such as "#1f5c4d".')
    return raw


def survey_scale(raw: object) -> SurveyScale:
    """What the scores of surveys mean."""
    try:
        return SurveyScale(str(raw))
    except ValueError:
        msg = "is no scale of surveys."
        hint = nearest(str(raw), SurveyScale) or f"Write one of {', '.join(SurveyScale)}."
        raise Mistake(msg, hint) from None


def web_address(raw: object) -> str:
    """An https address."""
    url = text(raw)
    if not re.fullmatch(r"https://[^\s/]+\.[^\s/]+\S*", url):
        msg = "is not an https address."
        raise Mistake(msg, "Write it in full, such as https://shop.example.")
    return url.rstrip("/")


def email_address(raw: object) -> str:
    """An email address."""
    try:
        return validate_email(text(raw), check_deliverability=False, strict=True).normalized
    except EmailNotValidError as error:
        msg = "is not an email address."
        raise Mistake(msg, str(error)) from None


def _items(raw: object) -> list[object]:
    if not isinstance(raw, list) or not raw:
        msg = "is not a list."
        raise Mistake(msg, "Write it in brackets, such as [a, b].")
    return list(raw)
