"""Who dealt with people's data and permissions, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from perennial.errors import LedgerError
from perennial.ledger.commanding import check_grounds
from perennial.ledger.database import Database
from perennial.ledger.tables import audit_log as log
from perennial.ledger.values import AuditEntry
from perennial.model.words import AuditAction

_LONGEST_SUBJECT = 128


def note_audit(
    database: Database,
    action: AuditAction,
    *,
    actor: str,
    subject: str,
    reason: str,
    at: datetime,
) -> None:
    """Writes down one deed.

    Raises:
        LedgerError: it does not say who or why, or says too much.
    """
    database.write(
        lambda connection: note(
            connection, action, actor=actor, subject=subject, reason=reason, at=at
        )
    )


def note(
    connection: Connection,
    action: AuditAction,
    *,
    actor: str,
    subject: str,
    reason: str,
    at: datetime,
) -> None:
    """The same, within the transaction of the deed."""
    check_grounds(actor, reason)
    if len(subject) > _LONGEST_SUBJECT:
        msg = f"What was dealt with may take {_LONGEST_SUBJECT} signs in the audit log: name it by its id or hash."
        raise LedgerError(msg)
    row = {"at": at, "actor": actor, "action": action, "subject": subject, "reason": reason}
    connection.execute(insert(log).values(row)).close()


def audit_log(
    database: Database,
    *,
    limit: int,
    action: AuditAction | None = None,
    subject: str | None = None,
) -> Sequence[AuditEntry]:
    """The latest deeds, the newest first; with `action` or `subject`, those alone."""
    newest = select(*log.c["at", "actor", "action", "subject", "reason"]).order_by(log.c.id.desc())
    if action is not None:
        newest = newest.where(log.c.action == action)
    if subject is not None:
        newest = newest.where(log.c.subject == subject)
    with database.reading() as connection:
        return [
            AuditEntry(
                at=row.at,
                actor=row.actor,
                action=AuditAction(row.action),
                subject=row.subject,
                reason=row.reason,
            )
            for row in connection.execute(newest.limit(limit))
        ]
