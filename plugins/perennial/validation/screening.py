"""Sees at a glance that a rule is met, so that Great Expectations is asked only where something may be wrong.

On most nights nearly all rules are met by every row, and Great Expectations takes milliseconds for each to say so. What
is told here is told by the same comparison that it makes, over the same frame, and only ever "met": in every other
case, and for every expectation that is not listed here, the word is Great Expectations'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

import pandas as pd

from perennial.validation.suites import Rule

_Kwargs = Mapping[str, Any]
_MISSING: Mapping[str, Literal["any", "all"]] = {
    "either_value_is_missing": "any",
    "both_values_are_missing": "all",
}


def surely_met(rule: Rule, frame: pd.DataFrame) -> bool:
    """Whether every row of a frame fits the rule, which is one that can be told without Great Expectations."""
    if not can_be_screened(rule):
        return False
    try:
        return bool(_SCREENS[rule.type][1](frame, rule.kwargs))
    except Exception:  # noqa: BLE001 - values that cannot be compared: Great Expectations says how
        return False


def can_be_screened(rule: Rule) -> bool:
    """Whether the rule is of a known kind, and asks for nothing beyond it."""
    if rule.type not in _SCREENS:
        return False
    arguments, _ = _SCREENS[rule.type]
    kwargs = dict(rule.kwargs)
    mostly = kwargs.pop("mostly", 1)
    fits = {name: argument(kwargs[name]) for name, argument in arguments.items() if name in kwargs}
    return _is_share(mostly) and fits.keys() == kwargs.keys() and all(fits.values())


def surely_counted(rule: Rule, count: int) -> bool:
    """Whether a rule about the number of rows is met by so many."""
    if rule.type != "expect_table_row_count_to_be_between" or not rule.kwargs:
        return False
    bounds = dict(rule.kwargs)
    low, high = bounds.pop("min_value", None), bounds.pop("max_value", None)
    if bounds or not all(bound is None or type(bound) is int for bound in (low, high)):
        return False
    return (low is None or count >= low) and (high is None or count <= high)


def _values(frame: pd.DataFrame, kwargs: _Kwargs) -> pd.Series[Any]:
    column: str = kwargs["column"]
    return frame[column].dropna()


def _not_null(frame: pd.DataFrame, kwargs: _Kwargs) -> bool:
    return bool(frame[kwargs["column"]].notna().all())


def _null(frame: pd.DataFrame, kwargs: _Kwargs) -> bool:
    return bool(frame[kwargs["column"]].isna().all())


def _in_set(frame: pd.DataFrame, kwargs: _Kwargs) -> bool:
    return bool(_values(frame, kwargs).isin(kwargs["value_set"]).all())


def _between(frame: pd.DataFrame, kwargs: _Kwargs) -> bool:
    values, low, high = _values(frame, kwargs), kwargs.get("min_value"), kwargs.get("max_value")
    if values.dtype.kind not in "iufM":
        return False
    if low is None and high is None:
        return False
    above = low is None or (values > low if kwargs.get("strict_min") else values >= low).all()
    below = high is None or (values < high if kwargs.get("strict_max") else values <= high).all()
    return bool(above and below)


def _matches(frame: pd.DataFrame, kwargs: _Kwargs) -> bool:
    return bool(_values(frame, kwargs).astype(str).str.contains(kwargs["regex"]).all())


def _matches_not(frame: pd.DataFrame, kwargs: _Kwargs) -> bool:
    return not _values(frame, kwargs).astype(str).str.contains(kwargs["regex"]).any()


def _greater(frame: pd.DataFrame, kwargs: _Kwargs) -> bool:
    pairs = frame[[kwargs["column_A"], kwargs["column_B"]]]
    if how := _MISSING.get(kwargs.get("ignore_row_if", "both_values_are_missing")):
        pairs = pairs.dropna(how=how)
    first, second = pairs.iloc[:, 0], pairs.iloc[:, 1]
    return bool((first >= second if kwargs.get("or_equal") else first > second).all())


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_bound(value: object) -> bool:
    return isinstance(value, int | float | datetime) and not isinstance(value, bool)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


_COLUMN = {"column": _is_text}
_SCREENS: Mapping[
    str, tuple[Mapping[str, Callable[[object], bool]], Callable[[pd.DataFrame, _Kwargs], bool]]
] = {
    "expect_column_values_to_not_be_null": (_COLUMN, _not_null),
    "expect_column_values_to_be_null": (_COLUMN, _null),
    "expect_column_values_to_be_in_set": (_COLUMN | {"value_set": _is_list}, _in_set),
    "expect_column_values_to_be_between": (
        _COLUMN
        | {"min_value": _is_bound, "max_value": _is_bound}
        | {"strict_min": _is_switch, "strict_max": _is_switch},
        _between,
    ),
    "expect_column_values_to_match_regex": (_COLUMN | {"regex": _is_text}, _matches),
    "expect_column_values_to_not_match_regex": (_COLUMN | {"regex": _is_text}, _matches_not),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        {
            "column_A": _is_text,
            "column_B": _is_text,
            "or_equal": _is_switch,
            "ignore_row_if": _is_text,
        },
        _greater,
    ),
}
