"""From broken rules to a verdict: what follows for the rows, and for the night."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from perennial.model.datasets import ORDERS
from perennial.validation.expecting import Breach, breaches
from perennial.validation.measuring import Measured, measured
from perennial.validation.night_rows import NightRows
from perennial.validation.suites import Rule, Suite
from perennial.validation.usual import Past, Trade
from perennial.validation.verdicts import CLOSED_DAY, Action, Finding, Verdict

_DAY = timedelta(days=1)
_IF_CLOSED = "If the shop was closed on {day}, name that day in `closed_days` of shop.yaml and run the night again."

NightsBefore = Callable[[Rule], int]


def judge_rows(
    rows: NightRows,
    suite: Suite,
    day: date,
    nights_before: NightsBefore,
    past: Past | None,
    *,
    trade: Trade = Trade.USUAL,
) -> Verdict:
    """Judges a night's rows and notes those that are not accepted in the engine's table `failed_rows`.

    `nights_before` tells in how many nights right before this one a rule failed already. After a holiday what the
    past says is a warning at most; after a closed day one sentence stands for all that did not come. Rows are judged
    alike on every day. Without a `past` nothing is counted but the rows.
    """
    found = breaches(suite.about_rows(), rows)
    failures = [(breach, rows.without_wrong_types(breach)) for breach in found]
    rows.put_aside(failures, day)
    tally, fate = rows.tally(), rows.fate()
    figures = rows.figures() if past else {}
    held = list(measured(suite.about_figures(), figures, past)) if past else []
    findings = [_finding(rows, breach, failed, nights_before) for breach, failed in failures]
    odd = [each for each in held if not each.measure.within]
    if trade is Trade.CLOSED:
        findings = [f for f in findings if f and (f.failed_rows or rows.count)]
        missed = [breach.rule for breach in found if not rows.count]
        missed += [each.rule for each in odd if each.rule.learns]
        findings += _closed(suite, day, missed)
        odd = [each for each in odd if not each.rule.learns]
    findings += [_unusual(suite, each, day, nights_before, trade) for each in odd]
    return Verdict(
        dataset=suite.dataset.name,
        day=day,
        rows=tally.rows,
        accepted=fate.accepted,
        quarantined=fate.quarantined,
        duplicates=tally.duplicates,
        superseded=tally.superseded,
        returned=fate.returned,
        findings=tuple(finding for finding in findings if finding),
        figures=figures,
        measures=tuple(each.measure for each in held),
    )


def _finding(
    rows: NightRows, breach: Breach, failed: npt.NDArray[np.int64], nights_before: NightsBefore
) -> Finding | None:
    """What people are told; rows that only went on waiting were told of before."""
    rule, told = breach.rule, failed[rows.fresh[failed]]
    if len(breach.rows) and not len(told):
        return None
    return Finding(
        dataset=rows.dataset.name,
        rule=rule.name,
        action=_action(rule, len(told), rows.count, nights_before),
        sentence=rule.sentence,
        owner=rule.owner,
        failed_rows=len(told),
        share=round(len(told) / rows.count, 6) if rows.count else 0.0,
        examples=rows.examples(told),
    )


def _closed(suite: Suite, day: date, missed: Sequence[Rule]) -> Iterator[Finding]:
    """One sentence in place of all that is said of rows that did not come."""
    for rule in missed[:1]:
        yield Finding(
            dataset=suite.dataset.name,
            rule=CLOSED_DAY,
            action=Action.WARN,
            sentence=f"The shop is closed on this day, {day - _DAY}: nothing is expected of it, and nothing learned from it.",
            owner=rule.owner,
            failed_rows=0,
            share=0.0,
        )


def _unusual(
    suite: Suite, found: Measured, day: date, nights_before: NightsBefore, trade: Trade
) -> Finding:
    """What people are told of a figure that is not as it should be."""
    rule = found.rule
    holiday = trade is Trade.HOLIDAY
    action = _action(rule, 0, 0, nights_before)
    empty = suite.dataset is ORDERS and found.measure.figure == "rows" and not found.measure.value
    return Finding(
        dataset=suite.dataset.name,
        rule=rule.name,
        action=Action.WARN if holiday and rule.learns else action,
        sentence=f"{rule.sentence} {_IF_CLOSED.format(day=day - _DAY)}" if empty else rule.sentence,
        owner=rule.owner,
        failed_rows=0,
        share=0.0,
        measure=found.measure,
    )


def _action(rule: Rule, failed: int, rows: int, nights_before: NightsBefore) -> Action:
    if rule.stop_after_nights and nights_before(rule) + 1 >= rule.stop_after_nights:
        return Action.STOP
    return rule.consequence(failed, rows)
