"""One pass over a plan: claims chunk by chunk, while the chunks before are on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from perennial.delivery.desk import Desk
from perennial.delivery.handover import Handover
from perennial.delivery.provider import Provider
from perennial.delivery.reading_ahead import Chunk, ReadingAhead
from perennial.errors import DeliveryError
from perennial.ledger.values import Claim
from perennial.model.message import PlannedMessage
from perennial.model.policy import SendingRules
from perennial.model.words import Channel, Control, Reason

_CHUNKS_IN_HAND = 4
_LARGEST_CHUNK = 1_000
# How long a paused run keeps its place, and when it looks again after it has left it.
_LONGEST_PAUSE_SECONDS = 300.0
_LOOK_AGAIN = timedelta(minutes=1)


class Run:
    """Carries out a plan, as people and providers allow it."""

    def __init__(
        self,
        desk: Desk,
        providers: Mapping[Channel, Provider],
        *,
        rules: SendingRules,
        limit: int | None,
        settle_doubts: Callable[[], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._handovers = {
            channel: Handover(desk, provider) for channel, provider in providers.items()
        }
        self._rules = rules
        self.next_day: datetime | None = None
        self._left = limit
        self._settle_doubts = settle_doubts
        self._carrying: set[asyncio.Task[None]] = set()
        self._paused_until: float | None = None

    async def carry_out(self, messages: Iterable[Chunk]) -> None:
        """Sends what may be sent; a fault is kept as the reason to stop, once everything is settled."""
        desk, plan = self._desk, ReadingAhead(messages)
        try:
            await self._make_ready()
            async with self._attended():
                await self._claim_and_carry_all(plan)
            if desk.tally.count("in_doubt") and not desk.stop.asked:
                await self._settle_doubts()
        except Exception as fault:  # noqa: BLE001 - raised again by the caller
            desk.stop.because(fault)
        finally:
            await plan.close()
            desk.tally.waiting(desk.returned)

    def resume_at(self) -> datetime | None:
        """When to go on with what is waiting; nothing when nothing is."""
        waiting = self._desk.tally.count("waiting")
        if not waiting:
            return None
        waits = [self._handovers[channel].throttle.wait for channel in waiting]
        if self._desk.orders.control is Control.PAUSE or not any(waits):
            return self._desk.clock() + _LOOK_AGAIN
        return self._desk.clock() + timedelta(seconds=min(wait for wait in waits if wait))

    async def close(self) -> None:
        """Gives back the shares of the providers."""
        await asyncio.gather(*(each.throttle.close() for each in self._handovers.values()))

    async def _make_ready(self) -> None:
        ledger = self._desk.ledger
        await asyncio.to_thread(ledger.check_writable)
        await asyncio.to_thread(ledger.abandon_expired)
        await self._settle_doubts()
        await self._desk.orders.look()

    @asynccontextmanager
    async def _attended(self) -> AsyncIterator[None]:
        """Hears what people say and keeps the shares of the providers meanwhile."""
        work = [self._desk.orders.watch]
        work += [handover.throttle.keep for handover in self._handovers.values()]
        async with asyncio.TaskGroup() as attending:
            tasks = [attending.create_task(self._faithfully(each)) for each in work]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def _faithfully(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as fault:  # noqa: BLE001 - raised again when everything is settled
            self._desk.stop.because(fault)

    async def _claim_and_carry_all(self, plan: ReadingAhead) -> None:
        async with asyncio.TaskGroup() as on_the_wire:
            try:
                while (chunk := await self._next(plan)) is not None:
                    await self._while_paused()
                    for candidates in self._portions(self._allowed(chunk)):
                        await self._claim_and_carry(candidates, on_the_wire)
            except Exception as fault:  # noqa: BLE001 - raised again when everything is settled
                self._desk.stop.because(fault)

    async def _next(self, plan: ReadingAhead) -> Chunk | None:
        """What was returned, else what comes next in the plan; nothing when all is done."""
        while not self._desk.stop.asked:
            if returned := self._returned():
                return returned
            if self._left != 0 and (chunk := await plan.next()) is not None:
                return chunk
            if not self._carrying:
                return None
            await asyncio.wait(self._carrying, return_when=asyncio.FIRST_COMPLETED)
        return None

    def _returned(self) -> Chunk:
        returned = self._desk.returned
        some = [returned.popleft() for _ in range(min(len(returned), _LARGEST_CHUNK))]
        if self._left is not None:
            self._left += len(some)
        return some

    async def _while_paused(self) -> None:
        """Waits for the campaign to go on, a few minutes, so that it then goes on at once."""
        desk, clock = self._desk, asyncio.get_running_loop().time
        if desk.orders.control is not Control.PAUSE:
            self._paused_until = None
        elif self._paused_until is None:
            self._paused_until = clock() + _LONGEST_PAUSE_SECONDS
        while desk.orders.control is Control.PAUSE and not desk.stop.asked:
            if (left := (self._paused_until or 0.0) - clock()) <= 0:
                return
            await desk.bell.wait(left)

    def _allowed(self, chunk: Chunk) -> list[PlannedMessage]:
        """What is to be claimed now: everything, unless its campaign is paused or its provider is left alone.

        What has expired is claimed all the same; the claim is refused, and the ledger knows.
        """
        now, control = self._desk.clock(), self._desk.orders.control
        closed = {c for c, handover in self._handovers.items() if handover.throttle.unavailable}
        if control is Control.STOP or (control is Control.RUN and not closed):
            return list(chunk)
        paused = control is Control.PAUSE
        allowed: list[PlannedMessage] = []
        waiting: list[PlannedMessage] = []
        for message in chunk:
            waits = (paused or message.channel in closed) and message.expires_at > now
            (waiting if waits else allowed).append(message)
        self._desk.tally.waiting(waiting)
        return allowed

    def _portions(self, candidates: Sequence[PlannedMessage]) -> Iterable[list[PlannedMessage]]:
        """Pieces that are claimed at once, none larger than what is left of the limit."""
        start = 0
        while start < len(candidates) and not self._desk.stop.asked and self._left != 0:
            size = min(_LARGEST_CHUNK, self._left or _LARGEST_CHUNK)
            yield list(candidates[start : start + size])
            start += size

    async def _claim_and_carry(
        self, candidates: Sequence[PlannedMessage], on_the_wire: asyncio.TaskGroup
    ) -> None:
        while len(self._carrying) >= _CHUNKS_IN_HAND:
            await asyncio.wait(self._carrying, return_when=asyncio.FIRST_COMPLETED)
        claimed = await self._claim(candidates)
        if self._left is not None:
            self._left -= len(claimed)
        if claimed:
            carrying = on_the_wire.create_task(self._carry(claimed))
            self._carrying.add(carrying)
            carrying.add_done_callback(self._carrying.discard)

    async def _claim(self, candidates: Sequence[PlannedMessage]) -> list[PlannedMessage]:
        _refuse_missing_provider(candidates, self._handovers)
        claim = await asyncio.to_thread(
            self._desk.ledger.claim,
            candidates,
            worker=self._desk.worker,
            lease=self._desk.lease,
            now=self._desk.clock(),
            rules=self._rules,
        )
        return self._sorted_out(candidates, claim)

    def _sorted_out(
        self, candidates: Sequence[PlannedMessage], claim: Claim
    ) -> list[PlannedMessage]:
        if len(claim.claimed) == len(candidates):
            return list(candidates)
        claimed: list[PlannedMessage] = []
        for message in candidates:
            if message.key in claim.claimed:
                claimed.append(message)
            elif (reason := claim.blocked.get(message.key)) is not None:
                self._desk.tally.blocked(message, reason)
                self._note_next_day(message, reason)
            elif message.key in claim.taken:
                self._desk.tally.taken([message])
            else:
                self._desk.tally.not_due([message])
        return claimed

    def _note_next_day(self, message: PlannedMessage, reason: Reason) -> None:
        """Notes when a new sender's next day lets more leave, if the message lasts until then."""
        if reason is Reason.WARMING_UP and self._rules.sender is not None:
            begins = self._rules.sender.next_day(self._desk.clock())
            if message.expires_at > begins:
                self.next_day = begins

    async def _carry(self, claimed: Sequence[PlannedMessage]) -> None:
        # A quarter of the lease is left for the request and its answer.
        until = asyncio.get_running_loop().time() + 0.75 * self._desk.lease.total_seconds()
        by_channel = (
            handover.carry([m for m in claimed if m.channel is channel], until=until)
            for channel, handover in self._handovers.items()
        )
        await asyncio.gather(*by_channel)


def _refuse_missing_provider(
    messages: Iterable[PlannedMessage], providers: Collection[Channel]
) -> None:
    for message in messages:
        if message.channel not in providers:
            msg = (
                f"Nothing is set up to carry {message.channel}: set PERENNIAL_{message.channel.upper()}_TRANSPORT, "
                f"or take the channel out of the campaign {message.campaign}."
            )
            raise DeliveryError(msg)
