"""Figures that take long to count, kept for a moment: whoever asks for the same meanwhile is told the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from threading import Condition
from typing import Generic, TypeVar

from cachetools import TLRUCache, cached

Figures = TypeVar("Figures")
_TIMES = 50


class Kept(Generic[Figures]):
    """Keeps answers in a cache, which says how many and for how long; may be shared by threads.

    Of several who ask for the same at once, one counts, and the others wait for it.
    """

    def __init__(self, cache: MutableMapping[Hashable, Figures]) -> None:
        @cached(cache, key=lambda question, _: question, condition=Condition())
        def answer(question: Hashable, count: Callable[[], Figures]) -> Figures:  # noqa: ARG001 - the cache's key
            return count()

        self._answer = answer

    def answer(self, question: Hashable, count: Callable[[], Figures]) -> Figures:
        """What was counted for a question a moment ago, or what is counted now."""
        return self._answer(question, count)


@dataclass(frozen=True, kw_only=True)
class Counted(Generic[Figures]):
    """Figures, when they were counted, and how many seconds that took."""

    figures: Figures
    at: datetime
    seconds: float

    @property
    def is_kept(self) -> bool:
        """Whether they may be so old that somebody notices."""
        return self.seconds * _TIMES >= 1


class KeptByCost(Generic[Figures]):
    """Keeps figures fifty times as long as it took to count them.

    So whoever asks again and again takes a fiftieth of a processor at most, and what is counted quickly is always new.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept = Kept[Counted[Figures]](
            TLRUCache(most, lambda _, counted, now: now + _TIMES * counted.seconds, clock)
        )

    def answer(
        self, question: Hashable, count: Callable[[], Figures], now: Callable[[], datetime]
    ) -> Counted[Figures]:
        """What was counted for a question a moment ago, or what is counted now."""

        def timed() -> Counted[Figures]:
            at, begun = now(), self._clock()
            return Counted(figures=count(), at=at, seconds=self._clock() - begun)

        return self._kept.answer(question, timed)
