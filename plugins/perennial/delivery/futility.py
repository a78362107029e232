"""Giving up on a provider that takes nothing at all."""

from __future__ import annotations

from collections.abc import Sequence

from perennial.delivery.circuit import unreached
from perennial.delivery.stopping import Stop
from perennial.errors import DeliveryError
from perennial.model.message import Receipt
from perennial.model.words import MessageState

# A provider that takes nothing is not asked for the whole audience.
_BATCHES = 5
_MESSAGES = 100


class Futility:
    """Stops the run when batch after batch was answered, and nobody in them accepted."""

    def __init__(self, provider: str, stop: Stop) -> None:
        self._provider = provider
        self._stop = stop
        self._batches = 0
        self._messages = 0

    def heed(self, receipts: Sequence[Receipt]) -> None:
        """Counts a batch; one that was told to wait, or never got there, is no sign of a fault of ours."""
        if any(r.not_before for r in receipts) or all(unreached(r) for r in receipts):
            return
        if any(r.state is MessageState.ACCEPTED for r in receipts):
            self._batches = self._messages = 0
            return
        self._batches += 1
        self._messages += len(receipts)
        if self._batches < _BATCHES or self._messages < _MESSAGES:
            return
        codes = sorted({receipt.code or receipt.state for receipt in receipts})
        self._stop.because(
            DeliveryError(
                f"{self._provider} has accepted none of the last {self._messages} messages "
                f"({', '.join(codes)}). What was not tried is released; see to the provider and run it again."
            )
        )
