"""/u/…: one button to stop, and the way back. Looking at the page changes nothing, whoever looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.edge.forms import Form, first
from perennial.edge.gathering import Gatherer
from perennial.edge.link_pages import LinkPages, Opened
from perennial.ledger.values import KnownMessage
from perennial.model.words import ConsentSource, Topic
from perennial.steps.answering import PREFERENCES, UNSUBSCRIBE, Leaving
from perennial.steps.confirming import CONFIRM
from perennial.steps.returning import Return


def unsubscribe_routes(links: LinkPages, leaving: Gatherer[Leaving, None]) -> list[Route]:
    """The page behind the unsubscribe link; its POST is RFC 8058's, too. Those who leave at once share a transaction."""
    page = _Unsubscribing(links, leaving)
    path, purpose = "/u/{token}", (UNSUBSCRIBE,)
    return [
        Route(path, links.handling(purpose, page.show), methods=["GET"]),
        Route(path, links.handling(purpose, page.take), methods=["POST"]),
    ]


class _Unsubscribing:
    def __init__(self, links: LinkPages, leaving: Gatherer[Leaving, None]) -> None:
        self._links = links
        self._leaving = leaving
        self._perennial = links.perennial

    async def show(self, _: Request, opened: Opened) -> Response:
        message = await self._links.work(self._perennial.message, opened.key)
        if message is not None:
            done = await self._links.work(self._perennial.is_unsubscribed, message)
            if done:
                return await self._unsubscribed(opened, message)
        return self._page("unsubscribe", opened, message)

    async def take(self, request: Request, opened: Opened) -> Response:
        form = await self._links.form(request, opened)
        if isinstance(form, Response):
            return form
        one_click = _is_one_click(form)
        if not one_click and (refused := self._links.refused(request, opened)):
            return refused
        if first(form, "do") == "resubscribe":
            return await self._resubscribe(opened)
        how = ConsentSource.ONE_CLICK if one_click else ConsentSource.UNSUBSCRIBE_LINK
        # Who presses a button of their mail program has seen none of our words.
        wording = None if one_click else self._links.pages.words.version(opened.locale)
        await self._leaving.record([Leaving(key=opened.key, how=how, wording=wording)])
        message = await self._links.work(self._perennial.message, opened.key)
        return await self._unsubscribed(opened, message)

    async def _resubscribe(self, opened: Opened) -> Response:
        message = await self._links.work(self._perennial.message, opened.key)
        if message is None:
            return self._links.pages.trouble("message", opened.locale, status=404)
        wording = self._links.pages.words.version(opened.locale)
        back = await self._links.work(self._perennial.resubscribe, message, wording=wording)
        return self._page(
            "resubscribed",
            opened,
            message,
            **self._told(opened, back),
            confirm=self._links.path_to("o", CONFIRM, opened) if back.confirms_here else None,
            barred=back.barred,
        )

    async def _unsubscribed(self, opened: Opened, message: KnownMessage | None) -> Response:
        if message is None:
            return self._page("unsubscribed", opened, None, unknown=True)
        back = await self._links.work(self._perennial.way_back, message)
        told = self._told(opened, back)
        return self._page("unsubscribed", opened, message, unknown=False, **told)

    def _told(self, opened: Opened, back: Return) -> dict[str, str]:
        return {
            "topics": self._named(opened, back.topics),
            "pending": self._named(opened, back.pending),
        }

    def _page(
        self,
        name: str,
        opened: Opened,
        message: KnownMessage | None,
        **values: Any,  # noqa: ANN401 - what the template prints
    ) -> Response:
        return self._links.pages.page(
            name,
            opened.locale,
            channel=message.channel if message else "email",
            preferences=self._links.path_to("p", PREFERENCES, opened),
            **values,
        )

    def _named(self, opened: Opened, topics: Sequence[Topic]) -> str:
        return ", ".join(self._links.pages.say(opened.locale, f"topic_{t}") for t in topics)


def _is_one_click(form: Form) -> bool:
    return first(form, "List-Unsubscribe") == "One-Click"
