"""Many posts in one transaction: Twilio reports on one message a post, and a commit costs the same for one and for hundreds."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from perennial.ledger.values import Applied
from perennial.model.events import ProviderEvent

Apply = Callable[[Sequence[ProviderEvent]], Applied]

_MOST_EVENTS = 2_000


@dataclass(kw_only=True, eq=False)
class _Post:
    """The events of one post; `error` says why they are not recorded."""

    events: Sequence[ProviderEvent]
    done: bool = False
    error: Exception | None = None


class Gatherer:
    """Applies events in turns, each in the executor. A turn takes everything that has come in during the one before."""

    def __init__(
        self, apply: Apply, *, executor: Executor, applied: Callable[[Applied], None]
    ) -> None:
        self._apply = apply
        self._executor = executor
        self._applied = applied
        self._waiting: deque[_Post] = deque()
        self._turn = asyncio.Lock()

    async def record(self, events: Sequence[ProviderEvent]) -> None:
        """Comes back when these events are committed.

        Raises:
            LedgerError: they are not.
        """
        post = _Post(events=events)
        self._waiting.append(post)
        async with self._turn:
            if not post.done:
                await self._record(self._next_posts())
        if post.error is not None:
            raise post.error

    def _next_posts(self) -> Sequence[_Post]:
        """The first in the queue, and as many after it as fit."""
        taken = [self._waiting.popleft()]
        events = len(taken[0].events)
        while self._waiting and events + len(self._waiting[0].events) <= _MOST_EVENTS:
            taken.append(self._waiting.popleft())
            events += len(taken[-1].events)
        return taken

    async def _record(self, posts: Sequence[_Post]) -> None:
        events = [event for post in posts for event in post.events]
        try:
            loop = asyncio.get_running_loop()
            self._applied(await loop.run_in_executor(self._executor, self._apply, events))
        except Exception as error:  # noqa: BLE001 - each of the posts answers for it
            for post in posts:
                post.error = error
        for post in posts:
            post.done = True
