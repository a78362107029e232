"""A town of made-up customers to plan for: name only what the test is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from perennial.audience.deciding import LedgerFacts, Wording, decide
from perennial.campaigns.definition import Audience, Campaign, Offer, Step
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.ledger.engaging import ENGAGED
from perennial.ledger.permitting import PERMISSIONS
from perennial.ledger.preferring import PREFERENCES
from perennial.ledger.reading import HISTORY, SUPPRESSED
from perennial.model.datasets import (
    CONSENTS,
    CONTACTS,
    CUSTOMER_FEATURES,
    MEMBERSHIPS,
    SHOP_DATASETS,
    Dataset,
)
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.model.words import Channel, Topic

DAY = date(2026, 6, 10)
NEW_YORK = ZoneInfo("America/New_York")

A_SHOP = Shop(
    name="Test Shop",
    zone=NEW_YORK,
    currency="USD",
    country="US",
    default_locale="en",
    postal_address="1 Test Street, Testville",
    website="https://shop.test",
    from_address="hello@shop.test",
    sms_name="Test Shop",
)
A_POLICY = Policy(global_holdout=Decimal(0))


def a_campaign(name: str = "win_back", **changes: Any) -> Campaign:
    given: dict[str, Any] = {
        "name": name,
        "path": Path(f"{name}.yaml"),
        "title": name,
        "topic": Topic.OFFERS,
        "audience": Audience(occasion="last_order_id"),
        "steps": (Step(after_days=0, template=name),),
        "channels": (Channel.EMAIL, Channel.SMS),
        "send_at": time(10, 30),
        "expires_after": timedelta(hours=8),
        "priority": 50,
        "holdout": Decimal(0),
    }
    return Campaign.model_construct(**(_defaults() | given | changes))


def _defaults() -> dict[str, Any]:
    fields = Campaign.model_fields
    return {
        n: f.get_default(call_default_factory=True)
        for n, f in fields.items()
        if not f.is_required()
    }


def an_offer(value: int = 10, days: int = 14) -> Offer:
    return Offer(kind="percent", value=value, valid_days=days, prefix="TEST")


@dataclass
class Town:
    """Customers, their consents and memberships; what the ledger remembers."""

    root: Path
    shop: Shop = A_SHOP
    policy: Policy = A_POLICY
    day: date = DAY
    campaigns: list[Campaign] = field(default_factory=lambda: [a_campaign()])
    features: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    memberships: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    suppressed: list[dict[str, Any]] = field(default_factory=list)
    engaged: list[dict[str, Any]] = field(default_factory=list)
    permissions: list[dict[str, Any]] = field(default_factory=list)
    preferences: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)

    def customer(
        self,
        customer_id: str,
        *,
        person: str | None = None,
        email: str | None = "",
        phone: str | None = None,
        zone: str = "America/New_York",
        other_zones: Sequence[str] = (),
        country: str = "US",
        region: str | None = None,
        country_source: str = "address",
        consents: Sequence[str] = ("email offers", "sms offers", "email feedback"),
        **features: Any,
    ) -> None:
        address = f"{customer_id}@people.test" if email == "" else email
        counts = {
            "orders": 5,
            "revenue": Decimal(100),
            "order_gaps": 4,
            "average_order_value": Decimal(20),
        }
        self.features.append(
            {"customer_id": customer_id, "person_id": person or customer_id, **counts, **features}
        )
        self.contacts.append(
            {
                "customer_id": customer_id,
                "first_name": "Ann",
                "email": address,
                "email_key": f"key of {address}" if address else None,
                "phone": phone,
                "phone_key": f"key of {phone}" if phone else None,
                "zone": zone,
                "zone_source": "profile",
                "other_zones": " ".join(other_zones) or None,
                "country": country,
                "country_source": country_source,
                "region": region,
            }
        )
        for given in consents:
            self.consent(customer_id, given)

    def consent(
        self, customer_id: str, what: str, *, state: str = "granted", days_ago: int = 100
    ) -> None:
        channel, topic = what.split()
        self.consents.append(
            {
                "consent_id": f"{len(self.consents):06}",
                "customer_id": customer_id,
                "channel": channel,
                "topic": topic,
                "state": state,
                "happened_at": self.noon(days_ago),
            }
        )

    def member(
        self, customer_id: str, *, campaign: str = "win_back", occasion: str = "o1", **more: Any
    ) -> None:
        person = next(f["person_id"] for f in self.features if f["customer_id"] == customer_id)
        self.memberships.append(
            {
                "campaign": campaign,
                "customer_id": customer_id,
                "person_id": person,
                "occasion": occasion,
                "why": "{}",
                **more,
            }
        )

    def sent(self, customer_id: str, *, days_ago: int, **more: Any) -> None:
        """A message of the past, accepted at noon of a day."""
        self.history.append(
            {
                "key": f"past{len(self.history)}",
                "campaign": "win_back",
                "step": 1,
                "customer_id": customer_id,
                "person_id": customer_id,
                "occasion": "o1",
                "day": self.day - timedelta(days=days_ago),
                "channel": "email",
                "pressure": "promotional",
                "state": "accepted",
                "at": self.noon(days_ago),
                **more,
            }
        )

    def suppress(self, address_key: str, channel: str = "email") -> None:
        self.suppressed.append(
            {
                "address_key": address_key,
                "channel": channel,
                "reason": "unsubscribed",
                "since": self.noon(1),
            }
        )

    def tell_ledger(
        self, customer_id: str, what: str, *, state: str = "withdrawn", days_ago: int = 1
    ) -> None:
        """A consent that came by way of a link, at noon."""
        channel, topic = what.split()
        told = self.pending if state == "pending" else self.permissions
        told.append(
            {
                "person_id": customer_id,
                "customer_id": customer_id,
                "channel": channel,
                "topic": topic,
                "state": state,
                "since": self.noon(days_ago),
            }
        )

    def pause(self, customer_id: str, until: str | None, *, days_ago: int = 1) -> None:
        """A pause that a customer asked for; None takes it back."""
        self.preferences.append(
            {
                "person_id": customer_id,
                "customer_id": customer_id,
                "preference": "paused_until",
                "value": until,
                "since": self.noon(days_ago),
            }
        )

    def noon(self, days_ago: int) -> datetime:
        return datetime.combine(self.day, time(12), UTC) - timedelta(days=days_ago)

    def plan(self, campaign: str = "win_back", *, shards: int = 2) -> dict[str, dict[str, Any]]:
        """The verdicts of a campaign's members, by customer."""
        with Engine(Lake(self.root)) as engine:
            self.open(engine)
            chosen = next(c for c in self.campaigns if c.name == campaign)
            decide(
                engine,
                campaign=chosen,
                rivals=self.campaigns,
                day=self.day,
                shop=self.shop,
                policy=self.policy,
                facts=LedgerFacts(
                    history=pa.Table.from_pylist(self.history, schema=HISTORY),
                    suppressed=pa.Table.from_pylist(self.suppressed, schema=SUPPRESSED),
                    engaged=pa.Table.from_pylist(self.engaged, schema=ENGAGED),
                    permissions=pa.Table.from_pylist(self.permissions, schema=PERMISSIONS),
                    preferences=pa.Table.from_pylist(self.preferences, schema=PREFERENCES),
                    pending=pa.Table.from_pylist(self.pending, schema=PERMISSIONS),
                ),
                wordings=[
                    Wording(
                        template=s.template, channel=c, fields=frozenset(), required=frozenset()
                    )
                    for s in chosen.steps
                    for c in chosen.channels
                ],
                shards=shards,
                salt="salt",
            )
            rows = engine.rows("select * from verdicts order by customer_id, occasion")
            return {row["customer_id"]: row for row in rows}

    def open(self, engine: Engine) -> None:
        for dataset in SHOP_DATASETS.values():
            _table(engine, dataset, [])
        _table(engine, CUSTOMER_FEATURES, self.features)
        _table(engine, CONTACTS, self.contacts)
        _table(engine, CONSENTS, self.consents)
        _table(engine, MEMBERSHIPS, self.memberships)


def _table(engine: Engine, dataset: Dataset, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{c.name}" {c.type}' for c in dataset.columns)
    engine.execute(f"create or replace table {dataset.name} ({columns})")
    if rows:
        table = pa.Table.from_pylist(
            [{n: row.get(n) for n in dataset.column_names} for row in rows]
        )
        engine.register("given_rows", table)
        engine.execute(f"insert into {dataset.name} by name select * from given_rows")
