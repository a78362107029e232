"""What monitoring asks: whether the web app lives, whether it can do its work, and what came in."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from concurrent.futures import Executor

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from perennial.edge.counting import Counts
from perennial.errors import LedgerError
from perennial.operations.samples import as_text
from perennial.steps.services import Perennial

_log = logging.getLogger(__name__)

_SECONDS_FOR_AN_ANSWER = 5.0
# Whoever asks every millisecond does not make the ledger write every millisecond.
_SECONDS_AN_ANSWER_STANDS = 5.0
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class Watch:
    """Answers monitoring."""

    def __init__(self, perennial: Perennial, counts: Counts, *, executor: Executor) -> None:
        self._perennial = perennial
        self._counts = counts
        self._executor = executor
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._writable = False

    def routes(self) -> list[Route]:
        """Where monitoring asks."""
        return [
            Route("/health", self._health, methods=["GET"]),
            Route("/ready", self._ready, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    async def _health(self, _: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def _ready(self, _: Request) -> Response:
        """503 as long as the ledger cannot be written; a hook without its key refuses everything, which is no fault."""
        async with self._asking:
            if time.monotonic() - self._asked_at > _SECONDS_AN_ANSWER_STANDS:
                self._writable = await self._is_writable()
                self._asked_at = time.monotonic()
        hooks = {
            "sendgrid": self._perennial.event_signature.configured,
            "twilio": self._perennial.callback_signature.configured,
        }
        said = {name: "ready" if there else "not configured" for name, there in hooks.items()}
        ledger = "writable" if self._writable else "not writable"
        return JSONResponse({"ledger": ledger, **said}, status_code=200 if self._writable else 503)

    async def _metrics(self, request: Request) -> Response:
        if not (self._perennial.settings.edge_metrics or _is_from_here(request)):
            return PlainTextResponse("Not Found", status_code=404)
        return PlainTextResponse(
            as_text(self._counts.samples()), media_type="text/plain; version=0.0.4"
        )

    async def _is_writable(self) -> bool:
        asked = asyncio.get_running_loop().run_in_executor(self._executor, self._check)
        try:
            await asyncio.wait_for(asked, _SECONDS_FOR_AN_ANSWER)
        except LedgerError as error:
            _log.error("Not ready. %s", error)
            return False
        except TimeoutError:
            _log.error("Not ready. The ledger has not answered in time.")
            return False
        return True

    def _check(self) -> None:
        self._perennial.ledger.check_writable()


def _is_from_here(request: Request) -> bool:
    """Whether somebody on this machine asks, and not a proxy on this machine for somebody else."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
