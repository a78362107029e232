"""Many posts in one transaction: Twilio reports on one message a post, and a commit costs the same for one and for hundreds."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_MOST_AT_ONCE = 2_000


@dataclass(kw_only=True, eq=False)
class _Post(Generic[_T]):
    """What one post says; `error` says why it is not recorded."""

    said: Sequence[_T]
    done: bool = False
    error: Exception | None = None


class Gatherer(Generic[_T, _R]):
    """Records what posts say in turns, each in the executor. A turn takes everything that has come in during the one before."""

    def __init__(
        self,
        apply: Callable[[Sequence[_T]], _R],
        *,
        executor: Executor,
        applied: Callable[[_R], object] = lambda _: None,
    ) -> None:
        self._apply = apply
        self._executor = executor
        self._applied = applied
        self._waiting: deque[_Post[_T]] = deque()
        self._turn = asyncio.Lock()

    async def record(self, said: Sequence[_T]) -> None:
        """Comes back when this is committed.

        Raises:
            LedgerError: it is not.
        """
        post = _Post(said=said)
        self._waiting.append(post)
        async with self._turn:
            if not post.done:
                await self._record(self._next_posts())
        if post.error is not None:
            raise post.error

    def _next_posts(self) -> Sequence[_Post[_T]]:
        """The first in the queue, and as many after it as fit."""
        taken = [self._waiting.popleft()]
        so_far = len(taken[0].said)
        while self._waiting and so_far + len(self._waiting[0].said) <= _MOST_AT_ONCE:
            taken.append(self._waiting.popleft())
            so_far += len(taken[-1].said)
        return taken

    async def _record(self, posts: Sequence[_Post[_T]]) -> None:
        said = [each for post in posts for each in post.said]
        try:
            loop = asyncio.get_running_loop()
            self._applied(await loop.run_in_executor(self._executor, self._apply, said))
        except Exception as error:  # noqa: BLE001 - each of the posts answers for it
            for post in posts:
                post.error = error
        for post in posts:
            post.done = True
