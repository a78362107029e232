"""From what somebody has at hand, an id, an email address or a number, to the accounts that it belongs to."""

from __future__ import annotations

from datetime import date

from perennial.features.contact_points import email_point, phone_point
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.keys import address_key

_MOST = 20


def find_customers(engine: Engine, said: str, *, day: date, country: str, secret: str) -> list[str]:
    """Ids of the accounts that `said` names exactly, as known on a day; nothing is guessed, and nothing listed.

    Raises:
        MissingPartition: the night has not been that far.
    """
    text = said.strip()
    engine.view(CUSTOMER_FEATURES.name, Partition(dataset=CUSTOMER_FEATURES.name, day=day))
    if engine.scalar("select 1 from customer_features where customer_id = $id", {"id": text}):
        return [text]
    points = (email_point(text), phone_point(text, country, country))
    keys = [address_key(point.identity, secret) for point in points if point.identity]
    if not keys:
        return []
    engine.open_day(day)
    found = engine.rows(
        f"""
        select customer_id from contacts
        where email_key in (select unnest($keys::varchar[])) or phone_key in (select unnest($keys::varchar[]))
        order by customer_id limit {_MOST}
        """,
        {"keys": keys},
    )
    return [row["customer_id"] for row in found]
