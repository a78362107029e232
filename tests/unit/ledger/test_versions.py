"""Every saved version of a file can be read again, with who saved it and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.ledger.versions import FOUND, FileVersion
from perennial.model.words import AuditAction, VersionState

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILE = "campaigns/win_back.yaml"


def _keep(ledger: Ledger, before: str | None, after: str, reason: str = "less") -> int:
    return ledger.keep_version(FILE, before, after, author="ann", reason=reason, at=NOON)


def test_what_the_file_said_before_its_first_version_is_kept_too(ledger: Ledger) -> None:
    assert _keep(ledger, "title: Старый\n", "title: Nuevo\n") == 2

    versions = ledger.versions_of(FILE)
    assert [(v.number, v.author, v.content) for v in versions] == [
        (2, "ann", "title: Nuevo\n"),
        (1, FOUND, "title: Старый\n"),
    ]


def test_a_new_file_begins_with_its_first_version(ledger: Ledger) -> None:
    assert _keep(ledger, None, "a") == 1
    assert _keep(ledger, "a", "b") == 2


def test_what_was_changed_elsewhere_is_kept_before_it_is_written_over(ledger: Ledger) -> None:
    _keep(ledger, None, "a")
    assert _keep(ledger, "by git", "b") == 3

    assert [v.content for v in ledger.versions_of(FILE)] == ["b", "by git", "a"]
    assert "outside the Studio" in ledger.versions_of(FILE)[1].reason


def test_a_version_stands_in_the_audit_log(ledger: Ledger) -> None:
    _keep(ledger, "a", "b", reason="a gentler offer")

    (entry,) = ledger.audit_log(action=AuditAction.EDITED)
    assert (entry.actor, entry.subject, entry.reason) == ("ann", FILE, "a gentler offer")


def test_a_version_without_a_reason_is_not_kept(ledger: Ledger) -> None:
    with pytest.raises(LedgerError):
        _keep(ledger, "a", "b", reason=" ")

    assert ledger.versions_of(FILE) == []
    assert ledger.versions_of("campaigns/birthday.yaml") == []


def _propose(ledger: Ledger, before: str, after: str, author: str = "mark") -> FileVersion:
    number = ledger.propose_version(
        FILE, before, after, made_from="h", author=author, reason="warmer", at=NOON
    )
    return next(v for v in ledger.versions_of(FILE) if v.number == number)


def _deeds(ledger: Ledger) -> list[tuple[str, str, str, str]]:
    return [(e.action, e.actor, e.subject, e.reason) for e in ledger.audit_log()][::-1]


def test_a_proposed_change_counts_once_somebody_else_has_approved_it(ledger: Ledger) -> None:
    proposed = _propose(ledger, "a", "b")
    assert [v.id for v in ledger.proposed_versions()] == [proposed.id]
    ledger.approve_version(proposed.id, by="ann", reason="good", at=NOON)

    saved = ledger.version(proposed.id)
    assert saved
    assert (saved.state, saved.answered_by, saved.answer) == (VersionState.SAVED, "ann", "good")
    assert ledger.proposed_versions() == []
    assert _deeds(ledger) == [
        ("proposed", "mark", f"{FILE} version 2", "warmer"),
        ("released", "ann", f"{FILE} version 2", "good"),
        ("edited", "mark", FILE, "warmer"),
    ]
    assert _keep(ledger, "b", "c") == 3, "what was approved is what was saved last"


def test_nobody_approves_their_own_change(ledger: Ledger) -> None:
    proposed = _propose(ledger, "a", "b")
    with pytest.raises(LedgerError, match="somebody else"):
        ledger.approve_version(proposed.id, by="mark", reason="mine", at=NOON)
    assert [v.id for v in ledger.proposed_versions()] == [proposed.id]

    ledger.reject_version(proposed.id, by="mark", reason="taken back", at=NOON)
    assert ledger.versions_of(FILE)[0].state is VersionState.REJECTED


def test_a_proposed_change_is_answered_once(ledger: Ledger) -> None:
    proposed = _propose(ledger, "a", "b")
    ledger.reject_version(proposed.id, by="ann", reason="too loud", at=NOON)
    for answer in (ledger.approve_version, ledger.reject_version):
        with pytest.raises(LedgerError, match="does not wait"):
            answer(proposed.id, by="ann", reason="again", at=NOON)
    with pytest.raises(LedgerError, match="does not wait"):
        ledger.approve_version(proposed.id + 9, by="ann", reason="unknown", at=NOON)
    ledger.void_version(proposed.id, by="ann", at=NOON)

    assert _deeds(ledger)[1:] == [("rejected", "ann", f"{FILE} version 2", "too loud")]
    assert _keep(ledger, "a", "c") == 3, "the number of what was rejected is not given twice"


def test_what_waits_falls_through_when_the_file_becomes_another_one(ledger: Ledger) -> None:
    first, second = _propose(ledger, "a", "b"), _propose(ledger, "a", "c", author="ann")
    other = ledger.propose_version(
        "campaigns/birthday.yaml", "x", "y", made_from="h", author="ann", reason="r", at=NOON
    )
    ledger.approve_version(second.id, by="mark", reason="better", at=NOON)
    third = _propose(ledger, "c", "d")
    _keep(ledger, "c", "e")

    states = {v.id: v.state for v in ledger.versions_of(FILE)}
    assert states[first.id] is states[third.id] is VersionState.VOID
    assert states[second.id] is VersionState.SAVED
    assert [v.number for v in ledger.proposed_versions()] == [other]
    assert ("voided", "mark", f"{FILE} version 2", "the file has changed since") in _deeds(ledger)


def test_an_answer_needs_a_reason(ledger: Ledger) -> None:
    proposed = _propose(ledger, "a", "b")
    for answer in (ledger.approve_version, ledger.reject_version):
        with pytest.raises(LedgerError):
            answer(proposed.id, by="ann", reason=" ", at=NOON)
    assert len(ledger.proposed_versions()) == 1
