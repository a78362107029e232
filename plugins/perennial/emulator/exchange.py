"""One request from the wire to the wire: read, let go wrong what shall, answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from perennial.emulator.answers import TOO_LARGE, Call
from perennial.emulator.faults import FaultScript
from perennial.emulator.mailing import replies
from perennial.emulator.options import Options
from perennial.emulator.playing import Scene, play, respond
from perennial.emulator.routes import Route
from perennial.emulator.texting import catalogue

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Exchange:
    """What lies between the routes and the wire."""

    def __init__(self, options: Options, faults: FaultScript) -> None:
        self._options = options
        self._faults = faults
        self._in_flight: Counter[str] = Counter()

    def handler(self, route: Route) -> Handler:
        """A route as aiohttp calls it."""

        async def handle(request: web.Request) -> web.StreamResponse:
            self._in_flight[route.provider] += 1
            try:
                return await self._answer(route, request)
            finally:
                self._in_flight[route.provider] -= 1

        return handle

    async def _answer(self, route: Route, request: web.Request) -> web.StreamResponse:
        try:
            call = await self._read(route, request)
        except web.HTTPRequestEntityTooLarge:
            return respond(TOO_LARGE)
        keys = () if self._faults.empty else route.keys(call)
        scene = Scene(request=request, operation=route.operation, keys=keys, at=call.at)
        fault = self._faults.take(route.operation, keys, before_acceptance=True)
        early = await play(fault, scene) if fault else None
        if early is not None:
            return early
        return await self._decide(route, call, scene)

    async def _decide(self, route: Route, call: Call, scene: Scene) -> web.StreamResponse:
        answer = route.answer(call)
        if self._options.latency:
            await asyncio.sleep(self._options.latency)
        if answer.accepted:
            fault = self._faults.take(route.operation, scene.keys, before_acceptance=False)
            late = await play(fault, scene.with_answer(answer)) if fault else None
            if late is not None:
                return late
        return respond(answer)

    async def _read(self, route: Route, request: web.Request) -> Call:
        return Call(
            method=request.method,
            path=request.path,
            at=self._options.clock(),
            parts=request.match_info,
            query=request.query,
            headers=request.headers,
            body=await request.read(),
            in_flight=self._in_flight[route.provider],
        )


async def unknown_mailing(request: web.Request) -> web.StreamResponse:
    """What SendGrid answers at an address, or to a method, that it does not know."""
    known = request.path in {"/v3/mail/send", "/v3/mail/batch", "/v3/messages"}
    return respond(replies.METHOD_NOT_ALLOWED if known else replies.NOT_FOUND)


async def unknown_texting(_: web.Request) -> web.StreamResponse:
    """What Twilio answers at an address that it does not know."""
    return respond(catalogue.failure(20404))
