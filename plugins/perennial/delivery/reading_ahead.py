"""A plan in chunks, the next one read while the one before is claimed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from perennial.model.message import PlannedMessage

Chunk = Sequence[PlannedMessage]


class ReadingAhead:
    """Reads in a thread, one chunk ahead and never more: a plan may be larger than the memory."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._chunks: Iterator[Chunk] = iter(chunks)
        self._coming: asyncio.Task[Chunk | None] | None = None
        self._ended = False

    async def next(self) -> Chunk | None:
        """The next chunk; nothing after the last.

        Raises:
            Exception: whatever reading the plan raises.
        """
        if self._ended:
            return None
        coming = self._coming or self._read()
        self._coming = None
        chunk = await coming
        if chunk is None:
            self._ended = True
        else:
            self._coming = self._read()
        return chunk

    async def close(self) -> None:
        """Lets the thread finish what it reads."""
        if self._coming is not None:
            with suppress(Exception):  # nobody wants the chunk any more
                await self._coming

    def _read(self) -> asyncio.Task[Chunk | None]:
        return asyncio.create_task(asyncio.to_thread(next, self._chunks, None))
