"""Everything that is held about one person, gathered from the lake and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from perennial.errors import UnknownPerson
from perennial.lake.duck import Engine
from perennial.lake.narrowing import listed, open_day_of, open_person
from perennial.lake.partitions import Partition
from perennial.lake.whereabouts import find
from perennial.ledger.persons import HeldRows
from perennial.ledger.store import Ledger
from perennial.model.datasets import CONTACTS, DECISIONS, SHOP_DATASETS
from perennial.model.keys import customer_key
from perennial.model.masking import masked_email, masked_phone
from perennial.model.words import PreferenceName, Reason
from perennial.pipeline.consent_words import (
    Row,
    Rows,
    StandingConsent,
    by_time,
    shops_consents,
    standing_consents,
)

_MANY_PLANS = 200  # more than a month of them are looked into once, and in one go
_SHOWN = ("customers", "consents", CONTACTS.name)


@dataclass(frozen=True, kw_only=True)
class PersonSummary:
    """What a person may be shown of it on a page that a forwarded link opens: addresses masked, counts in place of rows."""

    accounts: int
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    language: str | None
    birth_date: date | None
    paused_until: datetime | None
    points_balance: int
    consents: tuple[StandingConsent, ...]
    suppressions: Rows
    messages: int
    last_message_at: datetime | None
    answers: int


@dataclass(frozen=True, kw_only=True)
class PersonView:
    """What a page shows of one person, all accounts together; rows are named as in the lake and the ledger.

    `day` is the night that the shop's data was known at. Instants are in UTC, money is Decimal.
    """

    customer_id: str
    person_id: str
    day: date
    accounts: Rows
    contacts: Rows
    features: Rows
    consents: Rows
    preferences: Row
    suppressions: Rows
    messages: Rows
    answers: Rows
    cases: Rows
    decisions: Rows

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """Every account of the person."""
        return tuple(row["customer_id"] for row in self.features)

    @property
    def language(self) -> str | None:
        """As chosen on our pages, else as the shop has it."""
        chosen: str | None = self.preferences.get(PreferenceName.LANGUAGE)
        return chosen or next((row["language"] for row in self.features if row["language"]), None)

    def summary(self) -> PersonSummary:
        """The masked view, for the preference page."""
        return PersonSummary(
            accounts=len(self.features),
            emails=distinct(masked_email(row["email"]) for row in self.contacts if row["email"]),
            phones=distinct(masked_phone(row["phone"]) for row in self.contacts if row["phone"]),
            language=self.language,
            birth_date=self.preferences.get(PreferenceName.BIRTH_DATE) or self._birth_date,
            paused_until=self.preferences.get(PreferenceName.PAUSED_UNTIL),
            points_balance=sum(row["points_balance"] for row in self.features),
            consents=standing_consents(self.consents),
            suppressions=tuple(row for row in self.suppressions if row["lifted_at"] is None),
            messages=len(self.messages),
            last_message_at=max(
                (row["dispatched_at"] for row in self.messages if row["dispatched_at"]),
                default=None,
            ),
            answers=len(self.answers),
        )

    @property
    def _birth_date(self) -> date | None:
        return next((row["birth_date"] for row in self.features if row["birth_date"]), None)


@dataclass(frozen=True, kw_only=True)
class PersonRecord(PersonView):
    """Everything held about one person."""

    orders: Rows
    order_lines: Rows
    points: Rows
    put_aside: Rows
    preference_changes: Rows
    hold_outs: Rows
    exports: Rows


def gather_person(
    engine: Engine, ledger: Ledger, *, customer_id: str, day: date, secret: str
) -> PersonRecord:
    """Everything held about the person who has an account, as known on a day.

    Raises:
        UnknownPerson: no account of that id was known on that day.
        MissingPartition: the night has not been that far.
    """
    accounts = accounts_of(engine, customer_id, day)
    open_day_of(engine, day, accounts, (*SHOP_DATASETS, CONTACTS.name))
    subjects = [customer_key(account, secret) for account in accounts]
    view, held = _view(engine, ledger, customer_id, accounts, subjects, day)
    orders = _all(engine, "orders", order_by="ordered_at, order_id")
    plans = engine.lake.partitions(DECISIONS.name)
    known = {each.name: getattr(view, each.name) for each in fields(view)}
    known |= {"decisions": decisions_of(engine, accounts, plans)}
    return PersonRecord(
        **known,
        orders=orders,
        order_lines=_lines(engine),
        points=_all(engine, "points_entries", order_by="happened_at, entry_id"),
        put_aside=_put_aside(engine, accounts),
        preference_changes=held.preference_changes,
        hold_outs=held.hold_outs,
        exports=held.exports,
    )


def view_person(
    engine: Engine, ledger: Ledger, *, customer_id: str, day: date, decided_since: date
) -> PersonView:
    """What a page shows of the person who has an account, as known on a day.

    Of the decisions, those of plans since a day: each plan is a file to look into. What they bought is not read, which
    takes as long as all the rest.

    Raises:
        UnknownPerson: no account of that id was known on that day.
        MissingPartition: the night has not been that far.
    """
    accounts = accounts_of(engine, customer_id, day)
    open_day_of(engine, day, accounts, _SHOWN)
    view, _ = _view(engine, ledger, customer_id, accounts, (), day)
    plans = engine.lake.partitions(DECISIONS.name, since=decided_since)
    return replace(view, decisions=decisions_of(engine, accounts, plans))


def _view(  # noqa: PLR0917 - who, and when
    engine: Engine,
    ledger: Ledger,
    customer_id: str,
    accounts: Sequence[str],
    subjects: Sequence[str],
    day: date,
) -> tuple[PersonView, HeldRows]:
    """What a page shows, but for the decisions, and all that the ledger holds; their day must be open."""
    features = tuple(engine.rows("select * from customer_features order by customer_id"))
    contacts = _all(engine, "contacts")
    held = ledger.held_about(accounts, address_keys=_address_keys(contacts), subjects=subjects)
    view = PersonView(
        customer_id=customer_id,
        person_id=features[0]["person_id"],
        day=day,
        accounts=_all(engine, "customers"),
        contacts=contacts,
        features=features,
        consents=_consents(engine, accounts, held),
        preferences=_chosen(held),
        suppressions=held.suppressions,
        messages=_with_events(held),
        answers=held.answers,
        cases=held.cases,
        decisions=(),
    )
    return view, held


def accounts_of(engine: Engine, customer_id: str, day: date) -> list[str]:
    """The accounts of the person who has an account, as known on a day; of the day's features, only theirs are readable.

    Raises:
        UnknownPerson: no account of that id was known on that day.
        MissingPartition: the night has not been that far.
    """
    accounts = open_person(engine, customer_id, day)
    if not accounts:
        msg = (
            f"Nothing is held about a customer of that id on {day}. Ids are text: zeros in front count."
            " Whoever signed up since is known after the next night."
        )
        raise UnknownPerson(msg)
    return accounts


def _all(engine: Engine, dataset: str, *, order_by: str = "customer_id") -> Rows:
    """All that is readable of a dataset: with their day open, what is about them."""
    return tuple(engine.rows(f"select * from {dataset} order by {order_by}"))


def _lines(engine: Engine) -> Rows:
    return tuple(
        engine.rows(
            """
            select line.*, products.name as product
            from order_lines as line left join products using (product_id)
            order by line.order_id, line.line_no
            """
        )
    )


def _put_aside(engine: Engine, accounts: Sequence[str]) -> Rows:
    """Rows that did not pass the checks, as the shop said them."""
    found: list[Row] = []
    for dataset in SHOP_DATASETS.values():
        partitions = engine.lake.partitions(f"quarantine/{dataset.name}")
        if "customer_id" not in dataset.column_names or not partitions:
            continue
        texts = dict.fromkeys((*dataset.column_names, "reason"), "varchar")
        engine.stack("aside", texts, partitions, alike=True)
        rows = engine.rows(
            "select * exclude (extract, position) from aside"
            " where trim(customer_id) in (select unnest($accounts::varchar[])) order by day, position",
            {"accounts": list(accounts)},
        )
        found += [{"dataset": dataset.name, **row} for row in rows]
    return tuple(found)


def _consents(engine: Engine, accounts: Sequence[str], held: HeldRows) -> Rows:
    """The shop's entries and our own, by time."""
    ours = ({**row, "said_by": "perennial"} for row in held.consents)
    return by_time([*shops_consents(engine, accounts), *ours])


def _chosen(held: HeldRows) -> Row:
    """What was chosen on our pages, the latest word on each."""
    chosen: dict[str, Any] = dict.fromkeys(PreferenceName)
    for row in held.preferences:
        chosen |= {name: row[name] for name in PreferenceName if row[name] is not None}
    return chosen


def _with_events(held: HeldRows) -> Rows:
    events: dict[str, list[Row]] = {row["key"]: [] for row in held.messages}
    for event in held.events:
        events[event["message_key"]].append(
            {name: value for name, value in event.items() if name != "message_key"}
        )
    return tuple({**row, "events": events[row["key"]]} for row in held.messages)


def decisions_of(engine: Engine, accounts: Sequence[str], plans: Sequence[Partition]) -> Rows:
    """What some plans decided about some accounts, the oldest first, each with what its reason means."""
    columns = {c.name: c.type for c in DECISIONS.columns}
    naming = find(engine, plans, "customer_id", accounts) if len(plans) <= _MANY_PLANS else None
    engine.stack("all_decisions", columns, naming.partitions if naming else plans, alike=True)
    place = f" and {naming.condition_on('position')}" if naming else ""
    found = engine.rows(
        f"select * exclude (extract, position) from all_decisions where customer_id in ({listed(accounts)}){place}"
        " order by day, campaign, customer_id, occasion"
    )
    return tuple({**row, "meaning": _meaning(row)} for row in found)


def _meaning(row: Row) -> str | None:
    return Reason(row["reason"]).meaning if row["reason"] else None


def _address_keys(contacts: Rows) -> list[str]:
    keys = (row[name] for row in contacts for name in ("email_key", "phone_key"))
    return sorted({key for key in keys if key})


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, in the order of their first."""
    return tuple(dict.fromkeys(texts))
