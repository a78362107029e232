from __future__ import annotations

import asyncio
import os
import signal

import pytest

from perennial.delivery.stopping import Stop, on_signals
from perennial.errors import DeliveryError, LedgerError


def test_the_first_reason_to_stop_is_kept() -> None:
    stop = Stop()
    assert not stop.asked
    stop.because(LedgerError("the ledger is full"))
    stop.on_request()
    assert stop.asked
    assert str(stop.reason) == "the ledger is full"


def test_a_request_says_that_nothing_is_lost() -> None:
    stop = Stop()
    stop.on_request()
    assert isinstance(stop.reason, DeliveryError)
    assert "run it again" in str(stop.reason)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_instead_of_killing_and_the_old_handler_comes_back(
    number: signal.Signals,
) -> None:
    async def signalled() -> bool:
        heard = asyncio.Event()
        with on_signals(heard.set):
            os.kill(os.getpid(), number)
            async with asyncio.timeout(5):
                await heard.wait()
        return heard.is_set()

    def mine(*_: object) -> None:
        pytest.fail("the handler from before was called")

    before = signal.signal(number, mine)
    try:
        assert asyncio.run(signalled())
        assert signal.getsignal(number) is mine
    finally:
        signal.signal(number, before)


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    async def in_a_thread() -> bool:
        with on_signals(lambda: None):
            return True

    async def main() -> bool:
        return await asyncio.to_thread(asyncio.run, in_a_thread())

    assert asyncio.run(main())
