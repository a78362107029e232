"""Email Activity: SendGrid's list of what it has taken on, for accounts that have paid for it. Found by our key."""

from __future__ import annotations

import time
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from heapq import nsmallest
from urllib.parse import urlencode

from perennial.delivery.http_wire import HttpWire, Reply
from perennial.delivery.outcomes import Carrier
from perennial.delivery.provider import Question
from perennial.model.keys import KEY_NAME, MessageKey
from perennial.model.message import Receipt
from perennial.model.words import MessageState

# SendGrid answers six of these requests a minute; one is left to whoever looks at its console by hand.
_A_MINUTE = 5
_MINUTE = 60.0
# What was taken on shows up in the list some minutes later.
_SETTLES_WITHIN = timedelta(minutes=5)


class EmailActivity:
    """Asks about a handful of emails at a time. Who is not found may show up yet: that proves nothing."""

    def __init__(self, wire: HttpWire, host: str, *, clock: Callable[[], datetime]) -> None:
        self._wire = wire
        self._url = f"{host}/v3/messages"
        self._clock = clock
        self._asked: deque[float] = deque(maxlen=_A_MINUTE)

    async def find(self, questions: Sequence[Question]) -> dict[MessageKey, Receipt]:
        """What is surely known about some of these emails, as far as the minute's requests go."""
        found: dict[MessageKey, Receipt] = {}
        for key in self._chosen(questions):
            self._asked.append(time.monotonic())
            reply = await self._wire.get(f"{self._url}?{_query(key)}")
            if not isinstance(reply, Reply) or reply.status != 200:
                break  # a limit, a key without the right, a fault: nothing to be had now
            if provider_id := _message_id(reply):
                found[key] = Receipt(
                    key=key,
                    state=MessageState.ACCEPTED,
                    provider=Carrier.SENDGRID.value,
                    provider_id=provider_id,
                    code="email_activity",
                )
        return found

    def _chosen(self, questions: Sequence[Question]) -> list[MessageKey]:
        """Others every minute, so that those who are not found do not stand in the way of the rest."""
        now = self._clock()
        ripe = [q.key for q in questions if now - q.begun_at >= _SETTLES_WITHIN]
        minute = int(now.timestamp() // 60)
        return nsmallest(self._left(), ripe, key=lambda key: zlib.crc32(f"{minute}{key}".encode()))

    def _left(self) -> int:
        since = time.monotonic() - _MINUTE
        return _A_MINUTE - sum(asked > since for asked in self._asked)


def _query(key: MessageKey) -> str:
    return urlencode({"query": f"(unique_args['{KEY_NAME}']=\"{key}\")", "limit": 1})


def _message_id(reply: Reply) -> str | None:
    """SendGrid's id of the first email in the list, as far as it is the request's; nothing where there is none."""
    answer = reply.json()
    rows = answer.get("messages") if isinstance(answer, dict) else None
    row = rows[0] if isinstance(rows, list) and rows else None
    name = row.get("msg_id") if isinstance(row, dict) else None
    return name.partition(".")[0] if isinstance(name, str) else None
