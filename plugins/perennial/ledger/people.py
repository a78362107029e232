"""What the ledger knows of people: what they agree to, prefer and answer, and where they must not be written to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from perennial.ledger import answering, auditing, permitting, preferring, reading, suppressing
from perennial.ledger.database import Database
from perennial.ledger.values import (
    Answer,
    AuditEntry,
    Case,
    ConsentEntry,
    Permission,
    Preferences,
    Suppression,
)
from perennial.model.keys import MessageKey
from perennial.model.words import (
    AuditAction,
    CaseReason,
    Channel,
    ConsentSource,
    PreferenceName,
    SuppressionReason,
    SurveyScale,
    Topic,
)


class People:
    """The part of the ledger that is about people; see Ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_consents(self, entries: Sequence[ConsentEntry], *, recorded_at: datetime) -> None:
        """Keeps what customers said about being written to; the same words told twice are kept once.

        What was said last stands, in whatever order the words come; of two words of one instant, the no. From the
        commit on, no message of what was withdrawn is claimed or begun.
        """
        permitting.record_consents(self._database, entries, recorded_at=recorded_at)

    def permissions_of(self, person_id: str) -> Sequence[Permission]:
        """What stands for a person by channel and topic; what nobody told the ledger is not there."""
        return permitting.permissions_of(self._database, person_id)

    def permissions_table(
        self, known_at: datetime | None = None, *, customers: Collection[str] | None = None
    ) -> pa.Table:
        """The last word of every customer, now or as the ledger knew it at an instant; see permitting.PERMISSIONS."""
        return permitting.permissions_table(self._database, known_at=known_at, customers=customers)

    def consent_history(self, person_id: str) -> Sequence[ConsentEntry]:
        """Everything that a person said, with its proof, the oldest first."""
        return permitting.consent_history(self._database, person_id)

    def pending_table(self) -> pa.Table:
        """Everything that anybody had yet to confirm, whatever came of it since; see permitting.PERMISSIONS."""
        return permitting.pending_table(self._database)

    def yet_to_confirm(
        self, person_id: str, *, since: datetime
    ) -> Mapping[tuple[Channel, Topic], ConsentEntry]:
        """The last yes to each thing that they agreed to from an instant on and have neither confirmed nor taken back."""
        return permitting.yet_to_confirm(self._database, person_id, since=since)

    def prefer(
        self,
        person_id: str,
        customer_id: str,
        changes: Mapping[PreferenceName, str | None],
        *,
        at: datetime,
        how: ConsentSource,
        proof: str | None = None,
    ) -> None:
        """Keeps what a customer chose: a language code, an ISO date, an ISO instant with its zone; None takes it back.

        What was chosen last stands, in whatever order the choices come. From the commit on, nothing is claimed or
        begun for somebody whose pause lasts.

        Raises:
            LedgerError: a value is none of its kind; nothing was recorded.
        """
        preferring.prefer(
            self._database, person_id, customer_id, changes, at=at, how=how, proof=proof
        )

    def preferences_of(self, person_id: str) -> Preferences:
        """What stands for a person."""
        return preferring.preferences_of(self._database, person_id)

    def preferences_table(
        self, known_at: datetime | None = None, *, customers: Collection[str] | None = None
    ) -> pa.Table:
        """The last choice of every customer, now or as it was said before an instant; see preferring.PREFERENCES."""
        return preferring.preferences_table(self._database, known_at=known_at, customers=customers)

    def suppress(
        self, *, address_key: str, channel: Channel, reason: SuppressionReason, at: datetime
    ) -> bool:
        """Puts an address on the suppression list; says whether this reason stands now and did not before.

        A reason that was lifted stands again only if it was given at the instant of the lifting or since.
        """
        return suppressing.suppress(
            self._database, address_key=address_key, channel=channel, reason=reason, at=at
        )

    def lift(
        self,
        address_key: str,
        channel: Channel,
        reason: SuppressionReason,
        *,
        at: datetime,
        by: str,
        because: str | None = None,
    ) -> bool:
        """Ends one reason on one channel, and notes who did, and why; says whether it stood until now.

        What was given at that instant or since stands, in whatever order the ledger is told.
        """
        return suppressing.lift(
            self._database, address_key, channel, reason, at=at, by=by, because=because
        )

    def suppressed(self, *, address_keys: Collection[str] | None = None) -> pa.Table:
        """Every address that is suppressed now, once a channel, with the first reason; see reading.SUPPRESSED."""
        return reading.suppressed(self._database, address_keys=address_keys)

    def suppressions_of(
        self, address_keys: Collection[str], *, standing: bool = True
    ) -> Sequence[Suppression]:
        """What stands against addresses; without `standing`, also what was lifted."""
        return suppressing.suppressions_of(self._database, address_keys, standing=standing)

    def suppressed_since(self, since: datetime) -> Sequence[Suppression]:
        """What stands and was given at an instant or later."""
        return suppressing.suppressed_since(self._database, since)

    def record_answer(
        self,
        key: MessageKey,
        *,
        scale: SurveyScale,
        score: int,
        comment: str | None,
        at: datetime,
    ) -> bool:
        """Keeps the answer to a survey; says whether it is the first.

        The first score stands. The comment may be added or changed for a day; 2,000 signs of it are kept.
        """
        return answering.record_answer(
            self._database, key, scale=scale, score=score, comment=comment, at=at
        )

    def answer_of(self, key: MessageKey) -> Answer | None:
        """What was answered to the survey of a message."""
        return answering.answer_of(self._database, key)

    def answers(self, since: datetime) -> Sequence[Answer]:
        """What was answered since an instant, the oldest first."""
        return answering.answers(self._database, since=since)

    def open_case(self, key: MessageKey, *, why: CaseReason, at: datetime) -> bool:
        """Opens the case of a message; says whether there was none before, open or closed."""
        return answering.open_case(self._database, key, why=why, at=at)

    def cases(self, *, standing: bool = True) -> Sequence[Case]:
        """The cases that wait for somebody, the oldest first; without `standing`, all."""
        return answering.cases(self._database, standing=standing)

    def close_case(self, case_id: int, *, by: str, note: str, at: datetime) -> bool:
        """Closes a case, and keeps who did it and what was done; says whether it was open."""
        return answering.close_case(self._database, case_id, by=by, note=note, at=at)

    def note_audit(
        self, action: AuditAction, *, actor: str, subject: str, reason: str, at: datetime
    ) -> None:
        """Writes down who dealt with somebody's data or permissions, and why; `subject` is an id or a hash."""
        auditing.note_audit(
            self._database, action, actor=actor, subject=subject, reason=reason, at=at
        )

    def audit_log(
        self,
        limit: int = 100,
        *,
        action: AuditAction | None = None,
        subject: str | None = None,
    ) -> Sequence[AuditEntry]:
        """The latest deeds, the newest first; with `action` or `subject`, those alone."""
        return auditing.audit_log(self._database, limit=limit, action=action, subject=subject)
