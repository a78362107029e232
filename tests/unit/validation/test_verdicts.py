from __future__ import annotations

import json
from datetime import date

from perennial.validation.verdicts import Action, Finding, Verdict, as_text, verdict_from_json


def _finding(action: Action, failed: int = 3, share: float = 0.3) -> Finding:
    return Finding(
        dataset="orders",
        rule="total_not_negative",
        action=action,
        sentence="No total is below zero.",
        owner="shop team",
        failed_rows=failed,
        share=share,
        examples=("order_id=7",),
    )


def _verdict(*findings: Finding) -> Verdict:
    return Verdict(
        dataset="orders",
        day=date(2026, 11, 21),
        rows=1_010,
        accepted=1_000,
        quarantined=7,
        duplicates=3,
        findings=findings,
    )


def test_a_verdict_comes_back_from_json_as_it_was() -> None:
    verdict = _verdict(_finding(Action.STOP), _finding(Action.WARN))
    text = as_text(verdict.as_json())

    assert verdict_from_json(json.loads(text)) == verdict
    assert json.loads(text)["stopped"] is True


def test_only_a_stop_stops() -> None:
    assert not _verdict(_finding(Action.WARN), _finding(Action.QUARANTINE)).stopped
    assert _verdict(_finding(Action.WARN), _finding(Action.STOP)).stopped


def test_a_stop_says_which_rule_how_many_and_which_rows() -> None:
    assert _verdict(_finding(Action.WARN), _finding(Action.STOP)).sentence == (
        "3 rows of orders (30.0%) break `total_not_negative`: No total is below zero. For example order_id=7."
    )


def test_a_night_that_passes_says_how_many_rows_did() -> None:
    assert _verdict().sentence == "1,000 of 1,010 rows of orders accepted, 7 put aside."


def test_a_finding_about_the_whole_has_no_rows_and_a_small_share_is_not_none() -> None:
    assert str(_finding(Action.WARN, failed=0)) == (
        "orders break `total_not_negative`: No total is below zero."
    )
    assert "1 row of orders (under 0.1%)" in str(_finding(Action.WARN, failed=1, share=0.0001))
