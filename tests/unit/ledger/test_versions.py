"""Every saved version of a file can be read again, with who saved it and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.ledger.versions import FOUND
from perennial.model.words import AuditAction

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
