"""What planning, accounting and people read from the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.types import NullType

from perennial.ledger.database import Database
from perennial.ledger.statements import statement
from perennial.ledger.tables import blocks, hold_outs, messages, suppressions
from perennial.ledger.values import Entry, KnownMessage, Standing
from perennial.model.keys import MessageKey
from perennial.model.words import Channel, MessageState, Reason, Topic

_ROWS = 20_000
_KEYS = 500
_PATIENCE = timedelta(minutes=1)
_SOON = timedelta(seconds=1)

HELD_OUT = "held_out"
"""What the history says in place of a state of somebody who was left out on purpose."""

HISTORY = pa.schema(
    [
        ("key", pa.string()),
        ("campaign", pa.string()),
        ("step", pa.int32()),
        ("customer_id", pa.string()),
        ("person_id", pa.string()),
        ("occasion", pa.string()),
        ("day", pa.date32()),
        ("channel", pa.string()),
        ("pressure", pa.string()),
        ("state", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)

SUPPRESSED = pa.schema(
    [
        ("address_key", pa.string()),
        ("channel", pa.string()),
        ("reason", pa.string()),
        ("since", pa.timestamp("us", tz="UTC")),
    ]
)

_SAME = ("key", "campaign", "step", "customer_id", "person_id", "occasion", "day")
_NOW = ("channel", "address_key", "state", "dispatched_at", "topic")


def history(
    database: Database, *, since: datetime, persons: Collection[str] | None = None
) -> pa.Table:
    """Every message claimed, and everybody held out, since an instant; the oldest first. Of these persons, or of all."""
    claimed = select(
        *messages.c[_SAME],
        messages.c.channel,
        messages.c.pressure,
        messages.c.state,
        raw(messages.c.claimed_at).label("at"),
    ).where(messages.c.claimed_at >= since, one_of(messages.c.person_id, persons))
    held_out = select(
        *hold_outs.c[_SAME],
        cast(null(), Text),
        cast(null(), Text),
        literal(HELD_OUT),
        raw(hold_outs.c.recorded_at),
    ).where(hold_outs.c.recorded_at >= since, one_of(hold_outs.c.person_id, persons))
    return table(database, union_all(claimed, held_out).order_by("at", "key"), HISTORY)


def suppressed(database: Database, *, address_keys: Collection[str] | None = None) -> pa.Table:
    """Every address that is suppressed now, once a channel, with the first reason. Of these addresses, or of all."""
    turn = func.row_number().over(
        partition_by=(suppressions.c.address_key, suppressions.c.channel),
        order_by=(suppressions.c.since, suppressions.c.reason),
    )
    standing_now = select(suppressions, turn.label("turn")).where(
        suppressions.c.lifted_at.is_(None), one_of(suppressions.c.address_key, address_keys)
    )
    ranked = standing_now.subquery()
    first = (
        select(*ranked.c["address_key", "channel", "reason"], raw(ranked.c.since))
        .where(ranked.c.turn == 1)
        .order_by(ranked.c.address_key, ranked.c.channel)
    )
    return table(database, first, SUPPRESSED)


def standing(database: Database, campaign: str, day: date) -> Standing:
    """Where the messages of a campaign's day stand."""
    whose = {"campaign": campaign, "day": day}
    with database.reading() as connection:
        counts = connection.execute(statement("standing_counts", database.dialect), whose).all()
    return Standing(
        campaign=campaign,
        day=day,
        states={MessageState(row.state): row.messages for row in counts if row.state},
        blocked={Reason(row.reason): row.messages for row in counts if row.reason},
        entries=partial(_entries, database, whose),
    )


def states(database: Database, keys: Collection[MessageKey]) -> dict[MessageKey, MessageState]:
    """The states of those messages that were ever claimed, on whatever day."""
    found: dict[MessageKey, MessageState] = {}
    with database.reading() as connection:
        for some in _batched(sorted(keys)):
            rows = connection.execute(
                select(messages.c.key, messages.c.state).where(messages.c.key.in_(some))
            )
            found |= {MessageKey(key): MessageState(state) for key, state in rows}
    return found


def known_messages(
    database: Database, keys: Collection[MessageKey]
) -> dict[MessageKey, KnownMessage]:
    """Those messages that were claimed at least once."""
    wanted = sorted(keys)
    with database.reading() as connection:
        rows = [
            row
            for start in range(0, len(wanted), _KEYS)
            for row in connection.execute(
                select(*messages.c[_SAME], *messages.c[_NOW]).where(
                    messages.c.key.in_(wanted[start : start + _KEYS])
                )
            )
        ]
    return {row.key: _known(row) for row in rows}


def _known(row: Row[Any]) -> KnownMessage:
    words = {
        "channel": Channel(row.channel),
        "state": MessageState(row.state),
        "topic": Topic(row.topic) if row.topic else None,
    }
    return KnownMessage(**(dict(row._mapping) | words))  # noqa: SLF001 - the public name of a row's columns


def next_retry(database: Database, campaign: str, day: date, *, now: datetime) -> datetime | None:
    """When a message of a day may be claimed again, as long as it has not expired and is not blocked.

    That is a message that was surely not processed, or one whose worker may have died: then at the end of its lease.
    """
    may_be_claimed = func.coalesce(messages.c.lease_until, messages.c.not_before, now + _PATIENCE)
    blocked = exists().where(blocks.c.key == messages.c.key, blocks.c.day == messages.c.day)
    soonest = select(func.min(may_be_claimed)).where(
        messages.c.campaign == campaign,
        messages.c.day == day,
        messages.c.state.in_((MessageState.RETRYABLE, MessageState.CLAIMED)),
        messages.c.expires_at > now,
        ~blocked,
    )
    with database.reading() as connection:
        found: datetime | None = connection.execute(soonest).scalar()
    # Never at once: a task that came back in the same second, again and again, would do nothing else.
    return max(found, now + _SOON) if found else None


def _batched(keys: Sequence[MessageKey]) -> Iterator[Sequence[MessageKey]]:
    """Pieces that every database takes as parameters of one statement."""
    for start in range(0, len(keys), _KEYS):
        yield keys[start : start + _KEYS]


def _entries(database: Database, whose: Mapping[str, Any]) -> Iterator[Entry]:
    with database.reading() as connection:
        found = connection.execute(
            statement("standing", database.dialect),
            whose,
            execution_options={"yield_per": _ROWS},
        )
        for key, state, reason in found:
            yield Entry(
                key=MessageKey(key),
                state=MessageState(state) if state else None,
                blocked=Reason(reason) if reason else None,
            )


def table(
    database: Database, query: Select[Any] | CompoundSelect[Any], schema: pa.Schema
) -> pa.Table:
    """What a query finds, as Arrow takes it; instants must come as the driver gives them: see raw()."""
    with database.reading() as connection:
        found = connection.execute(query, execution_options={"yield_per": _ROWS})
        return pa.Table.from_batches(
            (_batch(rows, schema) for rows in found.partitions()), schema=schema
        )


def _batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(column: Sequence[Any], type_: pa.DataType) -> pa.Array:
    return pa.array(column).cast(type_) if pa.types.is_timestamp(type_) else pa.array(column, type_)


def one_of(column: ColumnElement[str], values: Collection[str] | None) -> ColumnElement[bool]:
    """Whether a column holds one of a few values; without any, every value will do."""
    return true() if values is None else column.in_(sorted(values))


def raw(instant: ColumnElement[Any]) -> ColumnElement[Any]:
    """As the driver gives it: Arrow converts a whole column at once."""
    return type_coerce(instant, NullType())
