"""/c/…: leads where the links of our own messages lead, and nobody else's; and notes that somebody followed one."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from perennial.edge.gathering import Gatherer
from perennial.edge.link_pages import LinkPages, Opened
from perennial.errors import LedgerError
from perennial.events.actors import actor_of
from perennial.ledger.values import Applied
from perennial.model.events import ProviderEvent
from perennial.model.words import Actor, EventWord
from perennial.steps.answering import CLICK, EDGE

_log = logging.getLogger(__name__)

# Whoever fetches a page before anybody asks for it says so in one of these.
_AHEAD_OF_TIME = {
    "Sec-Purpose": ("prefetch", "prerender"),
    "Purpose": ("prefetch", "preview"),
    "X-Purpose": ("preview",),
    "X-Moz": ("prefetch",),
}


def click_routes(links: LinkPages, gatherer: Gatherer[ProviderEvent, Applied]) -> list[Route]:
    """The address that stands in messages in place of a link to the shop."""
    clicking = _Clicking(links, gatherer)
    return [
        Route("/c/{token}/{target}", links.handling((CLICK,), clicking.follow), methods=["GET"])
    ]


class _Clicking:
    def __init__(self, links: LinkPages, gatherer: Gatherer[ProviderEvent, Applied]) -> None:
        self._links = links
        self._gatherer = gatherer

    async def follow(self, request: Request, opened: Opened) -> Response:
        url = self._links.perennial.read_target(request.path_params["target"])
        if url is None:
            return self._links.stranger(request, "target")
        event = ProviderEvent(
            key=opened.key,
            word=EventWord.CLICKED,
            provider=EDGE,
            at=datetime.now(UTC),
            actor=clicker(request),
        )
        # The way is not to be held up by the note of it.
        return RedirectResponse(url, 302, background=BackgroundTask(self._note, event))

    async def _note(self, event: ProviderEvent) -> None:
        try:
            await self._gatherer.record([event])
        except LedgerError as error:
            _log.warning("A click is not noted. %s", error)


def clicker(request: Request) -> Actor | None:
    """Who follows a link, as far as the request tells. The ledger knows one thing more: how soon it came."""
    ahead = (
        word in request.headers.get(name, "").lower()
        for name, words in _AHEAD_OF_TIME.items()
        for word in words
    )
    if request.method == "HEAD" or any(ahead):
        return Actor.MACHINE
    return actor_of(EventWord.CLICKED, user_agent=request.headers.get("User-Agent"))
