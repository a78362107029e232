"""From a claimed message to the provider's answer in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from perennial.delivery.desk import Desk
from perennial.delivery.futility import Futility
from perennial.delivery.provider import Pace, Provider, ProviderStopped
from perennial.delivery.throttle import Throttle
from perennial.errors import DeliveryError, LedgerError, RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import Message, PlannedMessage, Receipt
from perennial.model.words import Control, MessageState, Reason

# Seconds between the tries to write an answer down.
_PAUSES = (0.5, 1.0, 2.0, 4.0)

Batch = dict[MessageKey, PlannedMessage]
"""Claimed messages whose fate is still open; whoever decides about one takes it out."""


class Handover:
    """Takes claimed messages of one channel to their provider, batch by batch."""

    def __init__(self, desk: Desk, provider: Provider) -> None:
        self._desk = desk
        self._provider = provider
        self.throttle = Throttle(
            desk.ledger,
            provider,
            worker=desk.worker,
            lease=desk.lease,
            bell=desk.bell,
            halted=lambda: desk.halted,
        )
        # One batch more than can be on the wire is put into words; the others wait as they are.
        self._bench = asyncio.Semaphore(provider.concurrency + 1)
        # Words are made by one thread at a time: two would only take turns, and hold up the wire.
        self._pen = asyncio.Lock()
        self._futility = Futility(provider.name, desk.stop)

    async def carry(self, claimed: Sequence[PlannedMessage], *, until: float) -> None:
        """Hand the messages over, as long as it is not `until` by the loop's clock.

        A fault stops the run; what has not begun is released, and returned where its turn will come.
        """
        size = self._provider.batch_size
        batches = [claimed[start : start + size] for start in range(0, len(claimed), size)]
        await asyncio.gather(*(self._carry_batch(batch, until) for batch in batches))

    async def _carry_batch(self, planned: Sequence[PlannedMessage], until: float) -> None:
        batch = {message.key: message for message in planned}
        async with self._bench:
            try:
                if not self._desk.halted:
                    await self._carry_through(batch, until)
            except Exception as fault:  # noqa: BLE001 - raised again when everything is settled
                self._desk.stop.because(fault)
            if batch:
                await self._give_back(list(batch.values()))

    async def _carry_through(self, batch: Batch, until: float) -> None:
        await self._spare_converted(batch)
        addresses = dict(batch)
        for piece in self.throttle.pieces(await self._compose(batch)):
            async with self.throttle.admitted(piece, until=until) as pace:
                begun = await self._begin(batch, piece) if pace else []
                receipts = await self._send(begun, pace) if pace and begun else []
                await self.throttle.heed(receipts, now=self._desk.clock())
            if receipts:
                await self._settle(receipts)
                await self._suppress(addresses, receipts)
            if pace is None or self._desk.halted:
                return

    async def _spare_converted(self, batch: Batch) -> None:
        """Look once more at the shop: who has done what the message asks for is left in peace."""
        if self._desk.converted is None:
            return
        customers = {planned.customer_id for planned in batch.values()}
        done = frozenset(await asyncio.to_thread(self._desk.converted, customers))
        converted = [p for p in batch.values() if p.customer_id in done]
        await self._block(batch, converted, Reason.CONVERTED)

    async def _compose(self, batch: Batch) -> list[Message]:
        """The messages in words; those that cannot be put into words are blocked."""
        async with self._pen:
            messages, failed = await asyncio.to_thread(self._render, list(batch.values()))
        await self._block(batch, failed, Reason.RENDER_FAILED)
        return messages

    def _render(
        self, batch: Sequence[PlannedMessage]
    ) -> tuple[list[Message], list[PlannedMessage]]:
        messages: list[Message] = []
        failed: list[PlannedMessage] = []
        for planned in batch:
            try:
                messages.append(self._desk.compose(planned))
            except RenderError:
                failed.append(planned)
        return messages, failed

    async def _begin(self, batch: Batch, messages: Sequence[Message]) -> list[Message]:
        """Commit that the messages may be on the wire; only those that are still ours may go there."""
        keys = [message.key for message in messages]
        begun = await asyncio.to_thread(
            self._desk.ledger.begin_dispatch,
            keys,
            worker=self._desk.worker,
            lease=self._desk.lease,
            provider=self._provider.name,
        )
        for key in begun:
            batch.pop(key, None)
        missing = [batch[key] for key in keys if key not in begun]
        if missing and await self._desk.orders.look() is Control.RUN:
            await self._let_go(batch, missing)
        return [message for message in messages if message.key in begun]

    async def _let_go(self, batch: Batch, missing: Sequence[PlannedMessage]) -> None:
        """What was lost to its lease, or to a suppression, is not ours any more."""
        await self._release(missing)
        self._desk.tally.taken(missing)
        for planned in missing:
            del batch[planned.key]

    async def _send(self, messages: Sequence[Message], pace: Pace) -> list[Receipt]:
        """One receipt for each message, whatever the provider does."""
        rest, code = MessageState.IN_DOUBT, "no_receipt"
        receipts: dict[MessageKey, Receipt] = {}
        try:
            answers = await self._provider.send(messages, pace)
            receipts = {receipt.key: receipt for receipt in answers}
        except ProviderStopped as fault:
            receipts = {receipt.key: receipt for receipt in fault.receipts}
            self._desk.stop.because(fault)
        except DeliveryError as fault:
            rest, code = MessageState.RETRYABLE, "provider_cannot_be_used"
            self._desk.stop.because(fault)
        except Exception as fault:  # noqa: BLE001 - a fault of the adapter says nothing about the message
            code = type(fault).__name__
            self._desk.stop.because(fault)
        return [
            receipts.get(message.key)
            or Receipt(key=message.key, state=rest, provider=self._provider.name, code=code)
            for message in messages
        ]

    async def _settle(self, receipts: Sequence[Receipt]) -> None:
        self._desk.tally.receipts(self._provider.channel, receipts)
        self._futility.heed(receipts)
        for pause in _PAUSES:
            try:
                await self._write_down(receipts)
            except LedgerError:
                # A database that restarts comes back; an answer that is lost leaves everybody in it in doubt.
                await asyncio.sleep(pause)
            else:
                return
        await self._write_down(receipts)

    async def _write_down(self, receipts: Sequence[Receipt]) -> None:
        desk = self._desk
        await asyncio.to_thread(desk.ledger.settle, receipts, now=desk.clock(), worker=desk.worker)

    async def _suppress(self, planned: Batch, receipts: Sequence[Receipt]) -> None:
        """Put on the suppression list whom the provider says not to write to again."""
        for receipt in receipts:
            if receipt.suppress:
                message = planned[receipt.key]
                await asyncio.to_thread(
                    self._desk.ledger.suppress,
                    address_key=message.address_key,
                    channel=message.channel,
                    reason=receipt.suppress,
                    at=self._desk.clock(),
                )

    async def _give_back(self, rest: Sequence[PlannedMessage]) -> None:
        """What has not begun: blocked when the campaign was stopped, else for the run to claim again."""
        if self._desk.orders.control is Control.STOP and not self._desk.stop.asked:
            try:
                await self._block({}, rest, Reason.CAMPAIGN_STOPPED)
            except LedgerError as fault:
                self._desk.stop.because(fault)
            return
        await self._release(rest)
        self._desk.returned.extend(rest)
        self._desk.bell.ring()

    async def _block(self, batch: Batch, some: Sequence[PlannedMessage], reason: Reason) -> None:
        if not some:
            return
        desk = self._desk
        await asyncio.to_thread(desk.ledger.block, some, reason=reason, now=desk.clock())
        await self._release(some)
        for planned in some:
            batch.pop(planned.key, None)
            desk.tally.blocked(planned, reason)

    async def _release(self, some: Sequence[PlannedMessage]) -> None:
        """Give back what has not begun; what has begun is not touched."""
        keys = [planned.key for planned in some]
        with suppress(LedgerError):  # then the lease gives it back
            await asyncio.to_thread(self._desk.ledger.release, keys, worker=self._desk.worker)
