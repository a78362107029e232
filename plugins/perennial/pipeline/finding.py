"""From what somebody has at hand, an id, an email address or a number, to the accounts that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from perennial.features.contact_points import email_point, phone_point
from perennial.lake.duck import Engine
from perennial.lake.narrowing import open_day_of
from perennial.lake.partitions import Partition
from perennial.lake.snapshots import known_partitions
from perennial.lake.whereabouts import find
from perennial.model.datasets import CONTACTS, CUSTOMER_FEATURES
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
    points = {"email_key": email_point(text), "phone_key": phone_point(text, country, country)}
    keys = {
        column: address_key(point.identity, secret)
        for column, point in points.items()
        if point.identity
    }
    contacts = known_partitions(engine.lake, CONTACTS.name, day) if keys else []
    had_one = {
        customer_id
        for column, key in keys.items()
        for customer_id in _having(engine, contacts, column, key)
    }
    if not had_one:
        return []
    # Who had the address may have another by now.
    open_day_of(engine, day, had_one, [CONTACTS.name])
    has_one = " or ".join(f"{column} = '{key}'" for column, key in keys.items())
    found = engine.rows(
        f"select customer_id from contacts where {has_one} order by customer_id limit {_MOST}"
    )
    return [row["customer_id"] for row in found]


def _having(engine: Engine, contacts: Sequence[Partition], column: str, key: str) -> Iterator[str]:
    """The accounts that have an address, or once had it."""
    found = find(engine, contacts, column, [key])
    if found.partitions:
        files = engine.files(found.partitions, "file_row_number = true")
        query = f"select distinct customer_id from {files} where {column} = '{key}' and {found.condition}"
        yield from (customer_id for (customer_id,) in engine.values(query))
