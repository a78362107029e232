from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.errors import SuiteError
from perennial.model.datasets import ORDERS
from perennial.validation.expecting import breaches
from perennial.validation.suites import Rule, Suite
from perennial.validation.verdicts import Action

NOT_NEGATIVE = ("expect_column_values_to_be_between", {"column": "total", "min_value": 0})
GIVEN = ("expect_column_values_to_not_be_null", {"column": "total"})
UNIQUE = ("expect_column_values_to_be_unique", {"column": "order_id"})
SOME = ("expect_table_row_count_to_be_between", {"min_value": 3, "max_value": 5})
MEAN = ("expect_column_mean_to_be_between", {"column": "total", "min_value": 2})


@dataclass
class Frame:
    """A frame handed out in pieces."""

    frame: pd.DataFrame
    size: int = 1_000

    @property
    def count(self) -> int:
        return len(self.frame)

    def chunks(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        for first in range(0, len(self.frame), self.size):
            yield self.frame[list(columns)].iloc[first : first + self.size]

    def whole(self, columns: Sequence[str]) -> pd.DataFrame:
        return self.frame[list(columns)]


def _suite(*rules: tuple[str, dict[str, Any]]) -> Suite:
    made = [
        Rule(
            name=f"rule_{n}", type=type_, kwargs=kwargs, action=Action.WARN, sentence="S.", owner="O", line=7 + n,
        )
        for n, (type_, kwargs) in enumerate(rules)
    ]  # fmt: skip
    return Suite(dataset=ORDERS, path=Path("orders.json"), rules=tuple(made))


def _broken(suite: Suite, totals: list[float | None], size: int = 1_000) -> dict[str, list[int]]:
    frame = pd.DataFrame(
        {"total": pd.array(totals, "float64"), "order_id": [str(n % 4) for n in range(len(totals))]}
    )
    return {b.rule.name: sorted(b.rows.tolist()) for b in breaches(suite, Frame(frame, size))}


def test_every_bad_row_is_named_by_its_number() -> None:
    found = _broken(_suite(NOT_NEGATIVE, GIVEN), [1, -1, None, 2, -3])

    assert found == {"rule_0": [1, 4], "rule_1": [2]}


def test_rules_are_found_again_when_they_are_alike() -> None:
    found = _broken(_suite(NOT_NEGATIVE, NOT_NEGATIVE), [1, -1])

    assert found == {"rule_0": [1], "rule_1": [1]}


def test_a_rule_about_the_whole_counts_all_pieces_together() -> None:
    assert _broken(_suite(SOME), [1, 2, 3, 4, 5], size=2) == {}
    assert _broken(_suite(SOME), [1, 2], size=1) == {"rule_0": []}
    assert _broken(_suite(MEAN), [0, 0, 6, 6], size=2) == {}


def test_uniqueness_is_seen_across_pieces() -> None:
    assert _broken(_suite(UNIQUE), [0, 0, 0, 0], size=1) == {}
    assert _broken(_suite(UNIQUE), [0, 0, 0, 0, 0], size=2) == {"rule_0": [0, 4]}


def test_mostly_is_a_share_of_all_pieces() -> None:
    mostly = (NOT_NEGATIVE[0], NOT_NEGATIVE[1] | {"mostly": 0.5})

    assert _broken(_suite(mostly), [-1, -1, 1, 1], size=2) == {}
    assert _broken(_suite(mostly), [-1, -1, 1, -1], size=2) == {"rule_0": [0, 1, 3]}
    assert _broken(_suite(mostly), [-1, 1, None, None], size=2) == {}


def test_no_rows_break_no_rule_about_rows() -> None:
    assert _broken(_suite(NOT_NEGATIVE, GIVEN, UNIQUE), []) == {}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    totals=st.lists(st.none() | st.integers(-2, 2).map(float), max_size=12), size=st.integers(1, 5)
)
def test_pieces_of_any_size_give_the_same_answer(totals: list[float | None], size: int) -> None:
    suite = _suite(NOT_NEGATIVE, GIVEN, UNIQUE)

    assert _broken(suite, totals, size) == _broken(suite, totals)


def test_an_unknown_expectation_is_refused_and_not_dropped() -> None:
    with pytest.raises(SuiteError, match=r"orders\.json:7: Great Expectations knows no"):
        _broken(_suite(("expect_column_to_be_nice", {"column": "total"})), [1])


def test_an_expectation_that_cannot_be_evaluated_is_an_error_of_its_own() -> None:
    frame = pd.DataFrame({"total": ["canary", "x"]})
    with pytest.raises(
        SuiteError, match=r"orders\.json:7: `rule_0` could not be evaluated"
    ) as caught:
        breaches(_suite(NOT_NEGATIVE), Frame(frame))

    assert "canary" not in str(caught.value)
