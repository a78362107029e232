"""A glimpse of one person in the ledger, for a page that anybody with a link may ask for again and again.

However much there is about them, so many rows are read and no more, each by an index.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from perennial.ledger.database import Database
from perennial.ledger.persons import Rows
from perennial.ledger.tables import answers, consents, messages

MOST_COUNTED = 1_000
"""A count stops here; whoever has more has "more than" so many."""

_LATEST = 200
_KEYS = 500


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """How many messages and answers there are, one more than MOST_COUNTED at most, and the latest words on consents.

    `consents` have the columns of the ledger that say what, where and when, the oldest first.
    """

    messages: int
    answers: int
    consents: Rows


def glimpse_of(
    database: Database, customer_ids: Collection[str], *, person_ids: Collection[str]
) -> Glimpse:
    """A glimpse of some accounts, of the 500 first of them at most.

    Messages are found under `person_ids`: every id that the person may have had when they were sent.
    """
    accounts = sorted(customer_ids)[:_KEYS]
    theirs = (
        select(messages.c.key)
        .where(
            messages.c.person_id.in_(sorted(person_ids)[:_KEYS]),
            messages.c.customer_id.in_(accounts),
        )
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    counted = select(func.count(), func.count(answers.c.message_key)).select_from(
        theirs.outerjoin(answers, answers.c.message_key == theirs.c.key)
    )
    said = (
        select(*consents.c["channel", "topic", "state", "at", "how"])
        .where(consents.c.customer_id.in_(accounts))
        .order_by(consents.c.at.desc(), consents.c.id.desc())
        .limit(_LATEST)
    )
    with database.reading() as connection:
        sent, answered = connection.execute(counted).one()
        words = [dict(row) for row in connection.execute(said).mappings()]
    return Glimpse(messages=sent, answers=answered, consents=tuple(reversed(words)))
