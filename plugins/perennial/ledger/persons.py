"""What the ledger holds about one person, row by row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, select

from perennial.ledger.database import Database
from perennial.ledger.tables import (
    answers,
    audit_log,
    blocks,
    cases,
    consents,
    hold_outs,
    message_events,
    messages,
    permissions,
    preference_changes,
    preferences,
    suppressions,
)
from perennial.model.words import AuditAction

_KEYS = 500  # what every database takes as parameters of one statement

NAMING_ACCOUNTS = (messages, hold_outs, consents, preference_changes)
"""Tables that say of each row which account it is about, and which person that was."""

Rows = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class HeldRows:
    """Rows about one person; each is named by its columns. Instants are in UTC."""

    messages: Rows
    events: Rows
    hold_outs: Rows
    consents: Rows
    preferences: Rows
    preference_changes: Rows
    suppressions: Rows
    answers: Rows
    cases: Rows
    exports: Rows


def held_about(
    database: Database,
    customer_ids: Collection[str],
    *,
    address_keys: Collection[str],
    subjects: Collection[str],
) -> HeldRows:
    """Everything about some accounts, and about their addresses; `subjects` is how the audit log names them."""
    with database.reading() as connection:

        def about(table: Table, column: Column[Any], values: Collection[str], *order: str) -> Rows:
            return tuple(_rows(connection, table, column, values, order))

        sent = about(messages, messages.c.customer_id, customer_ids, "claimed_at", "key")
        keys = [row["key"] for row in sent]
        return HeldRows(
            messages=sent,
            events=about(message_events, message_events.c.message_key, keys, "at", "word"),
            hold_outs=about(hold_outs, hold_outs.c.customer_id, customer_ids, "recorded_at", "key"),
            consents=about(consents, consents.c.customer_id, customer_ids, "at", "id"),
            preferences=about(preferences, preferences.c.person_id, customer_ids, "person_id"),
            preference_changes=about(
                preference_changes, preference_changes.c.customer_id, customer_ids, "at", "id"
            ),
            suppressions=about(
                suppressions, suppressions.c.address_key, address_keys, "since", "reason"
            ),
            answers=about(answers, answers.c.message_key, keys, "at"),
            cases=about(cases, cases.c.message_key, keys, "id"),
            exports=tuple(
                row
                for row in about(audit_log, audit_log.c.subject, subjects, "id")
                if row["action"] == AuditAction.EXPORTED
            ),
        )


def blocks_of(database: Database, keys: Collection[str]) -> Rows:
    """Why messages were blocked, day by day."""
    with database.reading() as connection:
        return tuple(_rows(connection, blocks, blocks.c.key, keys, ("day", "key")))


def addresses_of(database: Database, customer_ids: Collection[str]) -> set[str]:
    """Keyed hashes of the addresses at which some accounts were ever written to."""
    return _column_of(database, messages.c.address_key, customer_ids)


def keys_of(database: Database, customer_ids: Collection[str]) -> set[str]:
    """The keys of the messages to some accounts."""
    return _column_of(database, messages.c.key, customer_ids)


def accounts_named(database: Database) -> set[str]:
    """Every customer id that the ledger holds; a hash that took the place of one is among them."""
    named = [t.c[n] for t in NAMING_ACCOUNTS for n in ("customer_id", "person_id")]
    named += [permissions.c.person_id, preferences.c.person_id]
    with database.reading() as connection:
        return {value for c in named for (value,) in connection.execute(select(c).distinct())}


def _column_of(database: Database, column: Column[Any], accounts: Collection[str]) -> set[str]:
    known = sorted(accounts)
    with database.reading() as connection:
        return {
            value
            for start in range(0, len(known), _KEYS)
            for (value,) in connection.execute(
                select(column).where(messages.c.customer_id.in_(known[start : start + _KEYS]))
            )
        }


def _rows(
    connection: Connection,
    table: Table,
    column: Column[Any],
    values: Collection[str],
    order: tuple[str, ...],
) -> list[Mapping[str, Any]]:
    known = sorted(values)
    found = [
        dict(row)
        for start in range(0, len(known), _KEYS)
        for row in connection.execute(
            select(table).where(column.in_(known[start : start + _KEYS]))
        ).mappings()
    ]
    return sorted(found, key=lambda row: [row[name] for name in order])
