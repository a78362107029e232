"""Great Expectations over pandas: which rows break which rules.

Nothing of Great Expectations is imported before it is needed, because that takes seconds.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from perennial.errors import Fault, SuiteError
from perennial.validation.screening import can_be_screened, surely_counted, surely_met
from perennial.validation.suite_entries import nearest
from perennial.validation.suites import Rule, Suite

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition

_NUMBER = "perennial_rule"
# Row by row, but no row can be judged without all the others.
_NEEDS_EVERY_ROW = frozenset(
    (
        "expect_column_values_to_be_unique",
        "expect_compound_columns_to_be_unique",
        "expect_select_column_values_to_be_unique_within_record",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_decreasing",
    )
)


class Rows(Protocol):
    """A night's rows of one dataset, numbered from 0; the index of each frame holds the numbers."""

    @property
    def count(self) -> int:
        """Rows that a rule about their number counts."""
        ...

    def chunks(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """All rows, piece by piece; nothing when there are none."""
        ...

    def whole(self, columns: Sequence[str]) -> pd.DataFrame:
        """All rows at once."""
        ...


@dataclass(frozen=True, kw_only=True)
class Breach:
    """A rule that is not met, and the numbers of the rows that break it; none for a rule about the whole."""

    rule: Rule
    rows: npt.NDArray[np.int64]


@dataclass(kw_only=True)
class _Tally:
    """What several pieces of a night say about one rule together."""

    judged: int = 0
    met: bool = True
    rows: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def add(self, result: Any) -> None:  # noqa: ANN401 - Great Expectations is not typed for us
        counts = result.result
        self.judged += counts.get("element_count", 0) - counts.get("missing_count", 0)
        self.met = self.met and bool(result.success)
        self.rows.append(np.asarray(counts.get("unexpected_index_list") or [], dtype=np.int64))

    def breach_of(self, rule: Rule) -> Breach | None:
        rows = np.concatenate(self.rows) if self.rows else np.empty(0, dtype=np.int64)
        if not len(rows):
            return None if self.met else Breach(rule=rule, rows=rows)
        fitting = 1 - len(rows) / max(self.judged, 1)
        return Breach(rule=rule, rows=rows) if fitting < rule.mostly else None


def breaches(suite: Suite, rows: Rows) -> list[Breach]:
    """Every rule of the suite that the rows break, in the suite's order.

    Raises:
        SuiteError: an expectation does not exist, or could not be evaluated on these rows.
    """
    asked = _unsettled(suite.rules, rows)
    if faults := faults_of_expectations(suite, asked):
        raise SuiteError(faults)
    tallies = {rule.name: _Tally() for rule in suite.rules}
    by_row = [rule for rule in asked if _judges_row_by_row(rule)]
    if by_row:
        for frame in rows.chunks(_columns(by_row)):
            _evaluate(suite, by_row, frame, tallies)
    for rule in asked:
        if rule not in by_row:
            frame = rows.whole(rule.columns) if rule.columns else _without_columns(rows.count)
            _evaluate(suite, [rule], frame, tallies)
    found = (tallies[rule.name].breach_of(rule) for rule in suite.rules)
    return [breach for breach in found if breach]


def _unsettled(rules: Sequence[Rule], rows: Rows) -> list[Rule]:
    """The rules that Great Expectations has to judge: all but those that every row is seen to fit."""
    screened = [rule for rule in rules if can_be_screened(rule)]
    doubtful: set[str] = set()
    for frame in rows.chunks(_columns(screened)) if screened else ():
        doubtful |= {
            rule.name
            for rule in screened
            if rule.name not in doubtful and not surely_met(rule, frame)
        }
    settled = {rule.name for rule in screened} - doubtful
    settled |= {rule.name for rule in rules if surely_counted(rule, rows.count)}
    return [rule for rule in rules if rule.name not in settled]


def _columns(rules: Sequence[Rule]) -> list[str]:
    return list(dict.fromkeys(column for rule in rules for column in rule.columns))


def faults_of_expectations(suite: Suite, rules: Sequence[Rule] | None = None) -> list[Fault]:
    """Expectations that Great Expectations does not know, or whose arguments it refuses; of some rules, or of all."""
    faults = []
    for rule in suite.rules if rules is None else rules:
        try:
            _expectation(rule)
        except _Refused as refused:
            faults.append(_fault(suite, rule, str(refused), refused.hint))
    return faults


class _Refused(ValueError):
    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def _expectation(rule: Rule, number: int = 0) -> Any:  # noqa: ANN401 - Great Expectations is not typed for us
    _session()
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.expectations import registry

    try:
        implementation = registry.get_expectation_impl(rule.type)
    except ExpectationNotFoundError:
        known = registry.list_registered_expectation_implementations()
        msg = f"Great Expectations knows no `{rule.type}`."
        raise _Refused(msg, nearest(rule.type, known)) from None
    try:
        return implementation(**rule.kwargs, meta={_NUMBER: number})
    except (ValidationError, TypeError) as error:
        said = "; ".join(str(error).splitlines()[1:]) or str(error)
        msg = f"`{rule.type}` does not take these kwargs: {' '.join(said.split())}."
        raise _Refused(msg) from None


def _judges_row_by_row(rule: Rule) -> bool:
    from great_expectations.expectations import expectation as kinds

    return rule.type not in _NEEDS_EVERY_ROW and isinstance(
        _expectation(rule),
        kinds.ColumnMapExpectation
        | kinds.ColumnPairMapExpectation
        | kinds.MulticolumnMapExpectation,
    )


def _evaluate(
    suite: Suite, rules: Sequence[Rule], frame: pd.DataFrame, tallies: dict[str, _Tally]
) -> None:
    import great_expectations as gx

    expectations = [_expectation(rule, number) for number, rule in enumerate(rules)]
    wanted = gx.ExpectationSuite(name=suite.dataset.name, expectations=expectations)
    batch = _session().get_batch(batch_parameters={"dataframe": frame})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own quarrels with pandas, once a night in every log
        results = batch.validate(wanted, result_format="COMPLETE").results
    if len(results) != len(rules):  # it drops what it does not understand without a word
        msg = f"Great Expectations judged {len(results)} of {len(rules)} rules."
        raise SuiteError([Fault(path=suite.path, message=msg)])
    for result in results:
        rule = rules[result.expectation_config.meta[_NUMBER]]
        if said := _exception(result.exception_info or {}):
            msg = f"`{rule.name}` could not be evaluated: {said}. See that the column's type fits the expectation."
            raise SuiteError([_fault(suite, rule, msg)])
        tallies[rule.name].add(result)


def _exception(info: dict[str, Any]) -> str | None:
    """The kind of exception, without its text, which may quote values of rows."""
    for each in (info, *(value for value in info.values() if isinstance(value, dict))):
        if each.get("raised_exception"):
            trace = str(each.get("exception_traceback") or "").strip().splitlines()
            return trace[-1].partition(":")[0] if trace else "no reason given"
    return None


def _without_columns(count: int) -> pd.DataFrame:
    """A frame that holds nothing but its length, however many rows there are."""
    return pd.DataFrame(index=pd.RangeIndex(count))


def _fault(suite: Suite, rule: Rule, message: str, hint: str | None = None) -> Fault:
    return Fault(path=suite.path, line=rule.line, message=message, hint=hint)


@cache
def _session() -> BatchDefinition:
    """One Great Expectations for the whole process; it keeps nothing on disk and calls nobody."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("night").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all")
