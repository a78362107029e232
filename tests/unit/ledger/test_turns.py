"""The rate of a provider, kept by all workers together."""

from __future__ import annotations

from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count, pairwise
from math import ceil
from time import sleep

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import Rows
from perennial.ledger.store import Ledger
from perennial.ledger.tables import providers

AT_ONCE = timedelta(0)
AHEAD = timedelta(seconds=5)
ROUNDING = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
_RUNS = count(1)


def test_the_first_turn_comes_at_once(ledger: Ledger) -> None:
    assert ledger.take_turns("sendgrid", units=10, per_second=5, lead=AT_ONCE) == AT_ONCE


def test_nobody_is_given_a_turn_sooner_than_the_lead(ledger: Ledger) -> None:
    assert ledger.take_turns("sendgrid", units=10, per_second=5, lead=AHEAD) == AHEAD


def test_a_turn_begins_when_the_one_before_it_ends(ledger: Ledger) -> None:
    ledger.take_turns("sendgrid", units=50, per_second=5, lead=AT_ONCE)
    wait = ledger.take_turns("sendgrid", units=1, per_second=5, lead=AT_ONCE)
    assert 9 * SECOND < wait <= 10 * SECOND


def test_providers_have_rates_of_their_own(ledger: Ledger) -> None:
    ledger.take_turns("sendgrid", units=50, per_second=1, lead=AT_ONCE)
    assert ledger.take_turns("twilio", units=1, per_second=1, lead=AT_ONCE) == AT_ONCE


def test_a_pause_is_not_followed_by_a_burst(ledger: Ledger) -> None:
    ledger.take_turns("sendgrid", units=1, per_second=1000, lead=AT_ONCE)
    sleep(0.05)
    assert ledger.take_turns("sendgrid", units=10, per_second=1, lead=AT_ONCE) == AT_ONCE
    assert ledger.take_turns("sendgrid", units=1, per_second=1, lead=AT_ONCE) > 9 * SECOND


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    per_second=st.sampled_from([0.5, 3, 10, 600]),
    asked=st.lists(st.integers(1, 100), min_size=2, max_size=12),
)
def test_turns_follow_each_other_and_keep_the_rate_in_every_second(
    ledger: Ledger, rows: Rows, per_second: float, asked: list[int]
) -> None:
    provider = f"provider-{next(_RUNS)}"
    turns: list[tuple[datetime, datetime]] = []
    for units in asked:
        ledger.take_turns(provider, units=units, per_second=per_second, lead=AHEAD)
        end = next_turn(rows, provider)
        turns.append((end - timedelta(seconds=units / per_second), end))
    for (_, end), (start, _) in pairwise(turns):
        assert abs(start - end) <= ROUNDING or start > end
    begun = [
        start + timedelta(seconds=number / per_second)
        for (start, _), units in zip(turns, asked, strict=True)
        for number in range(units)
    ]
    assert begun == sorted(begun)
    for first, moment in enumerate(begun):
        second = bisect_left(begun, moment + SECOND - len(asked) * ROUNDING)
        assert second - first <= ceil(per_second)


def test_who_begins_a_turn_all_at_once_exceeds_the_rate_by_no_more_than_one_turn(
    ledger: Ledger, rows: Rows
) -> None:
    starts = []
    for units in (40, 10, 30, 20, 40):
        ledger.take_turns("sendgrid", units=units, per_second=20, lead=AHEAD)
        starts.append((next_turn(rows, "sendgrid") - timedelta(seconds=units / 20), units))
    for window in (0.5, 1, 2, 4):
        for start, _ in starts:
            end = start + timedelta(seconds=window)
            inside = [units for moment, units in starts if start <= moment <= end]
            assert sum(inside) <= 20 * window + inside[-1] + 0.01


def test_workers_who_ask_at_the_same_time_share_the_rate_without_a_gap_or_an_overlap(
    ledger: Ledger, ledger_url: str, rows: Rows
) -> None:
    """Eight threads with connections of their own, in a queue long enough that nobody asks too late."""
    per_second, units, times = 100, 50, 10
    ledger.take_turns("sendgrid", units=60 * per_second, per_second=per_second, lead=AT_ONCE)
    free = next_turn(rows, "sendgrid")

    def work(_: int) -> None:
        own = Ledger(ledger_url)
        for _ in range(times):
            own.take_turns("sendgrid", units=units, per_second=per_second, lead=AT_ONCE)
        own.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    taken = timedelta(seconds=8 * times * units / per_second)
    assert abs(next_turn(rows, "sendgrid") - free - taken) <= 8 * times * ROUNDING


def next_turn(rows: Rows, provider: str) -> datetime:
    """When the rate has room again, which is where the last turn ends."""
    (turn,) = (row["next_turn"] for row in rows(providers) if row["provider"] == provider)
    assert isinstance(turn, datetime)
    return turn
