"""What is known about a person on a day, gathered to explain what was decided about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from perennial.lake.duck import Engine
from perennial.lake.narrowing import listed, open_day_of, open_person
from perennial.lake.partitions import Partition
from perennial.lake.whereabouts import find
from perennial.ledger.persons import HeldRows
from perennial.ledger.store import Ledger
from perennial.model.datasets import CONSENTS, DECISIONS, MEMBERSHIPS
from perennial.pipeline.consent_words import Row, by_time, shops_consents
from perennial.pipeline.persons import PersonView, decisions_of


@dataclass(frozen=True, kw_only=True)
class PersonOfDay:
    """What is known about a person on a day, all accounts together."""

    day: date
    features: Sequence[Row]
    decisions: Sequence[Row]
    consents: Sequence[Row]
    held: HeldRows
    blocks: Mapping[str, Row]
    commands: Sequence[Any]


def known_person(ledger: Ledger, record: PersonView, day: date) -> PersonOfDay:
    """Out of what has been gathered about them, when it is of that day."""
    decisions = tuple(row for row in record.decisions if row["day"] == day)
    events = [
        {**event, "message_key": message["key"]}
        for message in record.messages
        for event in message["events"]
    ]
    held = replace(
        _held(ledger, (), decisions),
        messages=record.messages,
        events=tuple(events),
        preferences=(record.preferences,),
    )
    return _with_ledger(ledger, day, record.features, decisions, record.consents, held)


def read_person(engine: Engine, ledger: Ledger, customer_id: str, day: date) -> PersonOfDay:
    """Out of the lake and the ledger; of the day's features, only theirs are readable then.

    Raises:
        MissingPartition: the night has not made that day's features.
    """
    accounts = open_person(engine, customer_id, day)
    open_day_of(engine, day, accounts, [CONSENTS.name])
    features = engine.rows("select * from customer_features order by customer_id")
    plans = engine.lake.partitions(DECISIONS.name, since=day, until=day)
    decisions = decisions_of(engine, accounts, plans)
    held = _held(ledger, accounts, decisions)
    ours = ({**row, "said_by": "perennial"} for row in held.consents)
    consents = by_time([*shops_consents(engine, accounts), *ours])
    return _with_ledger(ledger, day, features, decisions, consents, held)


def _held(ledger: Ledger, accounts: Sequence[str], decisions: Sequence[Row]) -> HeldRows:
    """What the ledger says of accounts, and of the addresses that were decided about."""
    addresses = {row["address_key"] for row in decisions if row["address_key"]}
    return ledger.held_about(accounts, address_keys=addresses, subjects=())


def _with_ledger(  # noqa: PLR0917 - what a person is
    ledger: Ledger,
    day: date,
    features: Sequence[Row],
    decisions: Sequence[Row],
    consents: Sequence[Row],
    held: HeldRows,
) -> PersonOfDay:
    """With what held their messages up, and what people told campaigns to do."""
    blocks = ledger.blocks_of([row["message_key"] for row in decisions])
    return PersonOfDay(
        day=day,
        features=features,
        decisions=decisions,
        consents=consents,
        held=held,
        blocks={row["key"]: row for row in blocks if row["day"] == day},
        commands=ledger.controls(),
    )


def audiences_of(engine: Engine, customer_id: str, day: date) -> frozenset[str]:
    """The campaigns in whose audience the customer is on a day."""
    partition = Partition(dataset=MEMBERSHIPS.name, day=day)
    if not engine.lake.exists(partition):
        return frozenset()
    found = find(engine, [partition], "customer_id", [customer_id])
    if not found.partitions:
        return frozenset()
    rows = engine.values(
        f"select distinct campaign from {engine.files([partition], 'file_row_number = true')}"
        f" where customer_id in ({listed([customer_id])}) and {found.condition}"
    )
    return frozenset(campaign for (campaign,) in rows)
