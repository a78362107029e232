"""Sending a plan: claim a chunk, put it into words, say so in the ledger, hand it over, write down the answer.

What this loop rests on is the ledger: a message is sent only after its key was committed as `dispatching` by us, so
whatever crashes, a message is sent by one worker, once; a crash leaves claims, which end with their lease, or doubts,
which are settled by evidence. Nothing here repeats a request.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from perennial.delivery.accounts import DispatchSummary, Tally
from perennial.delivery.doubts import settle_doubts
from perennial.delivery.handover import Desk, Handover
from perennial.delivery.provider import Provider
from perennial.delivery.stopping import Stop, on_signals
from perennial.errors import DeliveryError
from perennial.ledger.store import Ledger
from perennial.ledger.values import Claim
from perennial.model.message import Message, PlannedMessage
from perennial.model.shop import Caps
from perennial.model.words import Channel

_CHUNKS_ON_THE_WIRE = 2
# Less than what Airflow leaves between asking a task to end and killing it.
_SECONDS_TO_END = 8.0


async def dispatch(
    messages: Iterable[Sequence[PlannedMessage]],
    *,
    ledger: Ledger,
    providers: Mapping[Channel, Provider],
    compose: Callable[[PlannedMessage], Message],
    caps: Caps,
    clock: Callable[[], datetime],
    worker: str,
    lease: timedelta,
    converted: Callable[[Collection[str]], Collection[str]] | None = None,
    limit: int | None = None,
) -> DispatchSummary:
    """Send what may be sent, at most `limit` messages, and say what became of every one.

    `messages` is the plan in chunks of some hundreds; a few of them are held in memory, never the plan. `converted`
    says who of these customers has done what the campaign asks for; they are not written to.

    Safe to run at any time, any number of times, by any number of workers under different names. On SIGINT, SIGTERM
    or cancellation nothing new begins, what is on the wire is waited for a few seconds, and the rest is given back.

    Raises:
        DeliveryError: a provider cannot be used, or somebody asked the run to end; nothing is lost, run it again.
        LedgerError: the ledger cannot be written, so nothing may be sent.
    """
    desk = Desk(
        ledger=ledger,
        compose=compose,
        converted=converted,
        clock=clock,
        worker=worker,
        lease=lease,
        tally=Tally(),
        stop=Stop(),
    )
    run = _Run(desk, providers, caps=caps, limit=limit)
    try:
        await _orderly(run.run(messages), desk.stop)
    finally:
        await asyncio.gather(*(provider.close() for provider in providers.values()))
    if desk.stop.reason is not None:
        raise desk.stop.reason
    return desk.tally.summary()


class _Run:
    """One pass over a plan: claims chunk by chunk, while the chunks before are on the wire."""

    def __init__(
        self,
        desk: Desk,
        providers: Mapping[Channel, Provider],
        *,
        caps: Caps,
        limit: int | None,
    ) -> None:
        self._desk = desk
        self._providers = providers
        self._handovers = {
            channel: Handover(desk, provider) for channel, provider in providers.items()
        }
        self._caps = caps
        self._left = limit
        self._wire = asyncio.Semaphore(_CHUNKS_ON_THE_WIRE)

    async def run(self, messages: Iterable[Sequence[PlannedMessage]]) -> None:
        async with asyncio.TaskGroup() as on_the_wire:
            try:
                await self._make_ready()
                for chunk in messages:
                    await self._claim_and_carry(deque(chunk), on_the_wire)
                    if self._desk.stop.asked or self._left == 0:
                        break
            except Exception as fault:  # noqa: BLE001 - raised again when everything is settled
                self._desk.stop.because(fault)

    async def _make_ready(self) -> None:
        ledger, now = self._desk.ledger, self._desk.clock()
        await asyncio.to_thread(ledger.check_writable)
        await asyncio.to_thread(ledger.abandon_expired)
        await settle_doubts(ledger, self._providers, now=now, within=self._desk.lease)

    async def _claim_and_carry(
        self, waiting: deque[PlannedMessage], on_the_wire: asyncio.TaskGroup
    ) -> None:
        while waiting and not self._desk.stop.asked and self._left != 0:
            size = len(waiting) if self._left is None else min(self._left, len(waiting))
            candidates = [waiting.popleft() for _ in range(size)]
            await self._wire.acquire()
            claimed = await self._claim(candidates)
            if self._left is not None:
                self._left -= len(claimed)
            carrying = on_the_wire.create_task(self._carry(claimed))
            carrying.add_done_callback(lambda _: self._wire.release())

    async def _claim(self, candidates: Sequence[PlannedMessage]) -> list[PlannedMessage]:
        _refuse_missing_provider(candidates, self._providers)
        claim = await asyncio.to_thread(
            self._desk.ledger.claim,
            candidates,
            worker=self._desk.worker,
            lease=self._desk.lease,
            now=self._desk.clock(),
            caps=self._caps,
        )
        return self._sorted_out(candidates, claim)

    def _sorted_out(
        self, candidates: Sequence[PlannedMessage], claim: Claim
    ) -> list[PlannedMessage]:
        claimed: list[PlannedMessage] = []
        for message in candidates:
            if message.key in claim.claimed:
                claimed.append(message)
            elif message.key in claim.blocked:
                self._desk.tally.blocked(message, claim.blocked[message.key])
            elif message.key in claim.taken:
                self._desk.tally.taken([message])
            else:
                self._desk.tally.not_due([message])
        return claimed

    async def _carry(self, claimed: Sequence[PlannedMessage]) -> None:
        by_channel = (
            handover.carry([message for message in claimed if message.channel is channel])
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


async def _orderly(work: Coroutine[None, None, None], stop: Stop) -> None:
    """Do the work; when it is asked to end, give it a little time to end well."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)

    def end_soon() -> None:
        stop.on_request()
        loop.call_later(_SECONDS_TO_END, task.cancel)

    with on_signals(end_soon):
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                return  # it took too long; what was on the wire is in doubt, and the reason is raised
            end_soon()
            await asyncio.wait({task})
            raise
