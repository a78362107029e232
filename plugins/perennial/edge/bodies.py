"""Reading what somebody posts, no more than was agreed and no longer than is decent."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from perennial.edge.counting import Outcome

_SECONDS = 10.0


async def read_body(request: Request, *, most: int) -> bytes | Outcome:
    """The body, or why there is none."""
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:20]) > most:
        return Outcome.TOO_LARGE
    try:
        async with asyncio.timeout(_SECONDS):
            return await _read(request, most)
    except TimeoutError:
        return Outcome.TOO_SLOW
    except ClientDisconnect:
        return Outcome.BROKEN_OFF


async def _read(request: Request, most: int) -> bytes | Outcome:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            return Outcome.TOO_LARGE
    return bytes(body)
