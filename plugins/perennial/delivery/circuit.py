"""When a provider is left alone: because it asked for it, or because it cannot be reached."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.ledger.values import Share
from perennial.model.message import Receipt
from perennial.model.words import MessageState

_log = logging.getLogger(__name__)

# What adapters call it when a request surely never got there.
_UNREACHED = frozenset(
    {
        "name_not_found",
        "connection_refused",
        "no_connection_in_time",
        "tls_failed",
        "timeout",
        "disconnected",
    }
)
_FAILURES_IN_A_ROW = 5
_LONGEST_SECONDS = 300


class Circuit:
    """Opens, for all workers, when a provider asks for it or cannot be reached; then nothing is begun.

    After a provider could not be reached, one batch at a time goes there until one has arrived.
    """

    def __init__(self, ledger: Ledger, provider: str) -> None:
        self.probing = False
        self._ledger = ledger
        self._provider = provider
        self._failures = 0
        self._open_until = 0.0

    @property
    def wait(self) -> float:
        """Seconds until the provider may be asked again."""
        return max(0.0, self._open_until - _clock())

    def learn(self, share: Share) -> None:
        """What any worker has found out."""
        if share.wait is not None:
            self._open(share.wait)
            self.probing = self.probing or share.cause in _UNREACHED

    async def heed(self, receipts: Sequence[Receipt], *, now: datetime) -> None:
        """What the answers to a batch say about the provider."""
        asked = [
            receipt.not_before - now
            for receipt in receipts
            if receipt.state is MessageState.RETRYABLE and receipt.not_before
        ]
        if asked:
            await self._leave_alone(max(asked), _cause(receipts), batches=1)
        elif not receipts:
            return
        elif all(unreached(receipt) for receipt in receipts):
            await self._count(_cause(receipts))
        elif self._failures or self.probing:
            await self._close()

    async def _count(self, cause: str) -> None:
        """One more that never got there. What was under way when the circuit opened says nothing new."""
        if self.wait:
            return
        self._failures += 1
        with suppress(LedgerError):
            self._failures = await asyncio.to_thread(self._ledger.unreached, self._provider)
        over = self._failures - _FAILURES_IN_A_ROW
        if over >= 0:
            self.probing = True
            seconds = min(2 ** min(over, 30), _LONGEST_SECONDS)
            await self._leave_alone(timedelta(seconds=seconds), cause, batches=self._failures)

    async def _close(self) -> None:
        self._failures, self.probing = 0, False
        with suppress(LedgerError):
            await asyncio.to_thread(self._ledger.reached, self._provider)

    async def _leave_alone(self, wait: timedelta, cause: str, *, batches: int) -> None:
        if not self.wait:
            _log.warning(
                "%s is left alone for %.0f seconds: %s, batches in a row: %d",
                self._provider,
                wait.total_seconds(),
                cause,
                batches,
            )
        self._open(wait)
        with suppress(LedgerError):  # then only this worker knows
            await asyncio.to_thread(
                self._ledger.leave_alone, self._provider, wait=wait, cause=cause
            )

    def _open(self, wait: timedelta) -> None:
        self._open_until = max(self._open_until, _clock() + wait.total_seconds())


def unreached(receipt: Receipt) -> bool:
    """Whether the message surely never got to the provider."""
    return receipt.state is MessageState.RETRYABLE and receipt.code in _UNREACHED


def _cause(receipts: Sequence[Receipt]) -> str:
    waiting = (r.code for r in receipts if r.state is MessageState.RETRYABLE and r.code)
    return next(waiting, MessageState.RETRYABLE.value)[:64]


def _clock() -> float:
    return asyncio.get_running_loop().time()
