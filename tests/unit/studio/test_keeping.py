"""What takes long to count is not counted for everybody who asks."""

from __future__ import annotations

from datetime import UTC, datetime

from perennial.studio.keeping import KeptByCost

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_figures_are_kept_fifty_times_as_long_as_it_took_to_count_them() -> None:
    clock, counts = Clock(), 0

    def count() -> int:
        nonlocal counts
        counts += 1
        clock.seconds += 0.5
        return counts

    kept = KeptByCost[int](8, clock)
    first = kept.answer("day", count, lambda: NOON)
    clock.seconds += 24.9
    again = kept.answer("day", count, lambda: NOON)
    other = kept.answer("another day", count, lambda: NOON)
    clock.seconds += 0.2
    anew = kept.answer("day", count, lambda: NOON)

    assert [each.figures for each in (first, again, other, anew)] == [1, 1, 2, 3]
    assert (first.at, first.seconds, first.is_kept) == (NOON, 0.5, True)


def test_what_is_counted_in_no_time_is_always_new() -> None:
    clock, numbers = Clock(), iter(range(3))
    kept = KeptByCost[int](8, clock)
    found = [kept.answer("day", lambda: next(numbers), lambda: NOON) for _ in range(3)]

    assert [each.figures for each in found] == [0, 1, 2]
    assert not found[0].is_kept
