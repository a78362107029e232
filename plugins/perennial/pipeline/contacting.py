"""Where and when each customer of a night can be reached: verified customers in, contacts out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from perennial.features.contact_points import email_point, phone_point
from perennial.features.greeting_names import greeting_name
from perennial.features.home_zones import Home, home_country, home_region, home_zone
from perennial.lake.duck import Engine, Published
from perennial.lake.partitions import Partition
from perennial.model.datasets import CONTACTS
from perennial.model.keys import address_key
from perennial.model.shop import Shop

_READ = """
    select customer_id, first_name, email, phone, timezone, country, region, postal_code, updated_at
    from night_customers
"""
_SCHEMA = pa.schema(
    [
        pa.field(
            column.name, pa.timestamp("us", "UTC") if column.type == "TIMESTAMPTZ" else pa.string()
        )
        for column in CONTACTS.columns
    ]
)


def make_contacts(engine: Engine, day: date, shop: Shop, secret: str) -> Published:
    """Publishes the contacts of a day, one row for each customer in the day's verified partition.

    Raises:
        MissingPartition: the night has not been published.
    """
    engine.view("night_customers", Partition(dataset="verified/customers", day=day))
    columns = ", ".join(f"{column.name} {column.type}" for column in CONTACTS.columns)
    engine.execute(f"create or replace table night_contacts ({columns})")
    for batch in _contacts(engine, day, shop, secret):
        engine.register("contact_batch", pa.Table.from_batches([batch]))
        engine.execute("insert into night_contacts select * from contact_batch")
        engine.unregister("contact_batch")
    published = engine.publish(
        Partition(dataset=CONTACTS.name, day=day),
        "select * from night_contacts",
        order_by="customer_id",
    )
    engine.execute("drop table night_contacts")
    return published


def _contacts(engine: Engine, day: date, shop: Shop, secret: str) -> Iterator[pa.RecordBatch]:
    for batch in engine.batches(_READ):
        rows = [_contact(customer, day, shop, secret) for customer in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)


def _contact(customer: dict[str, Any], day: date, shop: Shop, secret: str) -> dict[str, Any]:
    email = email_point(customer["email"])
    phone = phone_point(customer["phone"], customer["country"], shop.country)
    home = Home(
        timezone=customer["timezone"],
        country=customer["country"],
        region=customer["region"],
        postal_code=customer["postal_code"],
        phone=phone.address,
    )
    zone, zone_source, other_zones = home_zone(home, shop.zone.key, day)
    country, country_source = home_country(home, shop.country)
    return {
        "customer_id": customer["customer_id"],
        "first_name": greeting_name(customer["first_name"]),
        "email": email.address,
        "email_key": address_key(email.identity, secret) if email.identity else None,
        "email_problem": email.problem,
        "phone": phone.address,
        "phone_key": address_key(phone.identity, secret) if phone.identity else None,
        "phone_problem": phone.problem,
        "zone": zone,
        "zone_source": zone_source,
        "other_zones": " ".join(other_zones) or None,
        "country": country,
        "country_source": country_source,
        "region": home_region(home),
        "updated_at": customer["updated_at"],
    }
