"""Reading, redacting, cancelling and deleting messages at Twilio."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from perennial.emulator.answers import EMPTY, Answer, Call, json_answer
from perennial.emulator.options import Options
from perennial.emulator.texting.catalogue import failure
from perennial.emulator.texting.messages import TextMessage, Turn
from perennial.emulator.texting.sending import TextDesk, is_authorized

_PAGE_SIZE = 50
_LARGEST_PAGE = 1_000
_CANCELLABLE = frozenset({"accepted", "scheduled", "queued"})


class TextArchive:
    """What the account's owner sees of messages that were taken on."""

    def __init__(self, options: Options, desk: TextDesk) -> None:
        self._options = options
        self._desk = desk

    def read(self, call: Call) -> Answer:
        """Messages by To, From and DateSent (a day in GMT), the latest first, page by page."""
        if not is_authorized(call, self._options):
            return failure(20003)
        try:
            page, size = _page(call.query)
            found = [m for m in self._latest_first() if _fits(m, call.query, call.at)]
        except ValueError:
            return failure(20001)
        part = found[page * size : (page + 1) * size]
        rows = [message.as_json(call.at) for message in part]
        more = len(found) > (page + 1) * size
        return json_answer(200, {"messages": rows, **_paging(call, page, size, len(rows), more)})

    def fetch(self, call: Call) -> Answer:
        """One message."""
        if not is_authorized(call, self._options):
            return failure(20003)
        message = self._desk.messages.get(call.parts["sid"])
        return json_answer(200, message.as_json(call.at)) if message else failure(20404)

    def change(self, call: Call) -> Answer:
        """Body="" redacts; Status=canceled cancels what has not left the queue."""
        if not is_authorized(call, self._options):
            return failure(20003)
        message = self._desk.messages.get(call.parts["sid"])
        if message is None:
            return failure(20404)
        changed = _changed(message, call)
        if changed is None:
            return failure(20001)
        self._desk.messages[message.sid] = changed
        return json_answer(200, changed.as_json(call.at))

    def delete(self, call: Call) -> Answer:
        """Forgets a message."""
        if not is_authorized(call, self._options):
            return failure(20003)
        gone = self._desk.messages.pop(call.parts["sid"], None)
        return EMPTY if gone else failure(20404)

    def _latest_first(self) -> Sequence[TextMessage]:
        return list(reversed(self._desk.messages.values()))


def _changed(message: TextMessage, call: Call) -> TextMessage | None:
    if call.form.get("Status") == "canceled":
        if message.turn(call.at).status not in _CANCELLABLE:
            return None
        past = [turn for turn in message.turns if turn.at <= call.at]
        return dataclasses.replace(message, turns=[*past, Turn(at=call.at, status="canceled")])
    return dataclasses.replace(message, body="") if call.form.get("Body") == "" else None


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    page, size = int(query.get("Page", 0)), int(query.get("PageSize", _PAGE_SIZE))
    if page < 0 or size < 1:
        raise ValueError
    return page, min(size, _LARGEST_PAGE)


def _fits(message: TextMessage, query: Mapping[str, str], now: float) -> bool:
    if query.get("To", message.shown_to) != message.shown_to:
        return False
    if query.get("From", message.sender) != message.sender:
        return False
    return _fits_day(message.sent_at(now), query)


def _fits_day(sent_at: float | None, query: Mapping[str, str]) -> bool:
    limits = {name: query[name] for name in ("DateSent", "DateSent<", "DateSent>") if name in query}
    if sent_at is None:
        # What has not been sent has no such day: a search by day misses it.
        return not limits
    day = datetime.fromtimestamp(sent_at, UTC).date().isoformat()
    for name, limit in limits.items():
        asked = datetime.fromisoformat(limit).date().isoformat()
        if not {"DateSent": day == asked, "DateSent<": day <= asked, "DateSent>": day >= asked}[
            name
        ]:
            return False
    return True


def _paging(call: Call, page: int, size: int, shown: int, more: bool) -> Mapping[str, Any]:  # noqa: FBT001 - one line of arithmetic
    def uri(number: int) -> str:
        query = {**call.query, "Page": str(number), "PageSize": str(size)}
        return f"{call.path}?{urlencode(query)}"

    return {
        "end": page * size + max(shown - 1, 0),
        "first_page_uri": uri(0),
        "next_page_uri": f"{uri(page + 1)}&PageToken=PA{page + 1}" if more else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": uri(page - 1) if page else None,
        "start": page * size,
        "uri": uri(page),
    }
