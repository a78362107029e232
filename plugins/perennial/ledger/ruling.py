"""Doubts that are settled without an answer of the provider: by its silence, or by a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from perennial.ledger.commanding import check_grounds
from perennial.ledger.database import Database
from perennial.ledger.statements import packed_keys, statement
from perennial.ledger.tables import messages
from perennial.ledger.tables import rulings as told
from perennial.ledger.values import Ruling
from perennial.model.keys import MessageKey
from perennial.model.words import MessageState

SILENCE = "silence"
"""Who ruled where nobody said anything."""


def settle_silent(
    database: Database, provider: str, *, silent_for: timedelta, now: datetime
) -> int:
    """Makes retryable what a provider never reported on, while it reported on what was begun later.

    `silent_for` is measured by the database's clock.
    """

    def settle(connection: Connection) -> int:
        since = database.clock(connection) - silent_for
        asked = {"provider": provider, "silent_since": since, "now": now}
        keys = connection.execute(statement("settle_silent", database.dialect), asked).scalars()
        minutes = round(silent_for.total_seconds() / 60)
        reason = f"no report for {minutes} minutes, while reports on later requests came"
        grounds = {"ruled_by": SILENCE, "reason": reason, "at": now}
        return _keep(connection, database, keys, MessageState.RETRYABLE, grounds)

    return database.write(settle)


def rule(
    database: Database,
    keys: Collection[MessageKey],
    *,
    accepted: bool,
    by: str,
    reason: str,
    at: datetime,
) -> int:
    """Settles those of the messages that are in doubt as a person says; says how many were.

    Raises:
        LedgerError: it does not say who or why.
    """
    check_grounds(by, reason)
    state = MessageState.ACCEPTED if accepted else MessageState.RETRYABLE
    grounds = {"ruled_by": by, "reason": reason, "at": at}

    def settle(connection: Connection) -> int:
        asked = {"keys": packed_keys(keys, database.dialect), "state": state, "at": at}
        moved = connection.execute(statement("rule", database.dialect), asked).scalars()
        return _keep(connection, database, moved, state, grounds)

    return database.write(settle)


def rulings(database: Database, *, campaign: str | None, day: date | None) -> list[Ruling]:
    """How doubts were settled without an answer, the oldest ruling first."""
    found = select(told).join(messages, messages.c.key == told.c.message_key).order_by(told.c.id)
    if campaign is not None:
        found = found.where(messages.c.campaign == campaign)
    if day is not None:
        found = found.where(messages.c.day == day)
    with database.reading() as connection:
        return [
            Ruling(
                key=MessageKey(row.message_key),
                state=MessageState(row.state),
                by=row.ruled_by,
                reason=row.reason,
                at=row.at,
            )
            for row in connection.execute(found)
        ]


def _keep(
    connection: Connection,
    database: Database,
    keys: Iterable[str],
    state: MessageState,
    grounds: Mapping[str, Any],
) -> int:
    settled = list(keys)
    row = {"keys": packed_keys(settled, database.dialect), "state": state, **grounds}
    connection.execute(statement("record_rulings", database.dialect), row).close()
    return len(settled)
