"""One time for all who send, whatever the clocks of their machines say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol


class HasClock(Protocol):
    """What knows the time that all workers share: the ledger."""

    def clock(self) -> datetime:
        """The time there, with its zone."""
        ...


class SharedClock:
    """The ledger's time, read once and carried on by a clock that nobody sets.

    A worker whose own clock is ahead sends nothing early, one whose clock is behind nothing too late, and one whose
    clock is set meanwhile notices nothing.
    """

    def __init__(self, ledger: HasClock, *, elapsed: Callable[[], float] = monotonic) -> None:
        """Ask the ledger for the time. `elapsed` counts seconds from anywhere, and never goes back."""
        self._elapsed = elapsed
        self._began, self._at = elapsed(), ledger.clock()

    def __call__(self) -> datetime:
        """The time now, in UTC."""
        return self._at + timedelta(seconds=self._elapsed() - self._began)
