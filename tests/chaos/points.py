"""The points at which a process can be killed, and what kills it there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any

import aiohttp
from aiohttp.tracing import TraceConfig

from perennial.delivery.http_wire import HttpWire
from perennial.ledger.store import Ledger


class Point(StrEnum):
    """Where. The ledger's methods are wrapped, the wire is traced; the product knows nothing of it."""

    BEFORE_CLAIM = "before claim"
    AFTER_CLAIM = "after claim"
    BEFORE_BEGIN = "before begin_dispatch"
    AFTER_BEGIN = "after begin_dispatch"
    BEFORE_REQUEST = "before the request"
    AFTER_CONNECT = "after connect"
    AFTER_HEADERS = "after the headers"
    AFTER_BODY = "after the body"
    AFTER_ANSWER = "after the answer"
    BETWEEN_HALVES = "between two halves"
    WHILE_PAUSING = "while pausing"
    BEFORE_SETTLE = "before settle"
    AFTER_SETTLE = "after settle"
    AFTER_BLOCK = "after block"
    BEFORE_RELEASE = "before release"
    AFTER_RELEASE = "after release"
    AFTER_ABANDON = "after abandon_expired"
    BEFORE_QUESTION = "before the question"
    AFTER_QUESTION = "after the question"
    AFTER_SETTLE_DOUBTS = "after settle_doubts"
    AFTER_SHARE = "after share"
    AFTER_LEAVE_ALONE = "after leave_alone"
    AFTER_SUPPRESS = "after suppress"


POINTS = tuple(Point)

_PAUSING_SECONDS = 0.1


class Death:
    """Kills the process, with no chance to clean up, when a point is passed for the n-th time."""

    def __init__(self, point: Point | None, turn: int) -> None:
        self._point = point
        self._turns_left = turn

    def here(self, point: str) -> None:
        if point != self._point:
            return
        self._turns_left -= 1
        if self._turns_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingLedger(Ledger):
    """The ledger, in a process that may die right before or right after each of its steps."""

    def __init__(self, url: str, death: Death) -> None:
        super().__init__(url)
        self._death = death

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found):
            return found
        return partial(_lived_through, found, name, self._death)


def _lived_through(
    step: Callable[..., Any], name: str, death: Death, *args: Any, **named: Any
) -> Any:
    death.here(f"before {name}")
    answer = step(*args, **named)
    death.here(f"after {name}")
    return answer


def let_wires_die(death: Death) -> None:
    """From now on every connection of this process is watched for the points of the wire."""
    open_session = HttpWire._open

    def opened(wire: HttpWire) -> aiohttp.ClientSession:
        session = open_session(wire)
        tracing = _tracing(death)
        tracing.freeze()
        session.trace_configs.append(tracing)
        return session

    HttpWire._open = opened  # type: ignore[method-assign]


def _tracing(death: Death) -> TraceConfig:
    tracing = TraceConfig()
    for signals, point in (
        (tracing.on_request_start, Point.BEFORE_REQUEST),
        (tracing.on_connection_create_end, Point.AFTER_CONNECT),
        (tracing.on_request_headers_sent, Point.AFTER_HEADERS),
        (tracing.on_request_chunk_sent, Point.AFTER_BODY),
        (tracing.on_request_end, Point.AFTER_ANSWER),
    ):
        signals.append(_die_at(death, point))
    tracing.on_request_end.append(_look_at_answer(death))
    return tracing


def _die_at(death: Death, point: Point) -> Any:
    async def die(*_: object) -> None:
        death.here(point)

    return die


def _look_at_answer(death: Death) -> Any:
    async def look(_: object, __: object, ended: aiohttp.TraceRequestEndParams) -> None:
        import asyncio

        if ended.response.status in {400, 413}:
            death.here(Point.BETWEEN_HALVES)
        if ended.response.status == 429:
            loop = asyncio.get_running_loop()
            loop.call_later(_PAUSING_SECONDS, death.here, Point.WHILE_PAUSING)

    return look


def let_questions_die(provider: Any, death: Death) -> Any:
    """The provider, in a process that may die around its questions."""
    find = provider.find

    async def found(*args: Any, **named: Any) -> Any:
        death.here(Point.BEFORE_QUESTION)
        answer = await find(*args, **named)
        death.here(Point.AFTER_QUESTION)
        return answer

    provider.find = found
    return provider
