"""Posts that come in together share a transaction, and each knows whether its events are recorded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from perennial.edge.gathering import Gatherer
from perennial.errors import LedgerError
from perennial.ledger.values import Applied
from perennial.model.events import ProviderEvent
from perennial.model.keys import MessageKey
from perennial.model.words import EventWord


def events(count: int = 1, *, name: str = "0") -> list[ProviderEvent]:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    key = MessageKey(name * 32)
    return [
        ProviderEvent(key=key, word=EventWord.SENT, provider="twilio", at=now) for _ in range(count)
    ]


class SlowLedger:
    """Takes a turn only when it is let; fails as often as it is told."""

    def __init__(self, *, failures: int = 0) -> None:
        self.turns: list[int] = []
        self.may_go_on = threading.Event()
        self._failures = failures

    def apply(self, told: Sequence[ProviderEvent]) -> Applied:
        assert self.may_go_on.wait(10)
        self.turns.append(len(told))
        if self._failures:
            self._failures -= 1
            raise LedgerError
        return Applied(new=len(told), repeated=0, parked=0)


def record(ledger: SlowLedger, posts: Sequence[Sequence[ProviderEvent]]) -> list[Any]:
    """What each post gets to hear, when all come in while the first one is being applied."""

    async def act() -> list[Any]:
        with ThreadPoolExecutor(max_workers=1) as executor:
            gatherer = Gatherer(ledger.apply, executor=executor, applied=lambda _: None)
            tasks = [asyncio.ensure_future(gatherer.record(post)) for post in posts]
            await asyncio.sleep(0.05)
            ledger.may_go_on.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(act())


def test_what_comes_in_during_a_turn_shares_the_next_one() -> None:
    ledger = SlowLedger()
    assert record(ledger, [events()] * 50) == [None] * 50
    assert sum(ledger.turns) == 50
    assert len(ledger.turns) <= 2


def test_a_turn_stays_small_enough_for_others_to_write_in_between() -> None:
    ledger = SlowLedger()
    record(ledger, [events(700)] * 6)
    assert sum(ledger.turns) == 4_200
    assert max(ledger.turns) <= 2_000


def test_a_post_that_is_larger_than_a_turn_is_applied_all_the_same() -> None:
    ledger = SlowLedger()
    assert record(ledger, [events(5_000), events()]) == [None, None]
    assert sum(ledger.turns) == 5_001


def test_who_shared_a_turn_that_failed_hears_of_it_and_nobody_else() -> None:
    ledger = SlowLedger(failures=1)
    answers = record(ledger, [events(2_000), events(1_000), events(1_000)])
    assert [type(answer) for answer in answers] == [LedgerError, type(None), type(None)]
    assert ledger.turns == [2_000, 2_000]


def test_the_ledgers_figures_are_passed_on() -> None:
    heard: list[Applied] = []

    async def act() -> None:
        with ThreadPoolExecutor(max_workers=1) as executor:
            ledger = SlowLedger()
            ledger.may_go_on.set()
            await Gatherer(ledger.apply, executor=executor, applied=heard.append).record(events(3))

    asyncio.run(act())
    assert heard == [Applied(new=3, repeated=0, parked=0)]


def test_a_fault_of_our_own_ends_its_posts_and_no_later_one() -> None:
    class Broken(SlowLedger):
        def apply(self, told: Sequence[ProviderEvent]) -> Applied:
            super().apply(told)
            if len(self.turns) == 1:
                raise ZeroDivisionError
            return Applied(new=0, repeated=0, parked=0)

    answers = record(Broken(), [events(2_000), events(2_000)])
    assert [type(answer) for answer in answers] == [ZeroDivisionError, type(None)]
