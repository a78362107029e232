"""What customers agree to and take back: kept word for word, and the last word of it for every claim."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, func, select

from perennial.errors import LedgerError
from perennial.ledger.database import Database
from perennial.ledger.reading import one_of, raw, table
from perennial.ledger.statements import packed, statement
from perennial.ledger.tables import consents, iso, permissions
from perennial.ledger.values import ConsentEntry, Permission
from perennial.model.words import Channel, ConsentSource, ConsentState, Topic

PERMISSIONS = pa.schema(
    [
        ("person_id", pa.string()),
        ("customer_id", pa.string()),
        ("channel", pa.string()),
        ("topic", pa.string()),
        ("state", pa.string()),
        ("since", pa.timestamp("us", tz="UTC")),
    ]
)

_BATCH = 5_000
_LONGEST_WORDING = 64
_LONGEST_PROOF = 255
_WHAT = ("customer_id", "channel", "topic")


def record_consents(
    database: Database, entries: Sequence[ConsentEntry], *, recorded_at: datetime
) -> None:
    """Keeps what customers said, and lets the latest of it stand, whatever the order in which it comes.

    Raises:
        LedgerError: a proof or a wording is too long to be kept; nothing was recorded.
    """
    rows = [_row(entry, recorded_at) for entry in entries]

    def record(connection: Connection) -> None:
        for start in range(0, len(rows), _BATCH):
            batch = {"consents": packed(rows[start : start + _BATCH])}
            for name in ("record_consents", "permit"):
                connection.execute(statement(name, database.dialect), batch).close()

    if rows:
        database.write(record)


def permissions_of(database: Database, person_id: str) -> Sequence[Permission]:
    """What stands for a person, by channel and topic; what nobody asked them is not there."""
    theirs = select(*permissions.c["channel", "topic", "state", "since"]).where(
        permissions.c.person_id == person_id
    )
    with database.reading() as connection:
        return [
            Permission(
                channel=Channel(row.channel),
                topic=Topic(row.topic),
                state=ConsentState(row.state),
                since=row.since,
            )
            for row in connection.execute(theirs.order_by("channel", "topic"))
        ]


def permissions_table(
    database: Database, *, known_at: datetime | None, customers: Collection[str] | None = None
) -> pa.Table:
    """The last word of every customer by channel and topic, now or as the ledger knew it at an instant; see PERMISSIONS.

    By customer, because accounts that were two people yesterday may be one tomorrow. Of these customers, or of all.
    """
    turn = func.row_number().over(
        partition_by=consents.c[_WHAT],
        # "withdrawn" comes after "granted": of two words of one instant, the no stands.
        order_by=(consents.c.at.desc(), consents.c.state.desc(), consents.c.id),
    )
    told = select(consents, turn.label("turn")).where(
        consents.c.state != ConsentState.PENDING, one_of(consents.c.customer_id, customers)
    )
    if known_at is not None:
        told = told.where(consents.c.recorded_at < known_at)
    ranked = told.subquery()
    last = (
        select(*ranked.c["person_id", "customer_id", "channel", "topic", "state"], raw(ranked.c.at))
        .where(ranked.c.turn == 1)
        .order_by(*ranked.c[_WHAT])
    )
    return table(database, last, PERMISSIONS)


def pending_table(database: Database) -> pa.Table:
    """Everything that anybody agreed to and had yet to confirm, whatever came of it since; columns as in PERMISSIONS."""
    said = select(
        *consents.c["person_id", "customer_id", "channel", "topic", "state"], raw(consents.c.at)
    ).where(consents.c.state == ConsentState.PENDING)
    return table(database, said.order_by(*consents.c[_WHAT], consents.c.at), PERMISSIONS)


def yet_to_confirm(
    database: Database, person_id: str, *, since: datetime
) -> Mapping[tuple[Channel, Topic], ConsentEntry]:
    """The last yes of a person to each thing that they agreed to from an instant on and have neither confirmed nor taken back."""
    found: dict[tuple[Channel, Topic], ConsentEntry] = {}
    for word in consent_history(database, person_id):
        way = (word.channel, word.topic)
        if word.state is not ConsentState.PENDING:
            found.pop(way, None)
        elif word.at >= since:
            found[way] = word
    standing = permissions_of(database, person_id)
    agreed = {(p.channel, p.topic) for p in standing if p.state is ConsentState.GRANTED}
    return {way: word for way, word in found.items() if way not in agreed}


def consent_history(database: Database, person_id: str) -> Sequence[ConsentEntry]:
    """Everything that a person said, the oldest first."""
    said = select(consents).where(consents.c.person_id == person_id)
    with database.reading() as connection:
        return [_entry(row) for row in connection.execute(said.order_by("at", "id"))]


def _entry(row: Any) -> ConsentEntry:  # noqa: ANN401 - a row of `consents`
    return ConsentEntry(
        person_id=row.person_id,
        customer_id=row.customer_id,
        channel=Channel(row.channel),
        topic=Topic(row.topic),
        state=ConsentState(row.state),
        at=row.at,
        how=ConsentSource(row.how),
        wording=row.wording,
        proof=row.proof,
        recorded_at=row.recorded_at,
    )


def _row(entry: ConsentEntry, recorded_at: datetime) -> dict[str, Any]:
    if len(entry.wording or "") > _LONGEST_WORDING or len(entry.proof or "") > _LONGEST_PROOF:
        msg = (
            f"The ledger keeps {_LONGEST_WORDING} signs of the wording of a consent and {_LONGEST_PROOF} of its proof:"
            " name a version of the words, and say where the proof lies."
        )
        raise LedgerError(msg)
    return {
        "person_id": entry.person_id,
        "customer_id": entry.customer_id,
        "channel": entry.channel,
        "topic": entry.topic,
        "state": entry.state,
        "at": iso(entry.at),
        "how": entry.how,
        "wording": entry.wording or None,
        "proof": entry.proof or None,
        "recorded_at": iso(recorded_at),
    }
