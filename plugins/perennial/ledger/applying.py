"""What providers report after their answer: kept once each, and believed about messages in doubt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, distinct, func, select, text

from perennial.ledger.bouncing import is_soft_bounce
from perennial.ledger.braking import count_reported
from perennial.ledger.database import Database
from perennial.ledger.statements import packed, packed_keys, statement
from perennial.ledger.tables import iso, parked_events
from perennial.ledger.values import Applied
from perennial.model.events import ProviderEvent
from perennial.model.words import Actor, EventWord, SuppressionReason

CHUNK = 2000
"""The most events that one transaction applies."""

_SUPPRESSES: Mapping[str, SuppressionReason] = {
    EventWord.BOUNCED: SuppressionReason.HARD_BOUNCED,
    EventWord.COMPLAINED: SuppressionReason.COMPLAINED,
    EventWord.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
}
# Why a provider did not even try, where that lies in the address.
_SUPPRESSES_BY_CODE: Mapping[tuple[str, str], SuppressionReason] = {
    (EventWord.DROPPED, "bounced_address"): SuppressionReason.HARD_BOUNCED,
    (EventWord.DROPPED, "invalid"): SuppressionReason.INVALID,
    (EventWord.DROPPED, "spam_reporting_address"): SuppressionReason.COMPLAINED,
    (EventWord.DROPPED, "unsubscribed_address"): SuppressionReason.UNSUBSCRIBED,
    # Whoever answered STOP to Twilio is let in again by START, and by nothing else.
    (EventWord.UNSUBSCRIBED, "21610"): SuppressionReason.STOPPED,
    (EventWord.UNSUBSCRIBED, "63014"): SuppressionReason.STOPPED,
}

_SAME = ("key", "word")

# Nobody reads an email within seconds of its being handed over; the clocks of two computers differ by less than a minute.
_QUICKER_THAN_READING = timedelta(seconds=10)
_CLOCKS_DIFFER = timedelta(minutes=1)
_READING = frozenset({EventWord.OPENED, EventWord.CLICKED})

_Event = dict[str, Any]
_Told = tuple[str, str]
_Known = Mapping[str, datetime | None]


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
    _apply_known(connection, database, [_unparked(row) for row in rows])


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
        ours = [_judged(event, known) for event in told if event["key"] in known]
        new = _apply_known(connection, database, ours)
        return Applied(new=new, repeated=len(ours) - new, parked=len(told) - len(ours))

    return database.write(apply)


def _park(
    connection: Connection, database: Database, events: Sequence[_Event]
) -> dict[str, datetime | None]:
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
    standing = _earliest(events, by=_SAME)
    new, older = _record(connection, database, standing)
    _believe(connection, database, standing)
    _suppress(connection, database, events, changed=new | older)
    _count_soft_bounces(connection, database, [e for e in standing if _told(e) in new])
    if new:
        at = max(datetime.fromisoformat(event["received_at"]) for event in standing)
        count_reported(connection, database, new, at)
    # The last, because others wait for the row of the provider until this is committed.
    reported = statement("note_reported", database.dialect)
    connection.execute(reported, {"events": packed(standing)}).close()
    return len(new)


def _record(
    connection: Connection, database: Database, events: Sequence[_Event]
) -> tuple[set[_Told], set[_Told]]:
    """Keeps each thing that happened once; says which are new, and which are now known to be older than thought."""
    recorded = statement("record_events", database.dialect)
    new = _pairs(connection.execute(recorded, {"events": packed(events)}))
    rest = [event for event in events if _told(event) not in new]
    if not rest:
        return new, set()
    if acted := [event for event in rest if event["actor"]]:
        named = statement("name_actors", database.dialect)
        connection.execute(named, {"events": packed(acted)}).close()
    dated_back = statement("date_back_events", database.dialect)
    return new, _pairs(connection.execute(dated_back, {"events": packed(rest)}))


def _believe(connection: Connection, database: Database, events: Sequence[_Event]) -> None:
    """Any event proves that the provider took the message on: as a late yes, it settles what is not settled."""
    named = _least_id([event for event in events if event["provider_id"]])
    one_each = {event["key"]: event for event in [*events, *named]}
    believe = statement("believe", database.dialect)
    connection.execute(believe, {"events": packed(one_each.values())}).close()
    if named:
        name = statement("name_messages", database.dialect)
        connection.execute(name, {"events": packed(named)}).close()


def _suppress(
    connection: Connection,
    database: Database,
    events: Iterable[_Event],
    *,
    changed: Collection[_Told],
) -> None:
    """Ends the writing to addresses. What has no time of its own counts when it is told first: a replay says nothing."""
    rows = [
        {"key": event["key"], "reason": reason, "at": event["at"]}
        for event in events
        if (event["dated"] or _told(event) in changed) and (reason := _suppresses(event))
    ]
    if rows:
        suppress = statement("suppress_reported", database.dialect)
        connection.execute(suppress, {"suppressions": packed(rows)}).close()


def _suppresses(event: _Event) -> SuppressionReason | None:
    word = event["word"]
    return _SUPPRESSES_BY_CODE.get((word, event["code"] or "")) or _SUPPRESSES.get(word)


def _count_soft_bounces(
    connection: Connection, database: Database, events: Iterable[_Event]
) -> None:
    """Notes who refused for the time being, each message once; what follows from it is decided later (bouncing.py)."""
    refused = [event for event in events if is_soft_bounce(event["word"], event["code"])]
    if refused:
        count = statement("count_soft_bounces", database.dialect)
        connection.execute(count, {"events": packed(refused)}).close()


def _known(
    connection: Connection, database: Database, events: Iterable[_Event]
) -> dict[str, datetime | None]:
    """The messages among them that the ledger knows, and when their last requests began."""
    keys = packed_keys({event["key"] for event in events}, database.dialect)
    rows = connection.execute(statement("known", database.dialect), {"keys": keys})
    return {key: _moment(begun_at) for key, begun_at in rows}


def _judged(event: _Event, known: _Known) -> _Event:
    """An opening or a click that comes too soon is a machine's, whatever it calls itself."""
    begun_at = known[event["key"]]
    if event["word"] not in _READING or begun_at is None:
        return event
    after = datetime.fromisoformat(event["at"]) - begun_at
    too_soon = -_CLOCKS_DIFFER < after < _QUICKER_THAN_READING
    return event | {"actor": Actor.MACHINE} if too_soon else event


def _least_id(named: Sequence[_Event]) -> list[_Event]:
    """One event a message, with the least of the ids that its events name."""
    least: dict[str, _Event] = {}
    for event in named:
        known = least.get(event["key"])
        if known is None or event["provider_id"] < known["provider_id"]:
            least[event["key"]] = event
    return list(least.values())


def _earliest(events: Iterable[_Event], *, by: tuple[str, ...]) -> list[_Event]:
    """Of events that say the same, the one that stands, whichever came first: the order is that of SQL."""
    standing: dict[tuple[str, ...], _Event] = {}
    for event in events:
        same = tuple(event[field] for field in by)
        known = standing.get(same)
        if known is None:
            standing[same] = event
            continue
        first = min(event, known, key=_order)
        actor = max(event["actor"], known["actor"], key=lambda actor: actor or "")
        standing[same] = first if first["actor"] == actor else first | {"actor": actor}
    return list(standing.values())


def _order(event: _Event) -> tuple[str, ...]:
    return (event["at"], event["provider"], event["provider_id"] or "", event["code"] or "")


def _told(event: _Event) -> _Told:
    return (event["key"], event["word"])


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
        "actor": event.actor,
        "dated": event.dated,
    }


def _unparked(row: RowMapping) -> _Event:
    times = {name: _text(row[name]) for name in ("at", "received_at")}
    told = {"key": row["message_key"], "word": row["word"], "provider": row["provider"]}
    return told | times | {"provider_id": None, "code": None, "actor": None, "dated": True}


def _moment(moment: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment


def _text(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else iso(moment)
