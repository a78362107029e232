"""Who was written to and who was held out: the two groups that a campaign is measured by."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from sqlalchemy import func, literal, select, union_all

from perennial.ledger.database import Database
from perennial.ledger.reading import raw, table
from perennial.ledger.tables import hold_outs, message_events, messages
from perennial.model.words import Actor, EventWord

TREATED, HELD_OUT = "treated", "held_out"

ARMS = pa.schema(
    [
        ("person_id", pa.string()),
        ("occasion", pa.string()),
        ("arm", pa.string()),
        ("day", pa.date32()),
    ]
)
CLICKS = pa.schema([("person_id", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])


def arms(database: Database, campaign: str, since: date, until: date) -> pa.Table:
    """Each person and occasion of the days from `since` to `until`, both included, with the first of its days.

    Treated is whoever was meant to get a message and whom nothing blocked, whatever the provider made of it: what
    counts is the intention, as for those who were held out.
    """
    groups = [
        select(
            group.c.person_id,
            group.c.occasion,
            literal(arm).label("arm"),
            func.min(group.c.day).label("day"),
        )
        .where(group.c.campaign == campaign, group.c.day >= since, group.c.day <= until)
        .group_by(group.c.person_id, group.c.occasion)
        for group, arm in ((messages, TREATED), (hold_outs, HELD_OUT))
    ]
    return table(database, union_all(*groups), ARMS)


def clicks(database: Database, campaign: str, since: date, until: date) -> pa.Table:
    """When people followed a link in a message of those days; what machines followed is left out."""
    followed = (
        select(messages.c.person_id, raw(message_events.c.at).label("at"))
        .join(message_events, message_events.c.message_key == messages.c.key)
        .where(
            messages.c.campaign == campaign,
            messages.c.day >= since,
            messages.c.day <= until,
            message_events.c.word == EventWord.CLICKED,
            message_events.c.actor.is_distinct_from(Actor.MACHINE),
        )
    )
    return table(database, followed, CLICKS)
