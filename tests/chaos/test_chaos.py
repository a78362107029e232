"""Nobody twice, nobody who may not be written to, everybody accounted for: under crashes and faults drawn by seeds."""

from __future__ import annotations

import pytest

from chaos.playing import Stage
from chaos.report import complaint
from chaos.schedule import Backend, draw_schedule

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(280)]

AT_ONCE = 5


@pytest.mark.parametrize("first", [1, 101, 201], ids=lambda first: f"seeds from {first}")
def test_whatever_crashes_and_fails_the_promise_holds(first: int) -> None:
    """Cases 1 to 17, 20 and 21."""
    seeds = range(first, first + 8)
    outcomes = [
        pair.ours for pair in Stage(AT_ONCE).play(seeds, naive=False, backend=Backend.SQLITE)
    ]
    broken = [complaint(outcome) for outcome in outcomes if outcome.broken]
    assert not broken, "\n".join(broken)
    assert len(outcomes) == len(seeds)


@pytest.mark.postgres
def test_the_promise_holds_in_postgresql_while_it_restarts_and_turns_read_only() -> None:
    """Cases 13 and 14."""
    seeds = range(301, 307)
    pairs = Stage(2).play(seeds, naive=False, backend=Backend.POSTGRESQL)
    broken = [complaint(pair.ours) for pair in pairs if pair.ours.broken]
    assert not broken, "\n".join(broken)


def test_the_same_seed_draws_the_same_schedule() -> None:
    assert draw_schedule(7) == draw_schedule(7)
    assert draw_schedule(7) != draw_schedule(8)
