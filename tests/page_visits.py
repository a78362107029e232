"""Visiting the pages of the web app as browsers, mail programs and scanners do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from perennial.model.keys import link_token
from perennial.model.message import PlannedMessage
from perennial.steps.services import Perennial

PLACES = {
    "unsubscribe": "u",
    "preferences": "p",
    "confirm": "o",
    "survey": "s",
    "survey_nps": "s",
}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    html: str

    @property
    def text(self) -> str:
        return unescape(self.html)


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = build_opener(_Stay)


def visit(
    url: str,
    form: Mapping[str, object] | bytes | None = None,
    *,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Visit:
    """Asks for a page, or posts a form; follows no redirect."""
    body = urlencode(form, doseq=True).encode() if isinstance(form, Mapping) else form
    request = Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310 - loopback
    try:
        with _OPENER.open(request, timeout=120) as answer:
            return Visit(status=answer.status, headers=answer.headers, html=answer.read().decode())
    except HTTPError as error:
        with error:
            return Visit(status=error.code, headers=error.headers or {}, html=error.read().decode())


def page_of(
    perennial: Perennial, message: PlannedMessage, purpose: str, *, locale: str = "en"
) -> str:
    """The path of a page about a message, as a link in it has it."""
    return f"/{PLACES[purpose]}/{link_token(purpose, message.key, locale, perennial.secret)}"
