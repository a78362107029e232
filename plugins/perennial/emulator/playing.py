"""How an answer and a fault look on the wire."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiohttp import web

from perennial.emulator.answers import TOO_LARGE, Answer, html_answer
from perennial.emulator.faults import Fault, FaultKind, Operation, Provider
from perennial.emulator.mailing import replies
from perennial.emulator.texting import catalogue

_SUCCESSES = {Operation.MAIL_SEND: 202, Operation.MAIL_BATCH: 201, Operation.TEXT_SEND: 201}
_SECONDS = {FaultKind.NO_ANSWER: 120.0, FaultKind.LATENCY: 0.1}
_PIECES = 8


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where a fault is played: the request, and the answer that it would have got (before: none yet)."""

    request: web.Request
    operation: Operation
    keys: Sequence[str]
    at: float
    answer: Answer | None = None

    def with_answer(self, answer: Answer) -> Scene:
        return replace(self, answer=answer)

    @property
    def texting(self) -> bool:
        return self.operation.provider is Provider.TWILIO

    @property
    def success(self) -> Answer:
        """The good answer with something in its body, so that there is something to spoil."""
        status = _SUCCESSES.get(self.operation, 200)
        body = (self.answer.body if self.answer else b"") or json.dumps(
            {"sid": "SM" + "0" * 32, "status": "queued", "message": "success"}
        ).encode()
        return Answer(status=status, body=body, content_type="application/json")


def respond(answer: Answer) -> web.StreamResponse:
    """An answer as aiohttp sends it."""
    return web.Response(
        status=answer.status,
        body=answer.body or None,
        content_type=answer.content_type or ("text/plain" if answer.body else None),
        headers=answer.headers,
    )


async def play(fault: Fault, scene: Scene) -> web.StreamResponse | None:
    """Plays a fault; nothing when the request goes on as if there had been none."""
    seconds = _SECONDS.get(fault.kind, 1.0) if fault.seconds is None else fault.seconds
    match fault.kind:
        case FaultKind.LATENCY:
            await asyncio.sleep(seconds)
            return respond(scene.answer) if scene.answer else None
        case FaultKind.NO_ANSWER:
            await asyncio.sleep(seconds)
            return _drop(scene.request)
        case FaultKind.RESET:
            return _drop(scene.request)
        case FaultKind.CUT:
            return await _cut(scene)
        case FaultKind.SLOW_BODY:
            return await _trickle(scene, seconds)
        case _:
            return respond(_spoiled(fault, scene, seconds))


def _spoiled(fault: Fault, scene: Scene, seconds: float) -> Answer:
    match fault.kind:
        case FaultKind.RATE_LIMITED:
            return _rate_limited(scene, seconds)
        case FaultKind.SERVER_ERROR:
            return _server_error(scene, fault.status or 500)
        case FaultKind.HTML:
            return html_answer(fault.status or scene.success.status, "Welcome")
        case FaultKind.REFUSED:
            return _refusal(fault, scene)
        case _:
            good = scene.success
            half = good.body[: len(good.body) // 2]
            return Answer(status=good.status, body=half, content_type=good.content_type)


def _rate_limited(scene: Scene, seconds: float) -> Answer:
    if scene.texting:
        return catalogue.failure(20429)
    headers = {
        "X-RateLimit-Limit": "600",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(math.ceil(scene.at + seconds)),
    }
    return replies.too_many(headers)


def _server_error(scene: Scene, status: int) -> Answer:
    if scene.texting:
        return catalogue.server_failure(status)
    return replies.refused_as(status, "internal server error")


def _refusal(fault: Fault, scene: Scene) -> Answer:
    if scene.texting:
        return catalogue.failure(fault.code or 21211)
    whole = {401: replies.UNAUTHORIZED, 403: replies.FORBIDDEN, 413: TOO_LARGE}
    if fault.code in whole:
        return whole[fault.code]
    key = fault.match.key
    number = scene.keys.index(key) if key in scene.keys else 0
    field = f"personalizations.{number}.to.0.email"
    message = "Does not contain a valid address."
    return replies.refused(
        [replies.Refusal(status=fault.code or 400, message=message, field=field)]
    )


def _drop(request: web.Request) -> web.StreamResponse:
    transport = request.transport
    if transport is not None:
        wire = transport.get_extra_info("socket")
        # Without lingering, closing sends a reset in place of a polite end.
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _cut(scene: Scene) -> web.StreamResponse:
    good = scene.success
    response = await _begin(scene, good)
    await response.write(good.body[: len(good.body) // 2])
    if scene.request.transport is not None:
        scene.request.transport.close()
    return response


async def _trickle(scene: Scene, seconds: float) -> web.StreamResponse:
    good = scene.success
    response = await _begin(scene, good)
    size = math.ceil(len(good.body) / _PIECES)
    for start in range(0, len(good.body), size):
        await asyncio.sleep(seconds / _PIECES)
        await response.write(good.body[start : start + size])
    await response.write_eof()
    return response


async def _begin(scene: Scene, answer: Answer) -> web.StreamResponse:
    headers = {**answer.headers, "Content-Type": answer.content_type or "text/plain"}
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body)
    await response.prepare(scene.request)
    return response
