"""What Twilio's list of messages proves about one that is in doubt: pages in, a verdict out, no connection.

The list is by number, not by our key. A message of ours to that number in the words of ours is the one. Another message
to it at about that time may be the one, changed on its way; then nothing is proved. When there is neither, and the list
has had time to catch up, Twilio never took the message on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from perennial.delivery.http_wire import Reply
from perennial.delivery.outcomes import Verdict
from perennial.delivery.twilio.payload import Texting, address_of
from perennial.model.message import SmsMessage
from perennial.model.words import MessageState

PAGE_SIZE = 50
LONGEST_PAGE = 1_000_000
"""Bytes; a page of the longest texts has some 600,000."""

CATCHES_UP = timedelta(minutes=5)
"""After this the list surely shows what was taken on."""

# Two clocks are compared, and Twilio's knows whole seconds only.
_BEFORE = timedelta(minutes=2)
# A request begins soon after its message was begun, or it waited for its turn.
_SOON = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One of our messages as the list shows it."""

    sid: str
    created_at: datetime
    body: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the list, the latest message first. `told_at` is Twilio's clock, `further` leads to the next page."""

    messages: Sequence[Listed]
    told_at: datetime
    further: str | None


def list_query(message: Texting) -> str:
    """Asks for the messages to its number."""
    return urlencode({"To": address_of(message), "PageSize": PAGE_SIZE})


def read_page(reply: Reply) -> Page | None:
    """What the list says; nothing when it does not read like a list."""
    answer = reply.json()
    if reply.status != 200 or not isinstance(answer, dict):
        return None
    try:
        return Page(
            messages=[_listed(row) for row in answer["messages"] if _is_ours(row)],
            told_at=parsedate_to_datetime(reply.headers["Date"]),
            further=_path(answer.get("next_page_uri")),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def reaches_back(pages: Sequence[Page], begun_at: datetime) -> bool:
    """Whether the pages show everything since the message was begun."""
    last = pages[-1]
    return last.further is None or any(m.created_at < begun_at - _BEFORE for m in last.messages)


def verdict_of(
    pages: Sequence[Page], message: Texting, begun_at: datetime, *, kept: bool
) -> Verdict | None:
    """What became of a message that was begun then; nothing where that is not proved.

    `kept`: Twilio keeps numbers and texts. Where it does not, a message that is not found proves nothing.
    """
    since = [m for page in pages for m in page.messages if m.created_at >= begun_at - _BEFORE]
    if taken_on := next((m for m in since if _is_the_one(m, message, begun_at)), None):
        return Verdict(state=MessageState.ACCEPTED, code="found", provider_id=taken_on.sid)
    may_be_it = any(m.created_at <= begun_at + _SOON for m in since)
    caught_up = pages[0].told_at - begun_at > CATCHES_UP
    if may_be_it or not kept or not caught_up or not reaches_back(pages, begun_at):
        return None
    return Verdict(state=MessageState.RETRYABLE, code="not_found")


def _is_the_one(listed: Listed, message: Texting, begun_at: datetime) -> bool:
    # Of a template the list shows what Twilio made of it, and of a discarded text nothing: then the time must do.
    if isinstance(message, SmsMessage) and listed.body:
        return listed.body.split() == message.text.split()
    return listed.created_at <= begun_at + _SOON


def _is_ours(row: Mapping[str, Any]) -> bool:
    return str(row["direction"]) == "outbound-api"


def _listed(row: Mapping[str, Any]) -> Listed:
    created_at = parsedate_to_datetime(row["date_created"])
    if created_at.tzinfo is None:
        raise ValueError
    return Listed(sid=str(row["sid"]), created_at=created_at, body=row["body"] or "")


def _path(uri: object) -> str | None:
    """Only a path is followed: our credentials go to Twilio's host and nowhere else."""
    if uri is None:
        return None
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise ValueError
    return uri
