"""A person takes the responsibility for what the checks hold back. The ledger's audit log keeps who, when and why.

A release holds for exactly what was looked at: its subject names the content, by hash. When the verdict of a night, or
the plan of a campaign, is another one afterwards, nobody has released it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from perennial.errors import NightStopped, SettingsError
from perennial.ledger.store import Ledger
from perennial.ledger.values import AuditEntry
from perennial.model.words import LONGEST_REASON, AuditAction
from perennial.validation.verdicts import Action, Finding, Verdict

_LONGEST_ENTRY = 255


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """Who lets something go, why, and when."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """One plan of a campaign, as somebody has looked at it: another plan of the same day is another one.

    `fingerprint` stands for the words and rules that it goes out with; see pipeline/fingerprint.py.
    """

    campaign: str
    day: date
    plan_hash: str
    fingerprint: str

    @property
    def subject(self) -> str:
        # A campaign's name may take 64 signs, and a subject 128.
        return f"{self.campaign} {self.day} {self.plan_hash[:26]}.{self.fingerprint[:25]}"


def verdict_hash(verdicts: Sequence[Verdict]) -> str:
    """Hash of everything that the checks of a night say; any other count, finding or example gives another."""
    said = sorted((verdict.as_json() for verdict in verdicts), key=lambda each: each["dataset"])
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def release_night(ledger: Ledger, verdicts: Sequence[Verdict], grounds: Grounds) -> AuditEntry:
    """Writes down that a person lets a stopped night pass as its verdicts stand; saying it again changes nothing.

    Raises:
        SettingsError: the night is not stopped, or the reason is missing or too long.
    """
    stops = [f for v in verdicts for f in v.findings if f.action is Action.STOP]
    if not stops:
        msg = "No check stops this night: there is nothing to release. Nothing was written down."
        raise SettingsError(msg)
    subject = _night_subject(verdicts)
    return _released(ledger, subject) or release(ledger, subject, grounds, stops)


def release_of_night(ledger: Ledger, verdicts: Sequence[Verdict]) -> AuditEntry | None:
    """Who released the night with exactly these verdicts, when and why."""
    return _released(ledger, _night_subject(verdicts)) if verdicts else None


def refuse_unseen(verdicts: Sequence[Verdict], seen: str | None) -> None:
    """Makes sure that a night is released as somebody has seen it.

    Raises:
        NightStopped: the verdict is not the one that was looked at.
    """
    if seen is not None and seen != verdict_hash(verdicts):
        msg = (
            f"The verdict of {verdicts[0].day} has changed since it was looked at: the release is void. Nothing was"
            " published and nothing is sent. Look at the new verdict, and release that."
        )
        raise NightStopped(msg)


def _night_subject(verdicts: Sequence[Verdict]) -> str:
    return f"night {verdicts[0].day} {verdict_hash(verdicts)}"


def release(
    ledger: Ledger, subject: str, grounds: Grounds, what: Sequence[Finding] = ()
) -> AuditEntry:
    """Writes down that a person lets something go, and which findings held it, if any.

    Raises:
        SettingsError: the reason is missing or too long.
    """
    entry = AuditEntry(
        at=grounds.at,
        actor=grounds.by,
        action=AuditAction.RELEASED,
        subject=subject,
        reason=_with_names(sound_reason(grounds.reason), _names(what)),
    )
    ledger.note_audit(
        entry.action,
        actor=entry.actor,
        subject=entry.subject,
        reason=entry.reason,
        at=entry.at,
    )
    return entry


def sound_reason(given: str) -> str:
    """A reason as it is kept: in one line.

    Raises:
        SettingsError: it is missing or too long.
    """
    reason = " ".join(given.split())
    if not reason:
        msg = "Who releases something says why, in a sentence. Nothing was released."
        raise SettingsError(msg)
    if len(reason) > LONGEST_REASON:
        msg = f"The reason may take {LONGEST_REASON} signs: say it shorter. Nothing was released."
        raise SettingsError(msg)
    return reason


def _released(ledger: Ledger, subject: str) -> AuditEntry | None:
    found = ledger.audit_log(1, action=AuditAction.RELEASED, subject=subject)
    return found[0] if found else None


def _names(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.dataset}: {finding.rule}" for finding in findings]


def _with_names(reason: str, names: Sequence[str]) -> str:
    """The reason and what it lets go; names that do not fit are counted."""
    if not names:
        return reason
    for kept in range(len(names), -1, -1):
        more = [f"{len(names) - kept} more"] if kept < len(names) else []
        text = f"{reason} (released: {', '.join([*names[:kept], *more])})"
        if len(text) <= _LONGEST_ENTRY:
            return text
    return reason
