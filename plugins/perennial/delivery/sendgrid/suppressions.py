"""SendGrid's suppression lists: read page by page, and added to. Nothing is ever taken off them here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from perennial.delivery.http_wire import HttpWire, Patience, Reply
from perennial.errors import DeliveryError
from perennial.model.words import SuppressionReason

LISTS: Mapping[str, SuppressionReason] = MappingProxyType(
    {
        "bounces": SuppressionReason.HARD_BOUNCED,
        "spam_reports": SuppressionReason.COMPLAINED,
        "invalid_emails": SuppressionReason.INVALID,
        "unsubscribes": SuppressionReason.UNSUBSCRIBED,
    }
)
"""Those that end the writing, and why. Blocks do not: they are refusals for the time being, and come as events."""

PAGE = 500
"""The most entries of a page, and the most addresses that are added at once."""

_TYPE = "application/json"
# A bounce quotes its server's answer, with links; a group comes whole.
_LONGEST_PAGE = 4_000_000
_LONGEST_GROUP = 128_000_000
_TRIES = 4
_LONGEST_WAIT = timedelta(minutes=2)
_TOO_MANY, _NOT_FOUND = 429, 404
_REFUSED = frozenset({401, 403})
_OK = frozenset({200, 201})

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An address on a list, and since when. It goes no further than a hash."""

    email: str = field(repr=False)
    created: datetime


class SuppressionLists:
    """The lists of one account. Every method raises DeliveryError when SendGrid does not answer, or refuses the key."""

    def __init__(self, api_key: SecretStr, host: str, *, sleep: Sleep = asyncio.sleep) -> None:
        self._host = host.rstrip("/")
        self._sleep = sleep
        self._wire = HttpWire(
            headers={"Authorization": f"Bearer {api_key.get_secret_value()}"},
            connections=1,
            patience=Patience(total=120),
        )

    async def pages(
        self, name: str, *, since: datetime, until: datetime
    ) -> AsyncIterator[Sequence[Listed]]:
        """What got on a list from `since` to `until`. A fixed end keeps newcomers from shifting the pages."""
        span = {"start_time": int(since.timestamp()), "end_time": int(until.timestamp())}
        for number in count():
            query = urlencode(span | {"limit": PAGE, "offset": number * PAGE})
            entries = await self._list(f"/v3/suppression/{name}?{query}", _LONGEST_PAGE)
            yield [_listed(name, entry) for entry in entries]
            if len(entries) < PAGE:
                return

    async def group(self, number: int) -> Sequence[str]:
        """The addresses that have left an unsubscribe group; SendGrid does not say since when, and knows no pages."""
        path = f"/v3/asm/groups/{number}/suppressions"
        found = await self._list(path, _LONGEST_GROUP)
        return [email for email in found if isinstance(email, str)]

    async def add_to_group(self, number: int, emails: Sequence[str]) -> None:
        """Lets addresses leave a group, at most PAGE of them.

        The group must be known to exist: where there is none, SendGrid unsubscribes them from everything, the shop's
        order confirmations included.
        """
        body = json.dumps({"recipient_emails": list(emails)}).encode()
        url = f"{self._host}/v3/asm/groups/{number}/suppressions"
        await self._answered(lambda: self._wire.post(url, body, _TYPE), f"group {number}")

    async def close(self) -> None:
        await self._wire.close()

    async def _list(self, path: str, longest: int) -> Sequence[Any]:
        what = path.partition("?")[0]
        reply = await self._answered(
            lambda: self._wire.get(self._host + path, longest_body=longest), what, _is_list
        )
        entries: Sequence[Any] = reply.json()
        return entries

    async def _answered(
        self,
        ask: Callable[[], Awaitable[object]],
        what: str,
        is_whole: Callable[[Reply], bool] = lambda _: True,
    ) -> Reply:
        """An answer that says yes. Reading and adding may be repeated, so they are, a few times."""
        said: object = None
        for tried in range(_TRIES):
            reply = await ask()
            if isinstance(reply, Reply) and reply.status in _OK and is_whole(reply):
                return reply
            said = f"{reply.status}" if isinstance(reply, Reply) else reply
            if isinstance(reply, Reply) and reply.status in {*_REFUSED, _NOT_FOUND}:
                break
            if tried < _TRIES - 1:
                await self._sleep(_wait(reply, tried).total_seconds())
        raise DeliveryError(_advice(what, str(said)))


def _is_list(reply: Reply) -> bool:
    """Not when it broke off, or a page of somebody on the way came in its place."""
    return isinstance(reply.json(), list)


def _wait(reply: object, tried: int) -> timedelta:
    asked = reply.wait() if isinstance(reply, Reply) and reply.status == _TOO_MANY else None
    return min(asked or timedelta(seconds=2**tried), _LONGEST_WAIT)


def _advice(what: str, said: str) -> str:
    if said in {str(status) for status in _REFUSED}:
        return (
            f"SendGrid refuses the key for {what} ({said}). Give it the right to read suppressions, and to change"
            " unsubscribe groups where PERENNIAL_SENDGRID_ASM_GROUP is set."
        )
    if said == str(_NOT_FOUND):
        return f"SendGrid knows no {what} (404). Is PERENNIAL_SENDGRID_ASM_GROUP the number of a group?"
    return f"SendGrid did not answer {what} ({said}). What was read so far is kept; run `perennial sync` again."


def _listed(name: str, entry: object) -> Listed:
    created = entry.get("created") if isinstance(entry, dict) else None
    email = entry.get("email") if isinstance(entry, dict) else None
    if type(created) is not int or not isinstance(email, str):
        msg = f"SendGrid's list of {name} holds an entry without an address or a time. Nothing of its page was taken."
        raise DeliveryError(msg)
    return Listed(email=email, created=datetime.fromtimestamp(created, UTC))
