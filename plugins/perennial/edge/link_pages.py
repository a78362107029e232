"""What all pages behind links have in common: reading the link, limits, the customer's language, and what goes wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from perennial.edge.callers import Limit, caller_of
from perennial.edge.counting import Outcome
from perennial.edge.forms import Form, read_form
from perennial.edge.rendering import Pages
from perennial.errors import LedgerError
from perennial.model.keys import MessageKey, is_of_test
from perennial.steps.answering import CLICK
from perennial.steps.services import Perennial

_log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")

_MOST_BYTES = 64 * 1024
_WAIT = {"Retry-After": "60"}
_UNREAD = {Outcome.TOO_LARGE: 413, Outcome.TOO_SLOW: 408, Outcome.BROKEN_OFF: 400}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A link of ours that somebody has followed: what it is for, its message, and the language to answer in."""

    purpose: str
    key: MessageKey
    locale: str


Handler = Callable[[Request, Opened], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class LinkPages:
    """Opens links, and works for whoever brings one of ours.

    Who follows a link of ours is never held up by what others do from the same address: behind one address there may
    be a mail provider that unsubscribes thousands. Only the link itself has a limit.
    """

    def __init__(self, perennial: Perennial, pages: Pages, *, executor: Executor) -> None:
        self.perennial = perennial
        self.pages = pages
        self._executor = executor
        self._strangers = Limit(30)
        self._links = Limit(60)

    def handling(self, purposes: tuple[str, ...], handle: Handler) -> Endpoint:
        """Answers requests whose path holds a token for one of the purposes."""

        async def answer(request: Request) -> Response:
            opened = self._open(request, purposes)
            if opened is None:
                return self.stranger(request, "link")
            if not self._links.allows(f"{request.method}{opened.purpose}{opened.key}"):
                return self.pages.trouble(429, opened.locale, status=429, headers=_WAIT)
            if is_of_test(opened.key) and opened.purpose != CLICK:
                return self.pages.trouble("test", opened.locale, status=200)
            try:
                return await handle(request, opened)
            except LedgerError as error:
                _log.error("A customer was asked to come back. %s", error)
                return self.pages.trouble(503, opened.locale, status=503, headers=_WAIT)

        return answer

    def stranger(self, request: Request, trouble: str, *, status: int = 404) -> Response:
        """What whoever brings no link of ours is told; who guesses is slowed down."""
        locale = self.pages.locale_of(request)
        caller = caller_of(request, self.perennial.settings.edge_proxy_header)
        if not self._strangers.allows(caller):
            return self.pages.trouble(429, locale, status=429, headers=_WAIT)
        return self.pages.trouble(trouble, locale, status=status)

    async def form(self, request: Request, opened: Opened) -> Form | Response:
        """What was posted, or the page that says why it is not taken."""
        form = await read_form(request, most=_MOST_BYTES)
        if isinstance(form, Outcome):
            status = _UNREAD[form]
            trouble = 413 if status == 413 else 400
            return self.pages.trouble(trouble, opened.locale, status=status)
        return form

    def refused(self, request: Request, opened: Opened) -> Response | None:
        """A page of its own for what another website has sent off in the customer's name."""
        if self._is_ours(request):
            return None
        return self.pages.trouble(403, opened.locale, status=403)

    async def work(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """The same in a thread of its own, because it waits for the ledger."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, lambda: work(*args, **kwargs)
        )

    def path_to(self, place: str, purpose: str, opened: Opened) -> str:
        """The path of another page about the same message."""
        token = self.perennial.link_to(purpose, opened.key, opened.locale)
        return urlsplit(self.perennial.public_url(f"/{place}/{token}")).path

    def _open(self, request: Request, purposes: tuple[str, ...]) -> Opened | None:
        token = request.path_params["token"]
        for purpose in purposes:
            if link := self.perennial.read_link(purpose, token):
                locale = self.pages.locale_of(request, link.locale)
                return Opened(purpose=purpose, key=link.key, locale=locale)
        return None

    def _is_ours(self, request: Request) -> bool:
        """Browsers say where a form comes from, mail programs need not. `null` is ours: pages send no referrer."""
        site = request.headers.get("Sec-Fetch-Site", "none")
        origin = urlsplit(request.headers.get("Origin", "null")).netloc
        public = urlsplit(self.perennial.settings.edge_url).netloc
        return site in {"none", "same-origin"} and origin in {
            "",
            public,
            request.headers.get("Host"),
        }
