"""From a claimed message to the provider's answer in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from perennial.delivery.accounts import Tally
from perennial.delivery.pausing import Pause
from perennial.delivery.provider import Provider, ProviderStopped, unhurried
from perennial.delivery.stopping import Stop
from perennial.errors import DeliveryError, LedgerError, RenderError
from perennial.ledger.store import Ledger
from perennial.model.keys import MessageKey
from perennial.model.message import Message, PlannedMessage, Receipt
from perennial.model.words import MessageState, Reason

# A provider that takes nothing at all is not asked for the whole audience.
_FUTILE_BATCHES = 5
_FUTILE_MESSAGES = 100
# Seconds between the tries to write an answer down.
_PAUSES = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every handover of a run works with."""

    ledger: Ledger
    compose: Callable[[PlannedMessage], Message]
    converted: Callable[[Collection[str]], Collection[str]] | None
    clock: Callable[[], datetime]
    worker: str
    lease: timedelta
    tally: Tally
    stop: Stop


class Handover:
    """Takes claimed messages of one channel to their provider, batch by batch."""

    def __init__(self, desk: Desk, provider: Provider) -> None:
        self._desk = desk
        self._provider = provider
        self._slots = asyncio.Semaphore(provider.concurrency)
        # Half a lease is left for the request and its answer.
        self._pause = Pause(provider.name, desk.stop, longest=desk.lease / 2)
        self._futile_batches = 0
        self._futile_messages = 0

    async def carry(self, claimed: Sequence[PlannedMessage]) -> None:
        """Hand the messages over; a fault stops the run, and what has not begun is released."""
        size = self._provider.batch_size
        batches = [claimed[start : start + size] for start in range(0, len(claimed), size)]
        await asyncio.gather(*(self._carry_batch(batch) for batch in batches))

    async def _carry_batch(self, batch: Sequence[PlannedMessage]) -> None:
        async with self._slots:
            await self._pause.over()
            try:
                if not self._desk.stop.asked:
                    await self._carry_through(batch)
            except Exception as fault:  # noqa: BLE001 - raised again when everything is settled
                self._desk.stop.because(fault)
            if self._desk.stop.asked:
                await self._release(batch)

    async def _carry_through(self, batch: Sequence[PlannedMessage]) -> None:
        wanted = await self._without_converted(batch)
        messages = await self._compose(wanted)
        begun = await self._begin(wanted, messages)
        if begun:
            receipts = await self._send(begun)
            await self._settle(receipts)
            await self._suppress(wanted, receipts)

    async def _without_converted(self, batch: Sequence[PlannedMessage]) -> list[PlannedMessage]:
        """Look once more at the shop: who has done what the message asks for is left in peace."""
        if self._desk.converted is None:
            return list(batch)
        customers = {planned.customer_id for planned in batch}
        done = frozenset(await asyncio.to_thread(self._desk.converted, customers))
        await self._block([p for p in batch if p.customer_id in done], Reason.CONVERTED)
        return [planned for planned in batch if planned.customer_id not in done]

    async def _compose(self, batch: Sequence[PlannedMessage]) -> dict[MessageKey, Message]:
        """The messages in words; those that cannot be put into words are blocked."""
        messages, failed = await asyncio.to_thread(self._render, batch)
        await self._block(failed, Reason.RENDER_FAILED)
        return messages

    def _render(
        self, batch: Sequence[PlannedMessage]
    ) -> tuple[dict[MessageKey, Message], list[PlannedMessage]]:
        messages: dict[MessageKey, Message] = {}
        failed: list[PlannedMessage] = []
        for planned in batch:
            try:
                messages[planned.key] = self._desk.compose(planned)
            except RenderError:
                failed.append(planned)
        return messages, failed

    async def _begin(
        self, batch: Sequence[PlannedMessage], messages: Mapping[MessageKey, Message]
    ) -> list[Message]:
        """Commit that the messages may be on the wire; only those that are still ours may go there."""
        begun = await asyncio.to_thread(
            self._desk.ledger.begin_dispatch,
            list(messages),
            worker=self._desk.worker,
            lease=self._desk.lease,
            provider=self._provider.name,
        )
        ours = [planned for planned in batch if planned.key in messages]
        self._desk.tally.taken(planned for planned in ours if planned.key not in begun)
        return [messages[planned.key] for planned in ours if planned.key in begun]

    async def _send(self, messages: Sequence[Message]) -> list[Receipt]:
        """One receipt for each message, whatever the provider does."""
        rest, code = MessageState.IN_DOUBT, "no_receipt"
        receipts: dict[MessageKey, Receipt] = {}
        try:
            receipts = {
                receipt.key: receipt for receipt in await self._provider.send(messages, unhurried)
            }
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

    async def _suppress(self, batch: Sequence[PlannedMessage], receipts: Sequence[Receipt]) -> None:
        """Put on the suppression list whom the provider says not to write to again."""
        reasons = {receipt.key: receipt.suppress for receipt in receipts if receipt.suppress}
        for planned in batch:
            if reason := reasons.get(planned.key):
                await asyncio.to_thread(
                    self._desk.ledger.suppress,
                    address_key=planned.address_key,
                    channel=planned.channel,
                    reason=reason,
                    at=self._desk.clock(),
                )

    async def _settle(self, receipts: Sequence[Receipt]) -> None:
        self._desk.tally.receipts(self._provider.channel, receipts)
        self._pause.heed(receipts, now=self._desk.clock())
        self._give_up_when_futile(receipts)
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

    async def _block(self, batch: Sequence[PlannedMessage], reason: Reason) -> None:
        if not batch:
            return
        await asyncio.to_thread(
            self._desk.ledger.block, batch, reason=reason, now=self._desk.clock()
        )
        await self._release(batch)
        for planned in batch:
            self._desk.tally.blocked(planned, reason)

    async def _release(self, batch: Sequence[PlannedMessage]) -> None:
        """Give back what has not begun; what has begun is not touched."""
        keys = [planned.key for planned in batch]
        with suppress(LedgerError):  # then the lease gives it back
            await asyncio.to_thread(self._desk.ledger.release, keys, worker=self._desk.worker)

    def _give_up_when_futile(self, receipts: Sequence[Receipt]) -> None:
        if any(receipt.not_before for receipt in receipts):
            return  # told to wait, which is no sign of a fault
        if any(receipt.state is MessageState.ACCEPTED for receipt in receipts):
            self._futile_batches = self._futile_messages = 0
            return
        self._futile_batches += 1
        self._futile_messages += len(receipts)
        if self._futile_batches < _FUTILE_BATCHES or self._futile_messages < _FUTILE_MESSAGES:
            return
        codes = sorted({receipt.code or receipt.state for receipt in receipts})
        self._desk.stop.because(
            DeliveryError(
                f"{self._provider.name} has accepted none of the last {self._futile_messages} messages "
                f"({', '.join(codes)}). What was not tried is released; see to the provider and run it again."
            )
        )
