"""What one worker may ask of a provider: its share of what goes at once, its turns of the rate, and when."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from perennial.delivery.bell import Bell
from perennial.delivery.circuit import Circuit
from perennial.delivery.provider import Pace, Provider, unhurried
from perennial.delivery.turns import PACE, BatchPace, Turns
from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.ledger.values import Share
from perennial.model.message import Message, Receipt

_Answer = TypeVar("_Answer")

_SHARE_LEASE = timedelta(seconds=5)
_SHORTEST_LEASE = timedelta(seconds=0.5)
_SECONDS_BETWEEN_TRIES = 0.25
_LONGEST_WAIT = timedelta(seconds=60)
# A share that is not used is left to the others.
_IDLE_SECONDS = 3.0
# Turns are reserved, and batches cut, so that a pause is heard before much more has left.
_SECONDS_AHEAD = 0.5


class Throttle:
    """Lets batches begin as the provider allows it to all workers on all machines together.

    Nothing is asked of the ledger while nothing is to be sent. A share is renewed about every second and ends
    by itself a few seconds after a worker has died.
    """

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        *,
        worker: str,
        lease: timedelta,
        bell: Bell,
        halted: Callable[[], bool],
    ) -> None:
        self._ledger = ledger
        self._provider = provider
        self._worker = worker
        self._bell = bell
        self._halted = halted
        self._circuit = Circuit(ledger, provider.name)
        # Half a lease is left for the request and its answer.
        self._longest_wait = min(lease / 2, _LONGEST_WAIT).total_seconds()
        self._lease = max(min(lease, _SHARE_LEASE), _SHORTEST_LEASE)
        self._turns = Turns(self._reserve, PACE * provider.rate) if provider.rate else None
        self._reserving = asyncio.Lock()
        self._renewing = asyncio.Lock()
        # Apart from the threads that compose and settle: a turn must not wait behind them.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix=f"throttle-{provider.name}")
        self._busy = 0
        self._share = 0
        self._share_until = 0.0
        self._asked_at = 0.0
        self._used_at = 0.0

    @property
    def wait(self) -> float:
        """Seconds until the provider may be asked again."""
        return self._circuit.wait

    @property
    def unavailable(self) -> bool:
        """Whether the provider is to be left alone for longer than claims can wait."""
        return self._circuit.wait > self._longest_wait

    def pieces(self, messages: Sequence[Message]) -> list[Sequence[Message]]:
        """A batch in pieces, each of which leaves in half a second at the provider's rate."""
        count = 1
        if self._provider.rate and messages:
            units = self._provider.units(messages)
            count = max(1, math.ceil(units / (self._provider.rate * _SECONDS_AHEAD)))
        size = -(-len(messages) // count) or 1
        return [messages[start : start + size] for start in range(0, len(messages), size)]

    @asynccontextmanager
    async def admitted(
        self, messages: Sequence[Message], *, until: float
    ) -> AsyncIterator[Pace | None]:
        """One place on the wire for these messages, with their pace; or nothing, when they are not to begin.

        That is when the run is halted, the provider is unavailable, or there was no place by `until`, by the
        loop's clock.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        if not await self._place(until):
            yield None
            return
        try:
            yield await self._pace(messages)
        finally:
            self._busy -= 1
            self._used_at = _clock()
            self._bell.ring()

    async def heed(self, receipts: Sequence[Receipt], *, now: datetime) -> None:
        """What the answers say about how to treat the provider."""
        await self._circuit.heed(receipts, now=now)

    async def keep(self) -> None:
        """Renews the share for as long as it is used."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 5)
            if self._busy or _clock() - self._used_at < _IDLE_SECONDS:
                with suppress(LedgerError):  # then it ends with its lease
                    await self._renew()
            elif self._share_until:
                await self.leave()

    async def leave(self) -> None:
        """Gives the share back."""
        if self._share_until:
            self._share, self._share_until = 0, 0.0
            leave = partial(self._ledger.leave, self._provider.name, worker=self._worker)
            with suppress(LedgerError):
                await self._in_thread(leave)

    async def close(self) -> None:
        await self.leave()
        self._threads.shutdown(wait=False)

    async def _place(self, until: float) -> bool:
        """Takes a place when there is one; false when there is none to be had."""
        while not (self._halted() or self.unavailable):
            self._used_at = _clock()
            if not self._circuit.wait and self._busy < self._room():
                self._busy += 1
                return True
            if _clock() > until:
                return False
            await self._wait_for_room()
        return False

    async def _wait_for_room(self) -> None:
        if self._circuit.wait:
            await self._bell.wait(self._circuit.wait)
        elif not self._room() and _clock() - self._asked_at > _SECONDS_BETWEEN_TRIES:
            await self._renew()
        else:
            await self._bell.wait(_SECONDS_BETWEEN_TRIES)

    def _room(self) -> int:
        """How many batches may be on the wire. While the share is being renewed, no more than were reported."""
        if _clock() >= self._share_until:
            return 0
        return min(self._share, 1) if self._circuit.probing else self._share

    async def _renew(self) -> None:
        async with self._renewing:
            asked = self._asked_at = _clock()
            self._share, held = min(self._share, self._busy), self._share
            try:
                share = await self._in_thread(partial(self._ask_for_share, self._busy))
            except LedgerError:
                self._share = held
                raise
            self._share, self._share_until = share.at_once, asked + self._lease.total_seconds()
            self._circuit.learn(share)
        self._bell.ring()

    def _ask_for_share(self, busy: int) -> Share:
        return self._ledger.share(
            self._provider.name,
            worker=self._worker,
            at_once=self._provider.concurrency,
            busy=busy,
            lease=self._lease,
        )

    async def _pace(self, messages: Sequence[Message]) -> Pace | None:
        """The turns of these messages, once the first of them is about to come."""
        if self._turns is None:
            return unhurried
        units = self._provider.units(messages)
        async with self._reserving:
            first = await self._turns.reserve(units)
            if not await self._until(first.latest - _SECONDS_AHEAD):
                return None
        if not await self._until(first.latest - self._turns.lead):
            return None
        return BatchPace(self._turns, first=first, units=units)

    async def _until(self, moment: float) -> bool:
        """Waits; false when nothing is to begin any more."""
        while not (self._halted() or self._circuit.wait):
            if (left := moment - _clock()) <= 0:
                return True
            await self._bell.wait(left)
        return False

    async def _reserve(self, units: int, lead: timedelta) -> timedelta:
        per_second = PACE * (self._provider.rate or 1.0)
        return await self._in_thread(
            partial(
                self._ledger.take_turns,
                self._provider.name,
                units=units,
                per_second=per_second,
                lead=lead,
            )
        )

    async def _in_thread(self, work: Callable[[], _Answer]) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _clock() -> float:
    return asyncio.get_running_loop().time()
