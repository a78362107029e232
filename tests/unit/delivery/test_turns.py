"""A rate is kept in every second, although nobody wakes exactly on time."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.delivery.turns import LATE_SECONDS, PACE


@given(
    rate=st.integers(1, 300),
    lateness=st.lists(
        st.floats(0, LATE_SECONDS) | st.sampled_from([0.0, LATE_SECONDS]), min_size=1, max_size=40
    ),
)
@settings(deadline=None)
def test_no_second_holds_more_than_the_rate_whatever_turns_are_taken_late(
    rate: int, lateness: list[float]
) -> None:
    began = sorted(
        turn / (PACE * rate) + lateness[turn % len(lateness)] for turn in range(3 * rate + 2)
    )

    assert max(bisect_left(began, at + 1) - first for first, at in enumerate(began)) <= rate
