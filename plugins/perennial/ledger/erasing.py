"""Forgetting people: asked for and suppressed in one transaction, rewritten once nothing of theirs is on its way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, or_, select, update

from perennial.ledger.auditing import note
from perennial.ledger.database import Database
from perennial.ledger.persons import NAMING_ACCOUNTS
from perennial.ledger.statements import statement
from perennial.ledger.tables import (
    answers,
    cases,
    erasures,
    messages,
    permissions,
    preference_changes,
    preferences,
    soft_bounces,
)
from perennial.model.words import AuditAction, Channel, MessageState, SuppressionReason

_KEYS = 500  # what every database takes as parameters of one statement
_ON_THEIR_WAY = (MessageState.DISPATCHING, MessageState.IN_DOUBT)


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """An account that is to be forgotten, by its keyed hash."""

    customer_key: str
    requested_at: datetime
    finished_at: datetime | None


def request(
    database: Database,
    *,
    customer_keys: Collection[str],
    address_keys: Collection[str],
    by: str,
    reason: str,
    at: datetime,
) -> None:
    """Writes down who is to be forgotten, and suppresses their addresses on every channel; all of it or nothing.

    Asking once more opens an erasure again that was finished: something of the account may have come back.
    """

    def ask(connection: Connection) -> None:
        known = {row.customer_key for row in _erasures(connection)}
        for key in sorted(set(customer_keys) - known):
            connection.execute(insert(erasures).values(customer_key=key, requested_at=at))
            note(connection, AuditAction.ERASED, actor=by, subject=key, reason=reason, at=at)
        _mark(connection, set(customer_keys) & known, None)
        for address_key, channel in product(sorted(address_keys), Channel):
            _suppress(connection, database, address_key, channel, at)

    database.write(ask)


def erased(database: Database) -> list[Erasure]:
    """Everybody who was ever to be forgotten, the first first."""
    with database.reading() as connection:
        return [Erasure(**row._mapping) for row in _erasures(connection)]  # noqa: SLF001 - the public name of a row's columns


def forget(
    database: Database, stand_ins: Mapping[str, str], occasion: Callable[[str], str]
) -> set[str]:
    """Puts a keyed hash in the place of each account, and removes what they told us; gives whom it has to leave.

    It leaves the accounts to whom a message may be on the wire, or is in doubt: what became of it is waited for.
    `occasion` gives what stands in the place of an occasion, which may name an order. Nothing may be planned or about
    to be claimed for these accounts any more.
    """
    # Looked for before the transaction: these tables are long, and it holds up every claim.
    with database.reading() as connection:
        rows = {t: _naming(connection, t, stand_ins) for t in NAMING_ACCOUNTS}

    def rewrite(connection: Connection) -> set[str]:
        database.lock(connection)
        open_keys = _on_their_way(connection, [row.key for row in rows[messages]])
        left = {
            account
            for row in rows[messages]
            if row.key in open_keys
            for account in _accounts(row)
            if account in stand_ins
        }
        ready = {account: key for account, key in stand_ins.items() if account not in left}
        named = {t: [r for r in found if not ready.keys().isdisjoint(_accounts(r))]
                 for t, found in rows.items()}  # fmt: skip
        for some in _some([row.key for row in named[messages]]):
            _forget_answers(connection, some)
        for table, found in named.items():
            for row in found:
                _rename(connection, table, row, ready, occasion)
        for some in _some(ready):
            for table in (preferences, permissions):
                connection.execute(delete(table).where(table.c.person_id.in_(some)))
        return left

    return database.write(rewrite)


def reopen(database: Database, customer_keys: Collection[str]) -> None:
    """Opens erasures again that were finished: something of these accounts has come back."""
    database.write(lambda connection: _mark(connection, customer_keys, None))


def finish(database: Database, customer_keys: Collection[str], *, at: datetime) -> None:
    """Writes down that nothing is left of them, not even in what the database's files keep of old rows.

    Raises:
        LedgerError: the files are busy; nothing is written down, and it is to be tried again.
    """
    database.scrub()
    database.write(lambda connection: _mark(connection, customer_keys, at))


def _erasures(connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(
        select(erasures).order_by(erasures.c.requested_at, erasures.c.customer_key)
    ).all()


def _mark(connection: Connection, customer_keys: Collection[str], at: datetime | None) -> None:
    for some in _some(customer_keys):
        connection.execute(
            update(erasures).where(erasures.c.customer_key.in_(some)).values(finished_at=at)
        )


def _suppress(
    connection: Connection, database: Database, address_key: str, channel: Channel, at: datetime
) -> None:
    reason = SuppressionReason.ERASED
    row = {"address_key": address_key, "channel": channel, "reason": reason, "at": at}
    for name in ("suppress", "suppress_again"):  # it may have been lifted
        if connection.execute(statement(name, database.dialect), row).rowcount == 1:
            return


def _naming(connection: Connection, table: Table, accounts: Collection[str]) -> list[Row[Any]]:
    return [
        row
        for some in _some(accounts)
        for row in connection.execute(
            select(table).where(or_(table.c.customer_id.in_(some), table.c.person_id.in_(some)))
        )
    ]


def _accounts(row: Row[Any]) -> tuple[str, str]:
    return row.customer_id, row.person_id


def _on_their_way(connection: Connection, keys: Collection[str]) -> set[str]:
    return {
        key
        for some in _some(keys)
        for (key,) in connection.execute(
            select(messages.c.key).where(
                messages.c.key.in_(some), messages.c.state.in_(_ON_THEIR_WAY)
            )
        )
    }


def _forget_answers(connection: Connection, keys: Collection[str]) -> None:
    """What they wrote goes; the score stays, and is nobody's."""
    connection.execute(update(answers).where(answers.c.message_key.in_(keys)).values(comment=None))
    connection.execute(
        update(cases)
        .where(cases.c.message_key.in_(keys), cases.c.note.is_not(None))
        .values(note="")
    )
    addresses = select(messages.c.address_key).where(messages.c.key.in_(keys))
    connection.execute(delete(soft_bounces).where(soft_bounces.c.address_key.in_(addresses)))


def _rename(
    connection: Connection,
    table: Table,
    row: Row[Any],
    stand_ins: Mapping[str, str],
    occasion: Callable[[str], str],
) -> None:
    theirs = row.customer_id in stand_ins
    changes = {name: stand_ins.get(getattr(row, name)) for name in ("customer_id", "person_id")}
    if theirs and "occasion" in table.c:
        changes["occasion"] = occasion(row.occasion)
    kept: dict[str, str | None] = {name: new for name, new in changes.items() if new is not None}
    if theirs and table is preference_changes:
        kept["value"] = None
    (key,) = table.primary_key.columns
    connection.execute(update(table).where(key == getattr(row, key.name)).values(kept))


def _some(values: Collection[str]) -> list[list[str]]:
    known = sorted(values)
    return [known[start : start + _KEYS] for start in range(0, len(known), _KEYS)]
