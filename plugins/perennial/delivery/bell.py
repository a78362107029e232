"""Tells the waiting parts of a run that something has changed."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Bell:
    """Whoever waits looks again when it rings, or when its time is over."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Returns at the next ring, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
