"""What an address asks for, read with care: a day, a number, the shop's today."""

from __future__ import annotations

from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request

from perennial.steps.services import Perennial


def chosen_day(request: Request, name: str = "day") -> date | None:
    """The day that an address names, or nothing.

    Raises:
        HTTPException: it is no day.
    """
    return read_day(request.query_params.get(name))


def read_day(text: str | None) -> date | None:
    """A day as it is written, or nothing.

    Raises:
        HTTPException: it is no day.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HTTPException(404, "There is no such day. Write it as 2026-11-22.") from None


def whole_number(request: Request, name: str, *, default: int) -> int:
    """A number from 1 that an address names.

    Raises:
        HTTPException: it is no such number.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10_000_000:
        raise HTTPException(404, "There is no such page.")
    return int(text)


def shop_day(perennial: Perennial) -> date:
    """Today where the shop is."""
    return perennial.now().astimezone(perennial.shop.zone).date()
