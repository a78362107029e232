"""Addresses that must not be written to: put on the list, taken off it for one reason, and looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from perennial.ledger.auditing import note
from perennial.ledger.database import Database
from perennial.ledger.statements import statement
from perennial.ledger.tables import suppressions
from perennial.ledger.values import Suppression
from perennial.model.words import AuditAction, Channel, SuppressionReason

_KEYS = 500


def suppress(
    database: Database,
    *,
    address_key: str,
    channel: Channel,
    reason: SuppressionReason,
    at: datetime,
) -> bool:
    """Puts an address on the list; says whether this reason stands now and did not before.

    What was said before the reason was lifted is old news: a late report does not undo the lifting.
    """
    row = {"address_key": address_key, "channel": channel, "reason": reason, "at": at}
    return database.write(lambda connection: suppress_within(connection, row))


def suppress_within(connection: Connection, row: Mapping[str, Any]) -> bool:
    """The same, within a transaction."""
    dialect = connection.dialect.name
    for name in ("suppress", "suppress_again"):
        if connection.execute(statement(name, dialect), row).rowcount == 1:
            return True
    connection.execute(statement("suppress_once_more", dialect), row).close()
    return False


def lift(
    database: Database,
    address_key: str,
    channel: Channel,
    reason: SuppressionReason,
    *,
    at: datetime,
    by: str,
    because: str | None = None,
) -> bool:
    """Ends one reason on one channel, if it was said before `at`; says whether it stood until now."""
    row = {"address_key": address_key, "channel": channel, "reason": reason, "at": at}

    def take_off(connection: Connection) -> bool:
        lifted = lift_within(connection, row)
        if lifted:
            why = f"{channel} {reason}" + (f": {because}" if because else "")
            note(connection, AuditAction.LIFTED, actor=by, subject=address_key, reason=why, at=at)
        return lifted

    return database.write(take_off)


def lift_within(connection: Connection, row: Mapping[str, Any]) -> bool:
    """The same, within a transaction that writes down who and why."""
    dialect = connection.dialect.name
    if connection.execute(statement("lift", dialect), row).rowcount == 1:
        return True
    connection.execute(statement("lift_before_said", dialect), row).close()
    return False


def suppressions_of(
    database: Database, address_keys: Collection[str], *, standing: bool
) -> Sequence[Suppression]:
    """What stands against addresses; without `standing`, also what was lifted."""
    keys = sorted(set(address_keys))
    with database.reading() as connection:
        return [
            found
            for start in range(0, len(keys), _KEYS)
            for found in _found(
                connection,
                _said(standing=standing).where(
                    suppressions.c.address_key.in_(keys[start : start + _KEYS])
                ),
            )
        ]


def suppressed_since(database: Database, since: datetime) -> Sequence[Suppression]:
    """What stands and was said at an instant or later."""
    with database.reading() as connection:
        return _found(connection, _said(standing=True).where(suppressions.c.said_at >= since))


def _said(*, standing: bool) -> Select[Any]:
    said = select(suppressions).where(suppressions.c.said_at.is_not(None))
    return said.where(suppressions.c.lifted_at.is_(None)) if standing else said


def _found(connection: Connection, query: Select[Any]) -> list[Suppression]:
    rows = connection.execute(query.order_by("address_key", "channel", "since", "reason"))
    return [
        Suppression(
            address_key=row.address_key,
            channel=Channel(row.channel),
            reason=SuppressionReason(row.reason),
            since=row.since,
            lifted_at=row.lifted_at,
        )
        for row in rows
    ]
