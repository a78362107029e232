"""Pushing what came in to a collector of OpenTelemetry, again and again, where the environment names one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from perennial.edge.counting import Counts
from perennial.errors import SettingsError
from perennial.operations.pushing_figures import (
    collector_is_named,
    push_figures,
    seconds_between_pushes,
)

_log = logging.getLogger(__name__)


class Pushing:
    """Pushes the counts each minute, or as OTEL_METRIC_EXPORT_INTERVAL says, and once more at the end.

    What could not be pushed is in the next push: counts only grow.
    """

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._since = datetime.now(UTC)
        self._every = seconds_between_pushes() if collector_is_named() else None
        self._fails = False

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Pushes for the time of a block; nothing where no collector is named."""
        if self._every is None:
            yield
            return
        pushing = asyncio.create_task(self._push_again_and_again(self._every))
        try:
            yield
        finally:
            pushing.cancel()
            with suppress(asyncio.CancelledError):
                await pushing
            await self._push()

    async def _push_again_and_again(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self._push()

    async def _push(self) -> None:
        """The log hears of the first of several failures, not of each."""
        samples = self._counts.samples()
        try:
            await asyncio.to_thread(push_figures, samples, at=datetime.now(UTC), since=self._since)
        except SettingsError as error:
            if not self._fails:
                _log.warning("%s", error)
            self._fails = True
        else:
            self._fails = False
