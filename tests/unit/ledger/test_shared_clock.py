from __future__ import annotations

from datetime import UTC, datetime, timedelta

from perennial.ledger.shared_clock import SharedClock
from perennial.ledger.store import Ledger

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


class Noon:
    """A ledger that always says noon."""

    def clock(self) -> datetime:
        return NOON


def test_it_goes_on_by_what_has_passed_and_not_by_what_the_machine_says() -> None:
    """Case 48."""
    passed = iter([100.0, 100.0, 103.5, 7300.0])
    clock = SharedClock(Noon(), elapsed=lambda: next(passed))

    assert [clock(), clock(), clock()] == [
        NOON,
        NOON + timedelta(seconds=3.5),
        NOON + timedelta(hours=2),
    ]


def test_the_ledger_tells_its_time_in_utc(ledger: Ledger) -> None:
    told = ledger.clock()

    assert told.utcoffset() == timedelta(0)
    assert ledger.clock() >= told
