"""A provider that wants to be left alone is."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from perennial.delivery.pausing import Pause
from perennial.delivery.stopping import Stop
from perennial.errors import DeliveryError
from perennial.model.keys import MessageKey
from perennial.model.message import Receipt
from perennial.model.words import MessageState

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
LONGEST = timedelta(minutes=2)


def sent_away(*seconds: float | None) -> list[Receipt]:
    return [
        Receipt(
            key=MessageKey(f"{number:032x}"),
            state=MessageState.RETRYABLE,
            provider="sendgrid",
            not_before=None if wait is None else NOW + timedelta(seconds=wait),
        )
        for number, wait in enumerate(seconds)
    ]


def waited(receipts: list[Receipt], stop: Stop, *, stopped_after: float | None = None) -> float:
    async def wait() -> float:
        pause = Pause("sendgrid", stop, longest=LONGEST)
        pause.heed(receipts, now=NOW)
        if stopped_after is not None:
            asyncio.get_running_loop().call_later(stopped_after, stop.on_request)
        began = time.monotonic()
        await pause.over()
        return time.monotonic() - began

    return asyncio.run(wait())


def test_the_run_waits_until_the_last_of_them_may_be_tried_again() -> None:
    assert 0.19 < waited(sent_away(0.05, 0.2, None), Stop()) < 1


def test_what_is_retryable_at_once_makes_nobody_wait() -> None:
    assert waited(sent_away(None, None), Stop()) < 0.05


def test_a_run_that_is_told_to_end_waits_no_longer() -> None:
    assert waited(sent_away(60), Stop(), stopped_after=0.05) < 1


def test_a_wait_that_outlasts_a_claim_ends_the_run_instead() -> None:
    stop = Stop()
    assert waited(sent_away(600), stop) < 0.05
    assert isinstance(stop.reason, DeliveryError)
    assert "10:40:00 UTC" in str(stop.reason)
