"""Figures that take long to count, kept for a moment: whoever asks for the same meanwhile is told the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable, MutableMapping
from threading import Condition
from typing import Generic, TypeVar

from cachetools import cached

Figures = TypeVar("Figures")


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
