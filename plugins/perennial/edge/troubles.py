"""What people see where there is no page, or when something has gone wrong with us."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ExceptionHandler

from perennial.edge.link_pages import LinkPages

_log = logging.getLogger(__name__)

# Programs ask there, and want no pages.
_FOR_PROGRAMS = ("/hooks/", "/health", "/ready", "/metrics")


def trouble_handlers(links: LinkPages) -> Mapping[int | type[Exception], ExceptionHandler]:
    """Answers what no page answers."""

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        if request.url.path.startswith(_FOR_PROGRAMS):
            return PlainTextResponse(f"{status}\n", status_code=status, headers=headers)
        if status == 404:
            return links.stranger(request, "404")
        locale = links.pages.locale_of(request)
        known = status if status in {405, 413} else 400
        return links.pages.trouble(known, locale, status=status, headers=headers)

    async def apologise(request: Request, error: Exception) -> Response:
        # The text of an error may quote what somebody sent.
        _log.error("A page failed: %s.", type(error).__name__)
        return links.pages.trouble(500, links.pages.locale_of(request), status=500)

    return {HTTPException: refuse, 500: apologise}


def trifle_routes() -> list[Route]:
    """What browsers and crawlers ask for by themselves."""

    async def no_icon(_: Request) -> Response:
        return Response(status_code=204)

    async def robots(_: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return [
        Route("/favicon.ico", no_icon, methods=["GET"]),
        Route("/robots.txt", robots, methods=["GET"]),
    ]
