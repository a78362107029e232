"""Forgetting a person: at once where nothing stands in the way, and by the next night where something does.

The request and the suppression of every address are one transaction, so they stand from that second on. All that
follows may be killed at any point and run again: who is to be forgotten is found by the keyed hashes that the request
left, for as long as the lake or the ledger still names them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from perennial.delivery.mailbox_folder import MailboxEntry
from perennial.errors import UnknownPerson
from perennial.features.contact_points import email_point, phone_point
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.store import Ledger
from perennial.ledger.values import Entry
from perennial.model.datasets import CONTACTS, CUSTOMER_FEATURES
from perennial.model.keys import address_key, customer_key, stand_in
from perennial.model.shop import Shop
from perennial.model.words import MessageState, Outcome
from perennial.pipeline.erasing_lake import (
    Forgotten,
    mask_plan,
    named_accounts,
    plans_naming,
    rows_of,
    take_out,
)
from perennial.pipeline.keeping_out import keep_order_ids

_MAY_BE_CLAIMED = (None, MessageState.CLAIMED, MessageState.RETRYABLE)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A plan that still names somebody, because it is being carried out or a message of it is in doubt."""

    campaign: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Erased:
    """How far the erasures have come that were asked for; counts only."""

    accounts: int
    finished: int
    rows: int
    files: int
    waiting: tuple[Waiting, ...]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        plain = asdict(self)
        plain["waiting"] = [{**w, "day": w["day"].isoformat()} for w in plain["waiting"]]
        return plain


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Where people leave traces outside of the lake and the ledger: what the demo's mailbox took, and the pages of days."""

    mailbox: Iterable[MailboxEntry]
    reports: Path


def request_erasure(
    engine: Engine,
    ledger: Ledger,
    *,
    customer_id: str,
    shop: Shop,
    secret: str,
    by: str,
    reason: str,
    now: datetime,
) -> int:
    """Suppresses every address of a person and writes down that they are to be forgotten; says how many accounts.

    Raises:
        UnknownPerson: nothing is held about such a customer, and no erasure of theirs was begun.
    """
    accounts = _accounts(engine, customer_id)
    if not accounts:
        if customer_key(customer_id, secret) not in {e.customer_key for e in ledger.erased()}:
            msg = "Nothing is held about a customer of that id. Ids are text: zeros in front count."
            raise UnknownPerson(msg)
        return 0
    ledger.request_erasure(
        customer_keys={customer_key(account, secret) for account in accounts},
        address_keys=_address_keys(engine, ledger, accounts, shop, secret),
        by=by,
        reason=reason,
        at=now,
    )
    return len(accounts)


def finish_erasures(
    engine: Engine, ledger: Ledger, *, traces: Traces, secret: str, now: datetime
) -> Erased:
    """Goes on with every erasure that was asked for and is not finished. Safe to run at any time, and again."""
    open_keys = {e.customer_key for e in ledger.erased() if e.finished_at is None}
    if not open_keys:
        return Erased(accounts=0, finished=0, rows=0, files=0, waiting=())
    forgotten = _forgotten(engine, ledger, open_keys, secret)
    keep_order_ids(engine.lake, forgotten.orders, now.date(), secret)
    files = _remove_files(ledger, traces, forgotten)
    waiting = tuple(_mask_plans(engine, ledger, forgotten, now))
    rows = take_out(engine, forgotten)
    done = not waiting and ledger.forget(
        forgotten.stand_ins, occasion=partial(stand_in, secret=secret)
    )
    if done:
        ledger.finish_erasures(open_keys, at=now)
    return Erased(
        accounts=len(open_keys),
        finished=len(open_keys) if done else 0,
        rows=rows,
        files=files,
        waiting=waiting,
    )


def _accounts(engine: Engine, customer_id: str) -> list[str]:
    """All accounts of the person as the last night knows them; else the one account, where anything names it."""
    days = engine.lake.days(CUSTOMER_FEATURES.name)
    if days:
        engine.view("person_features", Partition(dataset=CUSTOMER_FEATURES.name, day=days[-1]))
        found = engine.rows(
            """
            select customer_id from person_features where person_id in (
                select person_id from person_features where trim(customer_id) = trim($customer)
            ) order by customer_id
            """,
            {"customer": customer_id},
        )
        if found:
            return [row["customer_id"] for row in found]
    return [customer_id] if customer_id.strip() in named_accounts(engine) else []


def _address_keys(
    engine: Engine, ledger: Ledger, accounts: Collection[str], shop: Shop, secret: str
) -> set[str]:
    """Every address they ever had: as contacts, as the shop said them, and as they were written to."""
    keys = set(ledger.addresses_of(accounts))
    texts = {"email_key": "varchar", "phone_key": "varchar", "customer_id": "varchar"}
    engine.stack("all_contacts", texts, engine.lake.partitions(CONTACTS.name), alike=True)
    rows = _of(engine, "all_contacts", accounts)
    keys |= {row[name] for row in rows for name in ("email_key", "phone_key") if row[name]}
    said = dict.fromkeys(("customer_id", "email", "phone", "country"), "varchar")
    engine.stack("said_addresses", said, engine.lake.partitions("raw/customers"))
    for row in _of(engine, "said_addresses", accounts):
        points = (
            email_point(row["email"]),
            phone_point(row["phone"], row["country"], shop.country),
        )
        keys |= {address_key(p.identity, secret) for p in points if p.identity}
    return keys


def _of(engine: Engine, view: str, accounts: Collection[str]) -> list[dict[str, Any]]:
    return engine.rows(
        f"select distinct * exclude (day, extract, position) from {view}"
        " where trim(customer_id) in (select trim(unnest($accounts::varchar[])))",
        {"accounts": sorted(accounts)},
    )


def _forgotten(
    engine: Engine, ledger: Ledger, open_keys: Collection[str], secret: str
) -> Forgotten:
    named = named_accounts(engine) | ledger.accounts_named()
    keys = {account: customer_key(account, secret) for account in named}
    theirs = {account: key for account, key in keys.items() if key in open_keys}
    accounts = sorted(theirs)
    return Forgotten(
        stand_ins=theirs,
        orders=frozenset(rows_of(engine, accounts, "orders", "order_id")),
        entries=frozenset(
            rows_of(engine, accounts, "points_entries", "entry_id")
            | rows_of(engine, accounts, "consents", "consent_id")
        ),
        secret=secret,
    )


def _remove_files(ledger: Ledger, traces: Traces, forgotten: Forgotten) -> int:
    """Messages in the mailbox, and the pages of days that tell of them; the count of what was accepted stays."""
    keys = ledger.keys_of(forgotten.accounts)
    files = [
        path
        for entry in traces.mailbox
        if entry.key in keys
        for path in (entry.path, entry.html)
        if path is not None
    ]
    pages = sorted(traces.reports.glob("*.html"))
    files += [page for page in pages if _tells_of(page, forgotten.accounts)]
    present = [path for path in files if path.exists()]
    for path in present:
        path.unlink(missing_ok=True)
    return len(present)


def _tells_of(page: Path, accounts: Sequence[str]) -> bool:
    text = page.read_text(encoding="utf-8")
    return any(f'"id":"{account}"' in text or f"={account}" in text for account in accounts)


def _mask_plans(
    engine: Engine, ledger: Ledger, forgotten: Forgotten, now: datetime
) -> Iterable[Waiting]:
    """Masks the plans that are over; names the others."""
    for partition in plans_naming(engine, forgotten):
        if _may_still_be_carried_out(engine, ledger, partition, now, forgotten.accounts):
            yield Waiting(campaign=partition.name, day=partition.day)
        else:
            mask_plan(engine, partition, forgotten)


def _may_still_be_carried_out(
    engine: Engine,
    ledger: Ledger,
    partition: Partition,
    now: datetime,
    accounts: Collection[str],
) -> bool:
    """Whether anything of a plan is on the wire or may still be claimed, or theirs is in doubt: then it is read again."""
    engine.view("plan", partition)
    planned = engine.rows(
        "select message_key as key, customer_id, expires_at > $now as in_time from plan"
        f" where outcome = '{Outcome.SEND}'",
        {"now": now},
    )
    entries = {e.key: e for e in ledger.standing(partition.name, partition.day).entries()}
    return any(_is_open(row, entries.get(row["key"]), accounts) for row in planned)


def _is_open(row: Mapping[str, Any], entry: Entry | None, accounts: Collection[str]) -> bool:
    state = entry.state if entry else None
    if state is MessageState.IN_DOUBT:  # its words are asked for until that is settled
        return row["customer_id"] in accounts
    blocked = entry is not None and entry.blocked is not None
    may_be_claimed = row["in_time"] and not blocked and state in _MAY_BE_CLAIMED
    return state is MessageState.DISPATCHING or may_be_claimed
