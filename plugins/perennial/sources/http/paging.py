"""Reads a list that is longer than a page, while the shop goes on changing it.

No row is lost: a window that cannot be joined to the one before it is read again, further back. A row may come twice.
Neither way goes on for ever over a list that does not move.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]

_REMEMBERED_PAGES = 20
_IN_VAIN = 50


class StandsStill(Exception):
    """The list does not come to its end."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Rows from an offset on, and how many the whole list has, if the API says so."""

    items: list[Item]
    total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows after a cursor, and the cursor of the next page; without one, these were the last."""

    items: list[Item]
    cursor: str | None = None


def overlapping(read: Callable[[int], Window], key: str) -> Iterator[list[Item]]:
    """The rows of a list that is read by offsets, in an order that changes do not shuffle.

    Each window begins with the last row of the one before. When rows have gone from the front meanwhile, the others
    moved up: then the window begins with a row that was not seen yet, and those between would be skipped.
    """
    recent: deque[set[str]] = deque(maxlen=_REMEMBERED_PAGES)
    offset, back, in_vain = 0, 0, 0
    while in_vain < _IN_VAIN:
        window = read(offset)
        keys = [_key(item, key) for item in window.items]
        if offset and not (keys and _seen(keys[0], recent)):
            back = max(1, 2 * back, len(keys) // 2)
            offset, in_vain = max(0, offset - back), in_vain + 1
            continue
        fresh = [i for i, k in zip(window.items, keys, strict=True) if not _seen(k, recent)]
        if fresh:
            recent.append(set(keys))
            yield fresh
        end, back, in_vain = offset + len(keys), 0, 0 if fresh else in_vain + 1
        # A window without a new row proves nothing: an API that knows no offsets gives the first page for ever.
        said_all = window.total is not None and end >= window.total
        if said_all if fresh else len(keys) <= 1 and (said_all or window.total is None):
            return
        offset = max(offset + 1, end - 1)
    raise StandsStill


def following(read: Callable[[str | None], Page]) -> Iterator[list[Item]]:
    """The rows of a list that is read by cursors: the API goes on behind the last row, wherever that is by now."""
    cursor: str | None = None
    empty = 0
    while empty < _IN_VAIN:
        page = read(cursor)
        if page.items:
            yield page.items
        empty = 0 if page.items else empty + 1
        if page.cursor is None:
            return
        if page.cursor == cursor:
            break
        cursor = page.cursor
    raise StandsStill


def _key(item: object, key: str) -> str:
    # What is no item is refused by the table that it was meant for.
    return str(item.get(key)) if isinstance(item, dict) else ""


def _seen(key: str, recent: deque[set[str]]) -> bool:
    return any(key in keys for keys in recent)
