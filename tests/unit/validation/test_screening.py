"""What is seen at a glance is what Great Expectations would say: "met" is never said of rows that break a rule."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.model.datasets import ORDERS
from perennial.validation import expecting
from perennial.validation.expecting import breaches
from perennial.validation.screening import can_be_screened, surely_counted, surely_met
from perennial.validation.suites import Rule, Suite
from perennial.validation.verdicts import Action

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BOUNDS = st.sampled_from([-1, 0, 1.5, 2])
RULES = st.one_of(
    st.tuples(
        st.sampled_from(["expect_column_values_to_be_null", "expect_column_values_to_not_be_null"]),
        st.fixed_dictionaries({"column": st.sampled_from(["number", "text", "moment", "flag"])}),
    ),
    st.tuples(
        st.just("expect_column_values_to_be_between"),
        st.fixed_dictionaries(
            {"column": st.just("number")},
            optional={
                "min_value": BOUNDS,
                "max_value": BOUNDS,
                "strict_min": st.booleans(),
                "strict_max": st.booleans(),
            },
        ).filter(
            lambda kwargs: (
                kwargs.get("min_value", -9) <= kwargs.get("max_value", 9)
                and {"min_value", "max_value"} & kwargs.keys()
            )
        ),
    ),
    st.tuples(
        st.just("expect_column_values_to_be_between"),
        st.fixed_dictionaries({"column": st.just("moment"), "max_value": st.just(NOW)}),
    ),
    st.tuples(
        st.just("expect_column_values_to_be_in_set"),
        st.fixed_dictionaries(
            {
                "column": st.just("text"),
                "value_set": st.lists(st.sampled_from(["a", "A", "é"]), min_size=1),
            }
        ),
    ),
    st.tuples(
        st.just("expect_column_values_to_be_in_set"),
        st.just({"column": "flag", "value_set": [True]}),
    ),
    st.tuples(
        st.sampled_from(
            ["expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex"]
        ),
        st.fixed_dictionaries(
            {"column": st.just("text"), "regex": st.sampled_from(["^[a-z]$", "a", "(?i)^A", r"\w"])}
        ),
    ),
    st.tuples(
        st.just("expect_column_pair_values_a_to_be_greater_than_b"),
        st.fixed_dictionaries(
            {"column_A": st.just("number"), "column_B": st.just("other")},
            optional={
                "or_equal": st.booleans(),
                "ignore_row_if": st.sampled_from(
                    ["either_value_is_missing", "both_values_are_missing", "never"]
                ),
            },
        ),
    ),
)
ROW = st.fixed_dictionaries(
    {
        "number": st.none() | st.sampled_from([-1.0, 0.0, 1.5, 2.0, 3.0]),
        "other": st.none() | st.sampled_from([-1.0, 0.0, 2.0]),
        "text": st.none() | st.sampled_from(["a", "A", "é", "aa", "", " "]),
        "moment": st.none() | st.sampled_from([NOW, NOW - timedelta(days=1), NOW + timedelta(1)]),
        "flag": st.none() | st.booleans(),
    }
)
SHARES = st.none() | st.sampled_from([0.5, 1, 1.0])


def a_rule(type_: str, kwargs: dict[str, Any]) -> Rule:
    return Rule(
        name="rule", type=type_, kwargs=kwargs, action=Action.WARN, sentence="S.", owner="O", line=7
    )


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["number", "other", "text", "moment", "flag"])
    moments = pd.to_datetime(frame["moment"], utc=True).astype("datetime64[us, UTC]")
    numbers = {name: frame[name].astype("float64") for name in ("number", "other")}
    return frame.assign(moment=moments, text=frame["text"].astype("str"), **numbers)


class Whole:
    """A frame in one piece."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self.count = frame, len(frame)

    def chunks(self, columns: list[str]) -> Any:
        yield self.frame[columns]

    def whole(self, columns: tuple[str, ...]) -> pd.DataFrame:
        return self.frame[list(columns)]


def asked_directly(rule: Rule, frame: pd.DataFrame) -> bool:
    """Whether Great Expectations says that the rule is met."""
    suite = Suite(dataset=ORDERS, path=Path("orders.json"), rules=(rule,))
    tallies = {rule.name: expecting._Tally()}
    expecting._evaluate(suite, [rule], frame, tallies)
    return tallies[rule.name].breach_of(rule) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=RULES, share=SHARES, rows=st.lists(ROW, min_size=1, max_size=5))
def test_met_is_said_only_where_great_expectations_says_so(
    rule: tuple[str, dict[str, Any]], share: float | None, rows: list[dict[str, Any]]
) -> None:
    kwargs = rule[1] | ({"mostly": share} if share is not None else {})
    chosen, frame = a_rule(rule[0], kwargs), frame_of(rows)

    assert not surely_met(chosen, frame) or asked_directly(chosen, frame)


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_column_values_to_be_between", {"column": "number", "min_value": "0"}),
        ("expect_column_values_to_be_between", {"column": "number", "min_value": 0, "mostly": 2}),
        ("expect_column_values_to_be_in_set", {"column": "text", "value_set": "abc"}),
        ("expect_column_values_to_not_be_null", {"column": "text", "row_condition": "flag"}),
        ("expect_column_values_to_be_unique", {"column": "text"}),
        ("expect_column_values_to_be_nice", {"column": "text"}),
    ],
)
def test_what_is_not_plain_is_left_to_great_expectations(
    type_: str, kwargs: dict[str, Any]
) -> None:
    assert not can_be_screened(a_rule(type_, kwargs))


def test_values_that_cannot_be_compared_are_left_to_great_expectations() -> None:
    words = pd.DataFrame({"total": ["canary"]})
    rule = a_rule("expect_column_values_to_be_between", {"column": "total", "min_value": 0})

    assert not surely_met(rule, words)


@pytest.mark.parametrize(
    ("bounds", "met"),
    [
        ({"min_value": 3}, True),
        ({"min_value": 4}, False),
        ({"max_value": 3}, True),
        ({"max_value": 2}, False),
        ({"min_value": 1, "max_value": 5}, True),
        ({"min_value": 1.5}, False),
        ({"min_value": 1, "strict_min": True}, False),
        ({}, False),
    ],
)
def test_a_count_is_told_by_whole_numbers_alone(bounds: dict[str, Any], met: bool) -> None:  # noqa: FBT001 - a table
    rule = a_rule("expect_table_row_count_to_be_between", bounds)

    assert surely_counted(rule, 3) is met


def test_a_night_without_a_fault_does_not_ask_great_expectations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "great_expectations", None)  # an import of it would fail
    given = a_rule("expect_column_values_to_not_be_null", {"column": "number"})
    suite = Suite(dataset=ORDERS, path=Path("orders.json"), rules=(given,))
    frame = pd.DataFrame({"number": [1.0, 2.0]})

    assert breaches(suite, Whole(frame)) == []
