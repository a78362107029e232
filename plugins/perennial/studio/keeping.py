"""Figures that take long to count, kept for a moment: whoever asks for the same meanwhile is told the same."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Figures = TypeVar("Figures")


class Kept(Generic[Figures]):
    """Keeps a few answers for some seconds; may be shared by threads."""

    def __init__(
        self, seconds: float, *, most: int = 64, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, tuple[float, Figures]] = OrderedDict()

    def answer(self, question: Hashable, count: Callable[[], Figures]) -> Figures:
        """What was counted for a question a moment ago, or what is counted now."""
        with self._lock:
            kept = self._answers.get(question)
        if kept is not None and self._clock() - kept[0] <= self._seconds:
            return kept[1]
        begun, counted = self._clock(), count()
        with self._lock:
            self._answers[question] = begun, counted
            self._answers.move_to_end(question)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return counted
