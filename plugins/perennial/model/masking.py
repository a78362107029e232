"""Addresses and values as they may be shown: their owner recognises them, nobody else learns them."""

from __future__ import annotations

import re

_PERSONAL = frozenset(("first_name", "last_name", "email", "phone", "birth_date", "postal_code"))
_LONGEST_VALUE = 40
_DOTS = "•••"


def masked_email(address: str) -> str:
    """The first letter and the domain: a•••@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1].lower()}{_DOTS}@{domain.lower()}"


def masked_phone(number: str) -> str:
    """The last two digits of an E.164 number: +••• 67."""
    return f"+{_DOTS} {number[-2:]}"


def masked_value(column: str, text: str | None) -> str:
    """A value of the shop as a mistake is shown with it: what is of a person, or could be, by its first sign alone."""
    if text is None:
        return "nothing"
    if not text.strip():
        return "blank"
    if "@" in text:
        return masked_email(text)
    if column == "phone":
        return masked_phone(text.strip())
    if column in _PERSONAL or _could_be_a_number_of_a_person(column, text):
        return f"{text.strip()[:1]}{_DOTS} ({len(text)} signs)"
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return plain if len(plain) <= _LONGEST_VALUE else f"{plain[: _LONGEST_VALUE - 1]}…"


def _could_be_a_number_of_a_person(column: str, text: str) -> bool:
    """Digits as long as a telephone number where nothing but a word is expected; keys, dates and sums are long, too."""
    if column.endswith(("_id", "_at", "_on")) or column in {"total", "amount", "price", "discount"}:
        return text.startswith("+")
    return len(re.findall(r"\d", text)) >= 7
