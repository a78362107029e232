"""After the wire: answers, the lack of them, and what is still in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, select, tuple_

from perennial.errors import LedgerError
from perennial.ledger.columns import Row, load
from perennial.ledger.database import Database
from perennial.ledger.statements import statement
from perennial.ledger.states import ANSWERS
from perennial.ledger.tables import dispatch_days, iso, messages
from perennial.ledger.values import Doubt
from perennial.model.keys import MessageKey
from perennial.model.message import Receipt
from perennial.model.words import Channel, MessageState


def settle(
    database: Database,
    receipts: Sequence[Receipt],
    *,
    now: datetime,
    worker: str | None = None,
    evidence: bool = False,
) -> None:
    """Records answers, all or none of them. An answer to a message that has its last one is ignored.

    Raises:
        LedgerError: a receipt says something that is no answer.
    """
    wrong = {receipt.state for receipt in receipts} - ANSWERS
    if wrong:
        msg = f"A receipt cannot say {', '.join(sorted(wrong))}: only {', '.join(sorted(ANSWERS))}."
        raise LedgerError(msg)
    if not receipts:
        return
    rows = [_row(receipt) for receipt in _one_a_key(receipts)]
    how = {"now": now, "worker": worker, "evidence": evidence}

    def record(connection: Connection) -> None:
        batch = load(connection, "receipts", rows)
        settle_ = statement("settle", database.dialect, batch.alike)
        connection.execute(settle_, {**batch.parameters, **how}).close()

    database.write(record)


def abandon_expired(database: Database) -> int:
    """Puts in doubt every message whose request began and whose worker let the lease end."""

    def abandon(connection: Connection) -> int:
        # Whoever is beginning a request on one of these days is waited for, or comes after.
        connection.execute(select(dispatch_days).with_for_update()).close()
        clock = {"clock": database.clock(connection)}
        found = connection.execute(statement("abandon_expired", database.dialect), clock).rowcount
        connection.execute(statement("close_days", database.dialect), clock)
        return found

    return database.write(abandon)


def doubts(database: Database, *, campaign: str | None, day: date | None) -> list[Doubt]:
    """Messages that may have been sent, the oldest first."""
    days = select(dispatch_days.c.campaign, dispatch_days.c.day)
    if campaign is not None:
        days = days.where(dispatch_days.c.campaign == campaign)
    if day is not None:
        days = days.where(dispatch_days.c.day == day)
    found = (
        select(
            *messages.c["key", "campaign", "day", "channel", "provider", "dispatched_at"],
            *messages.c["customer_id", "attempts", "code"],
        )
        .where(tuple_(messages.c.campaign, messages.c.day).in_(days))
        .where(messages.c.state == MessageState.IN_DOUBT)
        .order_by(messages.c.dispatched_at, messages.c.key)
    )
    with database.reading() as connection:
        return [
            Doubt(
                key=MessageKey(row.key),
                campaign=row.campaign,
                day=row.day,
                channel=Channel(row.channel),
                provider=row.provider,
                since=row.dispatched_at,
                customer_id=row.customer_id,
                attempts=row.attempts,
                code=row.code,
            )
            for row in connection.execute(found)
        ]


def _one_a_key(receipts: Iterable[Receipt]) -> Iterable[Receipt]:
    """The last answer to each message, unless one of them was a yes."""
    latest: dict[MessageKey, Receipt] = {}
    for receipt in receipts:
        known = latest.get(receipt.key)
        if known is None or known.state is not MessageState.ACCEPTED:
            latest[receipt.key] = receipt
    return latest.values()


def _row(receipt: Receipt) -> Row:
    return (
        receipt.key,
        receipt.state,
        receipt.provider,
        receipt.provider_id,
        receipt.code,
        iso(receipt.not_before) if receipt.not_before else None,
    )
