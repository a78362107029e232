"""Keeping a provider's rate together with every other worker: each request begins in a turn of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

from perennial.errors import LedgerError

Reserve = Callable[[int, timedelta], Awaitable[timedelta]]
"""Reserves so many units, the first not before the lead is over; says how long from now the first may begin."""

# Later than that, a turn is not taken any more: what is caught up in a burst breaks the rate.
LATE_SECONDS = 0.02
PACE = 0.96
"""How much of the rate is used.

What begins within a second has its turn in this second, or was at most so late: 1.02 seconds of turns at 0.96 of the
rate. The fiftieth that is left is for the way: what arrives within a second began within 1.02 of them.
"""

_SHORTEST_LEAD, _LONGEST_LEAD = 0.03, 1.0
_SECONDS_BETWEEN_TRIES = 0.5
_TRIES = 20


class Turn(NamedTuple):
    """When a request may begin, by the loop's clock. The ledger's answer was on its way: it is between the two."""

    earliest: float
    latest: float

    def after(self, seconds: float) -> Turn:
        return Turn(self.earliest + seconds, self.latest + seconds)


class Turns:
    """A worker's place in the queue for a provider's rate."""

    def __init__(self, reserve: Reserve, per_second: float) -> None:
        self._reserve = reserve
        self._lead = _SHORTEST_LEAD
        self._usual = float("inf")
        self._wanted: list[tuple[int, asyncio.Future[Turn]]] = []
        self._clerk: asyncio.Task[None] | None = None
        self.spacing = 1 / per_second

    @property
    def lead(self) -> float:
        """Seconds from the decision to begin a batch to its first request, as they were lately."""
        return self._lead

    def took(self, seconds: float) -> None:
        """What it took this time; the lead follows upwards at once, and downwards slowly."""
        lead = max(1.25 * seconds + 0.01, 0.9 * self._lead)
        self._lead = min(max(lead, _SHORTEST_LEAD), _LONGEST_LEAD)

    async def reserve(self, units: int) -> Turn:
        """When the first of these units may begin, by the loop's clock; the others follow one spacing apart.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        turn: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._wanted.append((units, turn))
        if self._clerk is None or self._clerk.done():
            self._clerk = asyncio.create_task(self._serve())
        return await turn

    async def _serve(self) -> None:
        """One question to the ledger for all that were asked meanwhile."""
        while self._wanted:
            wanted, self._wanted = self._wanted, []
            asked = _clock()
            try:
                wait = await self._reserve(
                    sum(units for units, _ in wanted), timedelta(seconds=self._lead)
                )
            except LedgerError as fault:
                for _, turn in wanted:
                    if not turn.done():
                        turn.set_exception(fault)
                continue
            begins = self._turn(wait.total_seconds(), took=_clock() - asked)
            for units, turn in wanted:
                if not turn.done():
                    turn.set_result(begins)
                begins = begins.after(units * self.spacing)

    def _turn(self, wait: float, *, took: float) -> Turn:
        """Counted from the answer. What it took longer than usual may have passed after the ledger looked at its clock."""
        self._usual = min(took, 1.05 * self._usual)
        latest = _clock() + wait
        return Turn(latest - (took - self._usual), latest)


class BatchPace:
    """The pace of one batch: hands its turns out, request by request."""

    def __init__(self, turns: Turns, *, first: Turn, units: int) -> None:
        self._turns = turns
        self._next = first
        self._left = units
        self._decided = _clock()
        self._began = False

    async def __call__(self, units: int) -> None:
        """Returns when a request of so many units may begin."""
        self._notice_the_lead()
        turn = self._own(units)
        for _ in range(_TRIES):
            if turn is not None and await _on_time(turn):
                return
            turn = await self._anew(units)

    def _own(self, units: int) -> Turn | None:
        """A turn that the batch came with, as long as there are any."""
        if self._left < units:
            return None
        turn = self._next
        self._left -= units
        self._next = turn.after(units * self._turns.spacing)
        return turn

    async def _anew(self, units: int) -> Turn | None:
        """A turn in place of one that was missed. The message is on its way, so a ledger that is away is waited for."""
        try:
            return await self._turns.reserve(units)
        except LedgerError:
            await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
            return None

    def _notice_the_lead(self) -> None:
        if not self._began:
            self._began = True
            self._turns.took(_clock() - self._decided)


async def _on_time(turn: Turn) -> bool:
    """Waits for the turn; false when it has been missed."""
    if (left := turn.latest - _clock()) > 0:
        await asyncio.sleep(left)
    return _clock() - turn.earliest <= LATE_SECONDS


def _clock() -> float:
    return asyncio.get_running_loop().time()
