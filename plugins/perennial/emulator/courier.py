"""Brings webhooks to their addresses, which must be on loopback: late, twice, out of order or not at all, as told."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urldefrag, urlsplit

import aiohttp

from perennial.emulator.faults import draw
from perennial.emulator.options import Delivery, Options

_SECONDS_FOR_AN_ANSWER = 15.0
_AT_ONCE = 64


class Fate(StrEnum):
    """What became of a post."""

    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    LOST = "lost"
    NOT_LOOPBACK = "not_loopback"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One of the times that an event is delivered."""

    delay: float
    new_id: bool = False


def copies(delivery: Delivery, seed: int, name: str) -> Sequence[Copy]:
    """When an event arrives, and how often; decided by the seed and the event's name alone."""

    def chance(what: str) -> float:
        return draw(seed, "webhook", what, name)

    if chance("lost") < delivery.lost:
        return []
    spread = delivery.longest_delay - delivery.shortest_delay
    delay = delivery.shortest_delay + spread * chance("delay")
    if chance("late") < delivery.late:
        delay += delivery.late_seconds * (0.5 + chance("how late"))
    found = [Copy(delay=delay)]
    if chance("repeated") < delivery.repeated:
        found.append(Copy(delay=delay + delivery.late_seconds * chance("again")))
    if chance("repeated with a new id") < delivery.repeated_with_new_id:
        again = delivery.late_seconds * chance("again with a new id")
        found.append(Copy(delay=delay + again, new_id=True))
    return found


class Courier:
    """Posts what is due; counts what became of it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._session: aiohttp.ClientSession | None = None
        self._errands: set[asyncio.Task[Any]] = set()
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._numbers = itertools.count()
        self._idle = asyncio.Event()
        self._idle.set()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._put_off: list[tuple[float, Callable[[], None]]] | None = (
            [] if options.people_wait else None
        )
        self.fates: Counter[Fate] = Counter()

    async def start(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_SECONDS_FOR_AN_ANSWER)
        connector = aiohttp.TCPConnector(limit=_AT_ONCE)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector)

    async def close(self) -> None:
        """Drops whatever is still under way."""
        for timer in self._timers.values():
            timer.cancel()
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def settled(self) -> None:
        """Waits until nothing is under way."""
        await self._idle.wait()

    def later(self, delay: float, act: Callable[[], None]) -> None:
        """Does something after a while."""
        number = next(self._numbers)

        def act_now() -> None:
            try:
                act()
            finally:
                del self._timers[number]
                self._look_around()

        self._timers[number] = asyncio.get_running_loop().call_later(delay, act_now)
        self._idle.clear()

    def later_by_people(self, delay: float, act: Callable[[], None]) -> None:
        """Does what a person does: after a while, counted from when people may if they wait."""
        if self._put_off is None:
            self.later(delay, act)
        else:
            self._put_off.append((delay, act))

    def let_people(self) -> None:
        """From now on people do what they do."""
        put_off, self._put_off = self._put_off or [], None
        for delay, act in put_off:
            self.later(delay, act)

    def send(self, url: str, body: bytes, headers: Mapping[str, str], *, attempts: int = 1) -> None:
        """Posts in the background."""
        self.run(self.post(url, body, headers, attempts=attempts))

    def run(self, errand: Coroutine[Any, Any, object]) -> None:
        """Does something in the background."""
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        self._idle.clear()
        task.add_done_callback(self._done)

    async def ask(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> str | None:
        """What a page answers, redirects are not followed; nothing when it could not be had."""
        address = self._loopback(url)
        if address is None or self._session is None:
            self.fates[Fate.NOT_LOOPBACK] += 1
            return None
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, UnicodeDecodeError):
            async with (
                self._gate,
                self._session.request(
                    method, address, data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                text = await answer.text()
                if answer.status < 400:
                    self.fates[Fate.DELIVERED] += 1
                    return text
        self.fates[Fate.GIVEN_UP] += 1
        return None

    def _done(self, errand: asyncio.Task[Any]) -> None:
        self._errands.discard(errand)
        self._look_around()

    def _look_around(self) -> None:
        if not self._timers and not self._errands:
            self._idle.set()

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, attempts: int = 1
    ) -> Fate:
        """Posts until it is answered 2xx or given up; redirects are not followed."""
        address = self._loopback(url)
        fate = Fate.NOT_LOOPBACK
        if address is not None and self._session is not None:
            fate = await self._try(self._session, address, body, headers, attempts)
        self.fates[fate] += 1
        return fate

    async def _try(
        self,
        session: aiohttp.ClientSession,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        attempts: int,
    ) -> Fate:
        for attempt in range(attempts):
            # Waits grow: 0, 1, 3, 7 … times the first.
            await asyncio.sleep(self._options.delivery.retry_seconds * (2**attempt - 1))
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with (
                    self._gate,
                    session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
                ):
                    if 200 <= answer.status < 300:
                        return Fate.DELIVERED
        return Fate.GIVEN_UP

    def _loopback(self, url: str) -> str | None:
        for public, local in self._options.forward.items():
            if url.startswith(public):
                url = local + url.removeprefix(public)
                break
        return urldefrag(url).url if is_loopback(url) else None


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
