"""Who lets go what the checks hold back says why, and lets go exactly what they have looked at."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.errors import NightStopped, SettingsError
from perennial.ledger.store import Ledger
from perennial.model.words import LONGEST_REASON, AuditAction
from perennial.pipeline.releasing import (
    Grounds,
    refuse_unseen,
    release_night,
    release_of_night,
    verdict_hash,
)
from perennial.validation.verdicts import Action, Finding, Verdict

DAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
GROUNDS = Grounds(by="ann", reason="The shop team has looked: a price correction.", at=NOW)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    return ledger


def a_finding(rule: str = "total_not_negative", action: Action = Action.STOP) -> Finding:
    return Finding(
        dataset="orders",
        rule=rule,
        action=action,
        sentence="No total is below zero.",
        owner="shop team",
        failed_rows=3,
        share=0.3,
    )


def a_verdict(*findings: Finding, rows: int = 10) -> Verdict:
    return Verdict(
        dataset="orders", day=DAY, rows=rows, accepted=rows, quarantined=0, findings=findings
    )


def test_a_release_is_kept_with_who_when_why_what_and_which_verdict(ledger: Ledger) -> None:
    verdicts = [a_verdict(a_finding())]

    release_night(ledger, verdicts, GROUNDS)

    (entry,) = ledger.audit_log()
    assert (entry.action, entry.actor, entry.at) == (AuditAction.RELEASED, "ann", NOW)
    assert (
        entry.reason
        == "The shop team has looked: a price correction. (released: orders: total_not_negative)"
    )
    assert entry.subject == f"night 2026-11-21 {verdict_hash(verdicts)}"
    assert release_of_night(ledger, verdicts) == entry


def test_another_verdict_of_the_same_night_is_not_released(ledger: Ledger) -> None:
    release_night(ledger, [a_verdict(a_finding())], GROUNDS)

    assert release_of_night(ledger, [a_verdict(a_finding(), rows=11)]) is None
    assert release_of_night(ledger, [a_verdict(a_finding("currency_known"))]) is None


def test_a_verdict_that_changed_while_somebody_looked_at_it_is_not_released(
    ledger: Ledger,
) -> None:
    seen = verdict_hash([a_verdict(a_finding())])

    with pytest.raises(NightStopped, match="the release is void"):
        refuse_unseen([a_verdict(a_finding(), rows=11)], seen)

    assert not ledger.audit_log()


def test_releasing_twice_is_one_release(ledger: Ledger) -> None:
    verdicts = [a_verdict(a_finding())]
    release_night(ledger, verdicts, GROUNDS)
    release_night(ledger, verdicts, Grounds(by="bob", reason="Me, too.", at=NOW))

    (entry,) = ledger.audit_log()
    assert entry.actor == "ann"


def test_a_night_that_nothing_stops_cannot_be_released(ledger: Ledger) -> None:
    with pytest.raises(SettingsError, match="nothing to release"):
        release_night(ledger, [a_verdict(a_finding(action=Action.QUARANTINE))], GROUNDS)


@pytest.mark.parametrize("reason", ["", "  \n", "x" * (LONGEST_REASON + 1)])
def test_nothing_is_released_without_a_reason_that_can_be_kept(ledger: Ledger, reason: str) -> None:
    with pytest.raises(SettingsError, match="Nothing was released"):
        release_night(ledger, [a_verdict(a_finding())], Grounds(by="ann", reason=reason, at=NOW))
    assert not ledger.audit_log()


def test_however_many_rules_stop_a_night_its_release_fits_the_log(ledger: Ledger) -> None:
    findings = [a_finding(f"a_rule_with_a_rather_long_name_{n}") for n in range(30)]

    entry = release_night(
        ledger, [a_verdict(*findings)], Grounds(by="ann", reason="x" * LONGEST_REASON, at=NOW)
    )

    assert len(entry.reason) <= 255
    assert "a_rule_with_a_rather_long_name_0" in entry.reason
    assert "more" in entry.reason


@given(st.integers(0, 5), st.integers(0, 5))
def test_only_the_same_verdict_has_the_same_hash(one: int, other: int) -> None:
    hashes = [verdict_hash([a_verdict(a_finding(), rows=rows)]) for rows in (one, other)]
    assert (hashes[0] == hashes[1]) == (one == other)


def test_the_order_in_which_verdicts_are_read_is_nothing_to_their_hash() -> None:
    one = a_verdict(a_finding())
    other = Verdict(dataset="customers", day=DAY, rows=1, accepted=1, quarantined=0)
    assert verdict_hash([one, other]) == verdict_hash([other, one])
