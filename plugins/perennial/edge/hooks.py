"""Where providers post what became of messages. Nothing is believed before its signature is, and nothing is stored then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.edge.bodies import read_body
from perennial.edge.counting import Counts, Outcome
from perennial.edge.gathering import Gatherer
from perennial.edge.inbound import inbound_route
from perennial.errors import LedgerError
from perennial.events import sendgrid_events, twilio_events
from perennial.events.reports import Report, Seal
from perennial.ledger.values import Applied
from perennial.model.events import ProviderEvent
from perennial.model.keys import KEY_NAME
from perennial.steps.services import Perennial

_log = logging.getLogger(__name__)

_STATUS: Mapping[Outcome, int] = {
    Outcome.APPLIED: 204,
    Outcome.UNREADABLE: 400,
    Outcome.BROKEN_OFF: 400,
    Outcome.FORGED: 403,
    Outcome.STALE: 403,
    Outcome.TOO_SLOW: 408,
    Outcome.TOO_LARGE: 413,
    # The provider tries again, for a day.
    Outcome.UNAVAILABLE: 503,
}
_UNTRUE = {Seal.FORGED: Outcome.FORGED, Seal.STALE: Outcome.STALE}
_SMALL = 16 * 1024

Events = Gatherer[ProviderEvent, Applied]
Read = Callable[[Request, bytes], Report | Outcome]


@dataclass(frozen=True, kw_only=True)
class _Hook:
    """What one provider may post: so many bytes, so many posts held at once; further ones wait unread."""

    provider: str
    read: Read
    most_bytes: int
    room: asyncio.Semaphore


def hook_routes(perennial: Perennial, gatherer: Events, counts: Counts) -> list[Route]:
    """The addresses that are entered at SendGrid and given to Twilio."""
    events = _Hook(
        provider=sendgrid_events.PROVIDER,
        read=_sendgrid_reader(perennial),
        most_bytes=4 * 1024 * 1024,
        room=asyncio.Semaphore(8),
    )
    statuses = _Hook(
        provider=twilio_events.PROVIDER,
        read=_twilio_reader(perennial),
        most_bytes=64 * 1024,
        room=asyncio.Semaphore(256),
    )
    return [
        _route(sendgrid_events.PATH, events, gatherer, counts),
        _route(twilio_events.STATUS_PATH, statuses, gatherer, counts),
        inbound_route(perennial, counts, status_of=_STATUS),
    ]


def _route(path: str, hook: _Hook, gatherer: Events, counts: Counts) -> Route:
    async def answer(request: Request) -> Response:
        async with hook.room:
            outcome = await _take(request, hook, gatherer, counts)
        counts.posts[hook.provider, outcome.value] += 1
        return Response(status_code=_STATUS[outcome])

    return Route(path, answer, methods=["POST"])


async def _take(request: Request, hook: _Hook, gatherer: Events, counts: Counts) -> Outcome:
    body = await read_body(request, most=hook.most_bytes)
    if isinstance(body, Outcome):
        return body
    # Reading a large one would hold up everybody else.
    small = len(body) <= _SMALL
    read = hook.read(request, body) if small else await run_in_threadpool(hook.read, request, body)
    if isinstance(read, Outcome):
        return read
    counts.note_report(hook.provider, read)
    if read.events:
        try:
            await gatherer.record(read.events)
        except LedgerError as error:
            _log.error("Events of %s wait for the ledger. %s", hook.provider, error)
            return Outcome.UNAVAILABLE
    return Outcome.APPLIED


def _sendgrid_reader(perennial: Perennial) -> Read:
    signature = perennial.event_signature

    def read(request: Request, body: bytes) -> Report | Outcome:
        seal = signature.check(
            body,
            signature=request.headers.get(sendgrid_events.SIGNATURE_HEADER),
            timestamp=request.headers.get(sendgrid_events.TIMESTAMP_HEADER),
            now=datetime.now(UTC),
        )
        if seal in _UNTRUE:
            return _UNTRUE[seal]
        return sendgrid_events.read_events(body) or Outcome.UNREADABLE

    return read


def _twilio_reader(perennial: Perennial) -> Read:
    signature = perennial.callback_signature
    address = perennial.public_url(twilio_events.STATUS_PATH)

    def read(request: Request, body: bytes) -> Report | Outcome:
        form = twilio_events.read_form(body)
        if form is None:
            return Outcome.FORGED
        # Twilio signs the address that it was given, so whatever the proxy makes of it does not count.
        url = f"{address}?{request.scope['query_string'].decode('latin-1')}"
        seal = signature.check(
            form, url=url, signature=request.headers.get(twilio_events.SIGNATURE_HEADER)
        )
        if seal in _UNTRUE:
            return _UNTRUE[seal]
        key = request.query_params.get(KEY_NAME)
        return twilio_events.read_status(form, key=key, at=datetime.now(UTC))

    return read
