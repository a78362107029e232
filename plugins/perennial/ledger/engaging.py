"""Who has shown that our messages are read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pyarrow as pa
from sqlalchemy import func, select

from perennial.ledger.database import Database
from perennial.ledger.reading import one_of, raw, table
from perennial.ledger.tables import message_events, messages
from perennial.model.words import Actor, EventWord

ENGAGED = pa.schema([("person_id", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])


def engaged(
    database: Database, *, since: datetime, persons: Collection[str] | None = None
) -> pa.Table:
    """Each person who has opened a message or followed a link since an instant, with the last time; of these, or of all.

    What a machine opened or followed is no sign of a person.
    """
    read = (
        select(messages.c.person_id, raw(func.max(message_events.c.at)).label("at"))
        .join(message_events, message_events.c.message_key == messages.c.key)
        .where(
            message_events.c.word.in_([EventWord.OPENED, EventWord.CLICKED]),
            message_events.c.at >= since,
            message_events.c.actor.is_distinct_from(Actor.MACHINE),
            one_of(messages.c.person_id, persons),
        )
        .group_by(messages.c.person_id)
        .order_by(messages.c.person_id)
    )
    return table(database, read, ENGAGED)
