"""What the preference page shows of a person: masked, counted, and read at a small and known cost.

A link may be followed sixty times a minute, by anybody to whom the message was forwarded. So nothing is read here that
the page does not show; whoever needs everything asks persons.gather_person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from perennial.audience.soft_opt_in import find_soft_opt_ins
from perennial.lake.duck import Engine
from perennial.lake.narrowing import open_day_of
from perennial.ledger.permitting import PERMISSIONS
from perennial.ledger.store import Ledger
from perennial.model.datasets import CONTACTS
from perennial.model.masking import masked_email, masked_phone
from perennial.model.policy import Policy
from perennial.model.words import Channel
from perennial.pipeline.consent_words import (
    Rows,
    StandingConsent,
    by_time,
    shops_consents,
    standing_consents,
)
from perennial.pipeline.persons import accounts_of, distinct

_SHOWN = (CONTACTS.name, "consents", "orders")
_KEYS = {Channel.EMAIL: "email_key", Channel.SMS: "phone_key", Channel.WHATSAPP: "phone_key"}


@dataclass(frozen=True, kw_only=True)
class PersonGlimpse:
    """A person as the last night knows them, and how much the ledger holds.

    Addresses are masked in `emails` and `phones`. `messages` and `answers` stop at one more than
    glimpsing.MOST_COUNTED. `address_keys` are where they are reached, by channel. `soft_opt_in_on` is the day of the
    order that lets offers go by email without consent.
    """

    emails: tuple[str, ...]
    phones: tuple[str, ...]
    language: str | None
    birth_date: date | None = field(repr=False)
    orders: int
    points_balance: int
    consents: tuple[StandingConsent, ...]
    messages: int
    answers: int
    countries: frozenset[str]
    address_keys: Mapping[Channel, frozenset[str]] = field(repr=False)
    soft_opt_in_on: date | None = None


def glimpse_person(
    engine: Engine,
    ledger: Ledger,
    *,
    customer_id: str,
    person_id: str,
    day: date,
    policy: Policy,
) -> PersonGlimpse:
    """What a page shows of the person who has an account, as known on a day.

    `person_id` is who they were when the message left that brought them here.

    Raises:
        UnknownPerson: no account of that id was known on that day.
        MissingPartition: the night has not been that far.
    """
    accounts = accounts_of(engine, customer_id, day)
    open_day_of(engine, day, accounts, _SHOWN)
    features = engine.rows(
        "select language, birth_date, points_balance from customer_features order by customer_id"
    )
    contacts = tuple(engine.rows("select * from contacts order by customer_id"))
    held = ledger.glimpse_of(accounts, person_ids={*accounts, person_id})
    ours = [{**row, "said_by": "perennial"} for row in held.consents]
    return PersonGlimpse(
        emails=distinct(masked_email(row["email"]) for row in contacts if row["email"]),
        phones=distinct(masked_phone(row["phone"]) for row in contacts if row["phone"]),
        language=next((row["language"] for row in features if row["language"]), None),
        birth_date=next((row["birth_date"] for row in features if row["birth_date"]), None),
        orders=engine.scalar("select count(*) from orders"),
        points_balance=sum(row["points_balance"] for row in features),
        consents=standing_consents(by_time([*shops_consents(engine, accounts), *ours])),
        messages=held.messages,
        answers=held.answers,
        countries=frozenset(row["country"] for row in contacts if row["country"]),
        address_keys=_address_keys(contacts),
        soft_opt_in_on=None
        if any(word["channel"] == Channel.EMAIL for word in ours)
        else _soft_opt_in_on(engine, policy, day),
    )


def _soft_opt_in_on(engine: Engine, policy: Policy, day: date) -> date | None:
    """As far as the lake knows: what the ledger heard is looked at elsewhere."""
    if not policy.soft_opt_in:
        return None
    find_soft_opt_ins(engine, policy, day, told=PERMISSIONS.empty_table())
    found: date | None = engine.scalar("select max(ordered_on) from soft_opt_ins")
    return found


def _address_keys(contacts: Rows) -> dict[Channel, frozenset[str]]:
    return {
        channel: frozenset(row[column] for row in contacts if row[column])
        for channel, column in _KEYS.items()
    }
