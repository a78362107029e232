"""A share of few answers says how little it knows, and never more than everybody or less than nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.report.estimates import promoter_score, satisfaction, share_of


@pytest.mark.parametrize(
    ("hits", "whole", "low", "high"),
    # Newcombe (1998), table I: Wilson's method without continuity correction.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(hits: int, whole: int, low: float, high: float) -> None:
    found = share_of(hits, whole)

    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_in_its_interval_and_the_interval_between_none_and_all(
    counted: tuple[int, int],
) -> None:
    found = share_of(*counted)

    assert found is not None
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


def test_of_nobody_there_is_no_share() -> None:
    assert share_of(0, 0) is None
    assert satisfaction({}) is None
    assert promoter_score({}) is None


def test_the_satisfied_gave_four_or_five() -> None:
    found = satisfaction({5: 6, 4: 2, 3: 1, 1: 1})

    assert found is not None
    assert found.value == 0.8


@pytest.mark.parametrize(
    ("scores", "value"), [({10: 5, 9: 1, 8: 2, 6: 1, 0: 1}, 40), ({7: 3}, 0), ({0: 2}, -100)]
)
def test_promoters_less_detractors(scores: dict[int, int], value: float) -> None:
    found = promoter_score(scores)

    assert found is not None
    assert found.value == pytest.approx(value)
    assert -100 <= found.low <= found.value <= found.high <= 100
    assert found.low < found.high
