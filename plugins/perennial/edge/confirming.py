"""/o/…: one button to confirm that an address is theirs. Scanners may look as often as they like."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.edge.forms import first
from perennial.edge.link_pages import LinkPages, Opened
from perennial.model.words import Topic
from perennial.steps.answering import PREFERENCES
from perennial.steps.confirming import CONFIRM, Confirmation


def confirm_routes(links: LinkPages) -> list[Route]:
    """The page behind the link of a message that asks for a confirmation."""
    page = _Confirming(links)
    path, purpose = "/o/{token}", (CONFIRM,)
    return [
        Route(path, links.handling(purpose, page.show), methods=["GET"]),
        Route(path, links.handling(purpose, page.take), methods=["POST"]),
    ]


class _Confirming:
    def __init__(self, links: LinkPages) -> None:
        self._links = links
        self._perennial = links.perennial

    async def show(self, _: Request, opened: Opened) -> Response:
        message = await self._links.work(self._perennial.message, opened.key)
        if message is None:
            return self._links.pages.trouble("message", opened.locale, status=404)
        asked = await self._links.work(self._perennial.confirmation, message)
        return self._page(opened, asked)

    async def take(self, request: Request, opened: Opened) -> Response:
        form = await self._links.form(request, opened)
        if isinstance(form, Response):
            return form
        if refused := self._links.refused(request, opened):
            return refused
        message = await self._links.work(self._perennial.message, opened.key)
        if message is None:
            return self._links.pages.trouble("message", opened.locale, status=404)
        if first(form, "do") != "confirm":
            return self._page(opened, await self._links.work(self._perennial.confirmation, message))
        wording = self._links.pages.words.version(opened.locale)
        done = await self._links.work(self._perennial.confirm, message, wording=wording)
        return self._page(opened, done)

    def _page(self, opened: Opened, asked: Confirmation) -> Response:
        return self._links.pages.page(
            "confirm",
            opened.locale,
            waiting=self._named(opened, asked.waiting),
            confirmed=self._named(opened, asked.confirmed),
            preferences=self._links.path_to("p", PREFERENCES, opened),
        )

    def _named(self, opened: Opened, topics: Sequence[Topic]) -> str:
        return ", ".join(self._links.pages.say(opened.locale, f"topic_{t}") for t in topics)
