"""Waiting while a provider wants to be left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from perennial.delivery.stopping import Stop
from perennial.errors import DeliveryError
from perennial.model.message import Receipt
from perennial.model.words import MessageState


class Pause:
    """What the handovers of one provider wait for before they begin. Nothing is on the wire meanwhile."""

    def __init__(self, provider: str, stop: Stop, *, longest: timedelta) -> None:
        self._provider = provider
        self._stop = stop
        self._longest = longest
        self._until = 0.0

    def heed(self, receipts: Iterable[Receipt], *, now: datetime) -> None:
        """Wait for as long as the provider has asked for; for longer than a claim lasts, end the run instead."""
        asked = [
            r.not_before for r in receipts if r.state is MessageState.RETRYABLE and r.not_before
        ]
        if not asked:
            return
        wait = max(asked) - now
        if wait > self._longest:
            self._stop.because(
                DeliveryError(
                    f"{self._provider} wants to be left alone until {max(asked).astimezone(UTC):%H:%M:%S} UTC. "
                    "What was not tried is released; run it again then."
                )
            )
        self._until = max(self._until, _clock() + wait.total_seconds())

    async def over(self) -> None:
        """Returns when the provider may be asked again, or when the run is to end."""
        while (left := self._until - _clock()) > 0 and not self._stop.asked:
            await self._stop.wait(left)


def _clock() -> float:
    return asyncio.get_running_loop().time()
