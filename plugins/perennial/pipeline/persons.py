"""Everything that is held about one person, gathered from the lake and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from perennial.errors import UnknownPerson
from perennial.lake.duck import Engine
from perennial.lake.narrowing import listed, open_day_of, open_person
from perennial.lake.partitions import Partition
from perennial.ledger.persons import HeldRows
from perennial.ledger.store import Ledger
from perennial.model.datasets import CONTACTS, DECISIONS, SHOP_DATASETS
from perennial.model.keys import customer_key
from perennial.model.masking import masked_email, masked_phone
from perennial.model.words import Channel, ConsentState, PreferenceName, Reason, Topic

Row = Mapping[str, Any]
Rows = tuple[Row, ...]

_ACCOUNT = "customer_id in (select unnest($accounts::varchar[]))"


@dataclass(frozen=True, kw_only=True)
class StandingConsent:
    """What holds for a channel and topic: the latest word from any account, or from our own pages."""

    channel: Channel
    topic: Topic
    state: ConsentState
    since: datetime
    how: str | None


@dataclass(frozen=True, kw_only=True)
class PersonSummary:
    """What a person may be shown of it on a page that a forwarded link opens: addresses masked, counts in place of rows."""

    accounts: int
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    language: str | None
    birth_date: date | None
    paused_until: datetime | None
    orders: int
    points_balance: int
    consents: tuple[StandingConsent, ...]
    suppressions: Rows
    messages: int
    last_message_at: datetime | None
    answers: int


@dataclass(frozen=True, kw_only=True)
class PersonRecord:
    """Everything held about one person, all accounts together; rows are named as in the lake and the ledger.

    `day` is the night that the shop's data was known at. Instants are in UTC, money is Decimal.
    """

    customer_id: str
    person_id: str
    day: date
    accounts: Rows
    contacts: Rows
    features: Rows
    orders: Rows
    order_lines: Rows
    points: Rows
    put_aside: Rows
    consents: Rows
    preferences: Row
    preference_changes: Rows
    suppressions: Rows
    messages: Rows
    hold_outs: Rows
    answers: Rows
    cases: Rows
    decisions: Rows
    exports: Rows

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
            orders=len(self.orders),
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


def gather_person(
    engine: Engine,
    ledger: Ledger,
    *,
    customer_id: str,
    day: date,
    secret: str,
    decided_since: date | None = None,
) -> PersonRecord:
    """Everything held about the person who has an account, as known on a day.

    With `decided_since`, of the decisions only those of plans from that day on: each plan is a file to look into.

    Raises:
        UnknownPerson: no account of that id was known on that day.
        MissingPartition: the night has not been that far.
    """
    accounts = accounts_of(engine, customer_id, day)
    features = tuple(engine.rows("select * from customer_features order by customer_id"))
    open_day_of(engine, day, accounts, (*SHOP_DATASETS, CONTACTS.name))
    contacts = _of_accounts(engine, "contacts", accounts)
    held = ledger.held_about(
        accounts,
        address_keys=_address_keys(contacts),
        subjects=[customer_key(account, secret) for account in accounts],
    )
    orders = _of_accounts(engine, "orders", accounts, order_by="ordered_at, order_id")
    return PersonRecord(
        customer_id=customer_id,
        person_id=features[0]["person_id"],
        day=day,
        accounts=_of_accounts(engine, "customers", accounts),
        contacts=contacts,
        features=features,
        orders=orders,
        order_lines=_lines(engine, [row["order_id"] for row in orders]),
        points=_of_accounts(engine, "points_entries", accounts, order_by="happened_at, entry_id"),
        put_aside=_put_aside(engine, accounts),
        consents=_consents(engine, accounts, held),
        preferences=_chosen(held),
        preference_changes=held.preference_changes,
        suppressions=held.suppressions,
        messages=_with_events(held),
        hold_outs=held.hold_outs,
        answers=held.answers,
        cases=held.cases,
        decisions=decisions_of(
            engine, accounts, engine.lake.partitions(DECISIONS.name, since=decided_since)
        ),
        exports=held.exports,
    )


def standing_consents(consents: Rows) -> tuple[StandingConsent, ...]:
    """The last word for each channel and topic, whoever heard it; what is pending takes no consent away."""
    last: dict[tuple[str, str], Row] = {}
    for row in consents:
        way = row["channel"], row["topic"]
        if way not in last or not _stands_beside(row, last[way]):
            last[way] = row
    return tuple(
        StandingConsent(
            channel=Channel(channel),
            topic=Topic(topic),
            state=ConsentState(row["state"]),
            since=row["at"],
            how=row["how"],
        )
        for (channel, topic), row in sorted(last.items())
    )


def _stands_beside(row: Row, before: Row) -> bool:
    """Whether a pending word leaves another as it is: a consent that was given earlier. Of one instant, both are the same yes."""
    earlier: bool = before["at"] < row["at"]
    both = (before["state"], row["state"])
    return earlier and both == (ConsentState.GRANTED, ConsentState.PENDING)


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


def _of_accounts(
    engine: Engine, dataset: str, accounts: Sequence[str], *, order_by: str = "customer_id"
) -> Rows:
    query = f"select * from {dataset} where {_ACCOUNT} order by {order_by}"
    return tuple(engine.rows(query, {"accounts": list(accounts)}))


def _lines(engine: Engine, orders: Sequence[str]) -> Rows:
    return tuple(
        engine.rows(
            """
            select line.*, products.name as product
            from order_lines as line left join products using (product_id)
            where line.order_id in (select unnest($orders::varchar[]))
            order by line.order_id, line.line_no
            """,
            {"orders": list(orders)},
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


def by_time(words: Sequence[Row]) -> Rows:
    """Words on consents in their order; when two come at once, the shop's is the earlier."""
    return tuple(sorted(words, key=lambda row: (row["at"], row["said_by"] != "shop")))


def shops_consents(engine: Engine, accounts: Sequence[str]) -> Sequence[Row]:
    """What the shop was told about consents by some accounts; the day must be open."""
    return engine.rows(
        f"""
        select channel, topic, state, happened_at as at, source as how, null as wording, consent_id as proof,
            customer_id, 'shop' as said_by
        from consents where {_ACCOUNT} order by happened_at, consent_id
        """,
        {"accounts": list(accounts)},
    )


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
    engine.stack("all_decisions", columns, plans, alike=True)
    found = engine.rows(
        f"select * exclude (extract, position) from all_decisions where customer_id in ({listed(accounts)})"
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
