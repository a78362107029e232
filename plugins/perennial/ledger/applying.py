"""What providers report after their answer: kept once each, and believed about messages in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, distinct, func, select, text

from perennial.ledger.database import Database
from perennial.ledger.statements import packed, packed_keys, statement
from perennial.ledger.tables import iso, parked_events
from perennial.ledger.values import Applied
from perennial.model.events import ProviderEvent
from perennial.model.words import EventWord, SuppressionReason

CHUNK = 2000
"""The most events that one transaction applies."""

_SUPPRESSES: Mapping[str, SuppressionReason] = {
    EventWord.BOUNCED: SuppressionReason.HARD_BOUNCED,
    EventWord.COMPLAINED: SuppressionReason.COMPLAINED,
    EventWord.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
}

_SAME = ("key", "word")

_Event = dict[str, Any]
_Told = tuple[str, str]


def apply_events(
    database: Database, events: Sequence[ProviderEvent], *, received_at: datetime
) -> Applied:
    """Applies events in any order, any number of times, with the same result.

    Raises:
        LedgerError: a chunk could not be committed; the chunks before it are applied. Apply all of them again.
    """
    told = [_row(event, received_at) for event in events]
    chunks = (told[start : start + CHUNK] for start in range(0, len(told), CHUNK))
    applied = [_apply_chunk(database, chunk) for chunk in chunks]
    return Applied(
        new=sum(a.new for a in applied),
        repeated=sum(a.repeated for a in applied),
        parked=sum(a.parked for a in applied),
    )


def parked(database: Database) -> int:
    """How many messages were reported on that this ledger does not know."""
    counted = select(func.count(distinct(parked_events.c.message_key)))
    with database.reading() as connection:
        count: int = connection.execute(counted).scalar_one()
    return count


def apply_parked(connection: Connection, database: Database, keys: Iterable[str]) -> None:
    """Applies what was parked about messages that the ledger has come to know, within its transaction."""
    unpark = statement("unpark", database.dialect)
    rows = (
        connection.execute(unpark, {"keys": packed_keys(keys, database.dialect)}).mappings().all()
    )
    _apply_known(connection, database, _earliest(map(_unparked, rows), by=_SAME))


def lock_parking(connection: Connection, database: Database) -> None:
    """Until the transaction ends, nobody parks an event of a message that it is about to make known."""
    if database.dialect == "postgresql":
        connection.execute(text("lock table parked_events in share row exclusive mode"))


def _apply_chunk(database: Database, told: Sequence[_Event]) -> Applied:
    def apply(connection: Connection) -> Applied:
        known = _known(connection, database, told)
        strange = [event for event in told if event["key"] not in known]
        if strange:
            known |= _park(connection, database, strange)
        ours = [event for event in told if event["key"] in known]
        new = _apply_known(connection, database, _earliest(ours, by=_SAME))
        return Applied(new=new, repeated=len(ours) - new, parked=len(told) - len(ours))

    return database.write(apply)


def _park(connection: Connection, database: Database, events: Sequence[_Event]) -> set[str]:
    """Keeps events for later; says which of their messages have become known meanwhile."""
    if database.dialect == "postgresql":
        connection.execute(text("lock table parked_events in row exclusive mode"))
    known = _known(connection, database, events)
    strange = [event for event in events if event["key"] not in known]
    earliest = _earliest(strange, by=(*_SAME, "provider"))
    connection.execute(statement("park", database.dialect), {"events": packed(earliest)}).close()
    return known


def _apply_known(connection: Connection, database: Database, events: Sequence[_Event]) -> int:
    """Applies events about known messages, each thing that happened once; says how many are new."""
    if not events:
        return 0
    new, older = _record(connection, database, events)
    _believe(connection, database, events)
    changed = new | older
    _suppress(connection, database, [e for e in events if (e["key"], e["word"]) in changed])
    # The last, because others wait for the row of the provider until this is committed.
    reported = statement("note_reported", database.dialect)
    connection.execute(reported, {"events": packed(events)}).close()
    return len(new)


def _record(
    connection: Connection, database: Database, events: Sequence[_Event]
) -> tuple[set[_Told], set[_Told]]:
    """Keeps each thing that happened once; says which are new, and which are now known to be older than thought."""
    recorded = statement("record_events", database.dialect)
    new = _pairs(connection.execute(recorded, {"events": packed(events)}))
    rest = [event for event in events if (event["key"], event["word"]) not in new]
    if not rest:
        return new, set()
    dated_back = statement("date_back_events", database.dialect)
    return new, _pairs(connection.execute(dated_back, {"events": packed(rest)}))


def _believe(connection: Connection, database: Database, events: Sequence[_Event]) -> None:
    """Any event proves that the provider took the message on: as a late yes, it settles what is not settled."""
    named = [event for event in events if event["provider_id"]]
    one_each = {event["key"]: event for event in [*events, *named]}
    believe = statement("believe", database.dialect)
    connection.execute(believe, {"events": packed(one_each.values())}).close()


def _suppress(connection: Connection, database: Database, events: Iterable[_Event]) -> None:
    rows = [
        {"key": event["key"], "reason": _SUPPRESSES[event["word"]], "at": event["at"]}
        for event in events
        if event["word"] in _SUPPRESSES
    ]
    if rows:
        suppress = statement("suppress_reported", database.dialect)
        connection.execute(suppress, {"suppressions": packed(rows)}).close()


def _known(connection: Connection, database: Database, events: Iterable[_Event]) -> set[str]:
    keys = packed_keys({event["key"] for event in events}, database.dialect)
    return set(connection.execute(statement("known", database.dialect), {"keys": keys}).scalars())


def _earliest(events: Iterable[_Event], *, by: tuple[str, ...]) -> list[_Event]:
    """Of events that say the same, the one that stands, whichever came first: the order is that of SQL."""
    standing: dict[tuple[str, ...], _Event] = {}
    for event in events:
        same = tuple(event[field] for field in by)
        if same not in standing or _order(event) < _order(standing[same]):
            standing[same] = event
    return list(standing.values())


def _order(event: _Event) -> tuple[str, ...]:
    return (event["at"], event["provider"], event["provider_id"] or "", event["code"] or "")


def _pairs(rows: Iterable[Any]) -> set[_Told]:
    return {(row.message_key, row.word) for row in rows}


def _row(event: ProviderEvent, received_at: datetime) -> _Event:
    return {
        "key": event.key,
        "word": event.word,
        "provider": event.provider,
        "provider_id": event.provider_id or None,
        "code": event.code or None,
        "at": iso(event.at),
        "received_at": iso(received_at),
    }


def _unparked(row: RowMapping) -> _Event:
    times = {name: _text(row[name]) for name in ("at", "received_at")}
    told = {"key": row["message_key"], "word": row["word"], "provider": row["provider"]}
    return told | times | {"provider_id": None, "code": None}


def _text(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else iso(moment)
