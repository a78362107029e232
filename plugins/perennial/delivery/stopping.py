"""How a run is asked to end before its plan does."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from perennial.delivery.bell import Bell
from perennial.errors import RunInterrupted

# Airflow asks with SIGINT, five seconds later with SIGTERM, five seconds later it kills.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether to go on; the first reason to stop is kept."""

    def __init__(self, bell: Bell | None = None) -> None:
        self.reason: Exception | None = None
        self._bell = bell or Bell()

    @property
    def asked(self) -> bool:
        return self.reason is not None

    def because(self, reason: Exception) -> None:
        """Start nothing new; what is on the wire is waited for."""
        self.reason = self.reason or reason
        self._bell.ring()

    def on_request(self) -> None:
        """Somebody wants the run to end."""
        self.because(
            RunInterrupted(
                "The run was asked to stop. What was claimed and not yet handed over has been released; "
                "run it again to go on."
            )
        )


@contextmanager
def on_signals(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` on SIGINT and SIGTERM instead of dying, where this is possible: in the main thread."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, act)
    except (RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler or signal.SIG_DFL)
