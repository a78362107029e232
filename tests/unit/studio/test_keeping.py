"""What takes long to count is not counted for everybody who asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from perennial.errors import LakeError
from perennial.studio.keeping import KeptFor, Renewed, by_cost

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Desk:
    """Counts, which takes so many seconds, and does what nobody waits for when it is told to."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.clock, self.counts = seconds, 0.0, 0
        self.waiting: list[Callable[[Desk], None]] = []

    def now(self) -> float:
        return self.clock

    def count(self) -> int:
        self.counts += 1
        self.clock += self.seconds
        return self.counts

    def do_what_waits(self) -> None:
        while self.waiting:
            self.waiting.pop(0)(self)


def ask(kept: Renewed[Desk, int], desk: Desk, question: str = "day", *, waits: bool = False) -> int:
    return kept.answer(desk, question, Desk.count, lambda: NOON, waits=waits).figures


def test_figures_are_new_for_fifty_times_as_long_as_it_took_to_count_them() -> None:
    desk = Desk(0.5)
    kept = Renewed[Desk, int](8, by_cost, desk.waiting.append, desk.now)
    first = kept.answer(desk, "day", Desk.count, lambda: NOON)
    desk.clock += 24.9

    assert (first.figures, first.at, first.seconds, first.is_kept) == (1, NOON, 0.5, True)
    assert (ask(kept, desk), desk.waiting) == (1, [])
    assert ask(kept, desk, "another day") == 2


def test_who_asks_when_figures_are_not_new_any_more_has_them_counted_for_the_next() -> None:
    desk = Desk(0.5)
    kept = Renewed[Desk, int](8, by_cost, desk.waiting.append, desk.now)
    ask(kept, desk)
    desk.clock += 30

    assert [ask(kept, desk) for _ in range(3)] == [1, 1, 1]
    assert len(desk.waiting) == 1, "of several who ask, one is enough"
    desk.do_what_waits()
    assert (ask(kept, desk), desk.counts) == (2, 2)


def test_who_asks_long_after_everybody_else_waits_for_new_figures() -> None:
    desk = Desk(0.5)
    kept = Renewed[Desk, int](
        8, lambda _: KeptFor(new=60, shown=3600), desk.waiting.append, desk.now
    )
    ask(kept, desk)
    desk.clock += 3601

    assert (ask(kept, desk), desk.waiting) == (2, [])


def test_who_waits_is_told_nothing_that_is_not_new() -> None:
    desk = Desk(0.5)
    kept = Renewed[Desk, int](8, by_cost, desk.waiting.append, desk.now)
    ask(kept, desk)
    desk.clock += 30

    assert (ask(kept, desk, waits=True), desk.waiting) == (2, [])
    assert ask(kept, desk) == 2


def test_a_count_behind_that_fails_is_tried_again_by_whoever_asks_next() -> None:
    desk = Desk(0.5)
    kept = Renewed[Desk, int](8, by_cost, desk.waiting.append, desk.now)
    fails = False

    def count(asked: Desk) -> int:
        if fails:
            msg = "the lake is away"
            raise LakeError(msg)
        return asked.count()

    def asking() -> int:
        return kept.answer(desk, "day", count, lambda: NOON).figures

    asking()
    desk.clock += 30
    fails = True
    asking()
    with pytest.raises(LakeError):
        desk.do_what_waits()
    fails = False

    assert asking() == 1
    desk.do_what_waits()
    assert asking() == 2


def test_what_is_counted_in_no_time_is_always_new() -> None:
    desk = Desk(0.001)
    kept = Renewed[Desk, int](8, by_cost, desk.waiting.append, desk.now)
    found = []
    for _ in range(3):
        found.append(ask(kept, desk))
        desk.clock += 0.06

    assert (found, desk.waiting) == ([1, 2, 3], [])
