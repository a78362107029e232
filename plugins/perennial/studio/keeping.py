"""Figures that take long to count, kept for a while: whoever asks for the same meanwhile is told the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Condition
from typing import Generic, TypeVar

from cachetools import TLRUCache, cached

Figures = TypeVar("Figures")
Asked = TypeVar("Asked")
_TIMES = 50
_TIMES_BEHIND = 10


class Kept(Generic[Figures]):
    """Keeps answers in a cache, which says how many and for how long; may be shared by threads.

    Of several who ask for the same at once, one counts, and the others wait for it.
    """

    def __init__(self, cache: MutableMapping[Hashable, Figures]) -> None:
        self._cache, self._lock = cache, Condition()

        @cached(cache, key=lambda question, _: question, condition=self._lock)
        def answer(question: Hashable, count: Callable[[], Figures]) -> Figures:  # noqa: ARG001 - the cache's key
            return count()

        self._answer = answer

    def answer(self, question: Hashable, count: Callable[[], Figures]) -> Figures:
        """What was counted for a question a moment ago, or what is counted now."""
        return self._answer(question, count)

    def put(self, question: Hashable, figures: Figures) -> None:
        """Keeps an answer in place of the one that is kept."""
        with self._lock:
            self._cache[question] = figures


@dataclass(frozen=True, kw_only=True)
class Counted(Generic[Figures]):
    """Figures, when they were counted, and how many seconds that took."""

    figures: Figures
    at: datetime
    seconds: float
    ended: float = field(default=0.0, repr=False)

    @property
    def is_kept(self) -> bool:
        """Whether they may be so old that somebody notices."""
        return self.seconds * _TIMES >= 1


@dataclass(frozen=True, kw_only=True)
class KeptFor:
    """For how many seconds figures are new, and for how many they are shown while newer ones are counted."""

    new: float
    shown: float


def by_cost(seconds: float) -> KeptFor:
    """New for fifty times as long as it took to count them.

    So whoever asks again and again takes a fiftieth of a processor at most, and what is counted quickly is always new.
    """
    new = _TIMES * seconds
    return KeptFor(new=new, shown=new * _TIMES_BEHIND if new >= 1 else new)


class Renewed(Generic[Asked, Figures]):
    """Keeps figures, and once they are not new any more, counts them anew behind whoever asks for them.

    So only the first who asks waits, and whoever asks long after everybody else. `kept_for` says of figures that took
    so many seconds how long they are kept; `later` has something done that nobody waits for. What goes wrong then is told
    to whoever asks when the figures are not shown any more.
    """

    def __init__(
        self,
        most: int,
        kept_for: Callable[[float], KeptFor],
        later: Callable[[Callable[[Asked], None]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept_for, self._later, self._clock = kept_for, later, clock
        self._kept = Kept[Counted[Figures]](
            TLRUCache(most, lambda _, counted, now: now + kept_for(counted.seconds).shown, clock)
        )
        self._lock = Condition()
        self._renewing: set[Hashable] = set()

    def answer(
        self,
        asked: Asked,
        question: Hashable,
        count: Callable[[Asked], Figures],
        now: Callable[[], datetime],
        *,
        waits: bool = False,
    ) -> Counted[Figures]:
        """What was counted for a question a while ago, or what is counted now by the one who is asked.

        Who `waits` is told nothing that is not new any more.
        """

        def counted(asked: Asked) -> Counted[Figures]:
            at, begun = now(), self._clock()
            figures = count(asked)
            ended = self._clock()
            return Counted(figures=figures, at=at, seconds=ended - begun, ended=ended)

        found = self._kept.answer(question, lambda: counted(asked))
        if self._clock() <= found.ended + self._kept_for(found.seconds).new:
            return found
        if waits:
            found = counted(asked)
            self._kept.put(question, found)
        else:
            self._renew(question, counted)
        return found

    def _renew(self, question: Hashable, counted: Callable[[Asked], Counted[Figures]]) -> None:
        with self._lock:
            if question in self._renewing:
                return
            self._renewing.add(question)

        def renew(asked: Asked) -> None:
            try:
                self._kept.put(question, counted(asked))
            finally:
                with self._lock:
                    self._renewing.discard(question)

        self._later(renew)
