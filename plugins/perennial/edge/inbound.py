"""Where Twilio posts what people text back: STOP, START, HELP, in their own words. No word or number is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.edge.bodies import read_body
from perennial.edge.counting import Counts, Outcome
from perennial.errors import LedgerError
from perennial.events import inbound_texts, twilio_events
from perennial.events.inbound_texts import InboundText
from perennial.events.reports import Seal
from perennial.events.text_replies import MEDIA_TYPE
from perennial.steps.services import Perennial

_log = logging.getLogger(__name__)

_MOST_BYTES = 64 * 1024
_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """What became of a post, what Twilio is answered, and what was read."""

    outcome: Outcome
    said: str = ""
    text: InboundText | None = None


def inbound_route(
    perennial: Perennial, counts: Counts, *, status_of: Mapping[Outcome, int]
) -> Route:
    """The address that is entered at a Messaging Service or number, for messages that come in."""
    room, take = asyncio.Semaphore(_AT_ONCE), _taker(perennial)

    async def answer(request: Request) -> Response:
        async with room:
            body = await read_body(request, most=_MOST_BYTES)
            if isinstance(body, Outcome):
                taken = _Taken(outcome=body)
            else:
                taken = await run_in_threadpool(take, request, body)
        counts.posts[twilio_events.PROVIDER, taken.outcome.value] += 1
        if taken.text is None:
            return Response(status_code=status_of[taken.outcome])
        counts.note_text(taken.text)
        return Response(taken.said, media_type=MEDIA_TYPE)

    return Route(inbound_texts.PATH, answer, methods=["POST"])


def _taker(perennial: Perennial) -> Callable[[Request, bytes], _Taken]:
    signature = perennial.callback_signature
    address = perennial.public_url(inbound_texts.PATH)

    def take(request: Request, body: bytes) -> _Taken:
        form = twilio_events.read_form(body)
        query = request.scope["query_string"].decode("latin-1")
        seal = Seal.FORGED
        if form is not None:
            seal = signature.check(
                form,
                url=f"{address}?{query}" if query else address,
                signature=request.headers.get(twilio_events.SIGNATURE_HEADER),
            )
        if form is None or seal is not Seal.GENUINE:
            return _Taken(outcome=Outcome.FORGED)
        text = perennial.read_text(form)
        return _Taken(outcome=Outcome.UNREADABLE) if text is None else _obey(perennial, text)

    return take


def _obey(perennial: Perennial, text: InboundText) -> _Taken:
    try:
        said = perennial.obey_text(text)
    except LedgerError as error:
        _log.error("A text waits for the ledger. %s", error)
        return _Taken(outcome=Outcome.UNAVAILABLE)
    return _Taken(outcome=Outcome.APPLIED, said=said, text=text)
