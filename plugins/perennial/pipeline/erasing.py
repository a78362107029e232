"""Forgetting a person: at once where nothing stands in the way, and by the next night where something does.

The request and the suppression of every address are one transaction, so they stand from that second on. All that
follows may be killed at any point and run again: who is to be forgotten is found by the keyed hashes that the request
left, for as long as the lake or the ledger still names them. What holds up one account holds up no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from perennial.delivery.mailbox_folder import MailboxEntry
from perennial.errors import ErasureError, LakeError, PerennialError, UnknownPerson
from perennial.features.contact_points import email_point, phone_point
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.store import Ledger
from perennial.model.datasets import CONTACTS, CUSTOMER_FEATURES
from perennial.model.keys import address_key, customer_key, stand_in
from perennial.model.shop import Shop
from perennial.pipeline.erasing_lake import Forgotten, named_accounts, rows_of, take_out
from perennial.pipeline.erasing_plans import Waiting, mask_plans
from perennial.pipeline.keeping_out import keep_order_ids

# A night or a plan that had read somebody's rows before they went may write them once more. None lasts as long as this.
_LOOKED_FOR_AGAIN = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Erased:
    """How far the erasures have come that were asked for; counts only."""

    accounts: int
    finished: int
    rows: int
    files: int
    waiting: tuple[Waiting, ...]

    def and_also(self, other: Erased) -> Erased:
        """Both together; a plan that both wait for is named once."""
        return Erased(
            accounts=self.accounts + other.accounts,
            finished=self.finished + other.finished,
            rows=self.rows + other.rows,
            files=self.files + other.files,
            waiting=tuple(dict.fromkeys((*self.waiting, *other.waiting))),
        )

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
    """Goes on with every erasure that was asked for and is not finished. Safe to run at any time, and again.

    What was finished in the last two days is looked for once more: a night that was at work may have written it back.

    Raises:
        ErasureError: some could not be forgotten, and why; all the others are.
    """
    work = _Work(engine=engine, ledger=ledger, traces=traces, secret=secret, now=now)
    theirs = work.open_accounts()
    erased, faults = work.finish(theirs)
    if faults:
        msg = (
            f"{len(faults)} of {len(theirs)} accounts could not be forgotten yet; the others are. The first of them: "
            f"{faults[0]} Run perennial night or erase again after that."
        )
        raise ErasureError(msg) from faults[0]
    return erased


@dataclass(frozen=True, kw_only=True)
class _Work:
    """One round through the erasures: where people leave traces, and what time it is."""

    engine: Engine
    ledger: Ledger
    traces: Traces
    secret: str = field(repr=False)
    now: datetime

    def open_accounts(self) -> dict[str, list[str]]:
        """Whom to forget, by keyed hash, with the ids by which something still names them; opens what came back."""
        erasures = self.ledger.erased()
        unfinished = {e.customer_key for e in erasures if e.finished_at is None}
        lately = {
            e.customer_key
            for e in erasures
            if e.finished_at is not None and e.finished_at > self.now - _LOOKED_FOR_AGAIN
        }
        if not unfinished | lately:
            return {}
        named: dict[str, list[str]] = defaultdict(list)
        for account in named_accounts(self.engine) | self.ledger.accounts_named():
            named[customer_key(account, self.secret)].append(account)
        if back := lately & named.keys():
            self.ledger.reopen_erasures(back)
        return {key: named.get(key, []) for key in unfinished | back}

    def finish(self, theirs: Mapping[str, list[str]]) -> tuple[Erased, list[PerennialError]]:
        """Forgets all at once, which costs as much as one; where that fails, by halves, so that one fault costs one."""
        if not theirs:
            return Erased(accounts=0, finished=0, rows=0, files=0, waiting=()), []
        try:
            return self._finish_together(theirs), []
        except PerennialError as error:
            if len(theirs) == 1:
                return Erased(accounts=1, finished=0, rows=0, files=0, waiting=()), [error]
        keys = sorted(theirs)
        halves = keys[: len(keys) // 2], keys[len(keys) // 2 :]
        (first, some), (second, more) = (self.finish({k: theirs[k] for k in h}) for h in halves)
        return first.and_also(second), [*some, *more]

    def _finish_together(self, theirs: Mapping[str, list[str]]) -> Erased:
        stand_ins = {account: key for key, accounts in theirs.items() for account in accounts}
        forgotten = _forgotten(self.engine, stand_ins, self.secret)
        keep_order_ids(self.engine.lake, forgotten.orders, self.now.date(), self.secret)
        files = _remove_files(self.ledger, self.traces, forgotten)
        waiting, held = mask_plans(self.engine, self.ledger, forgotten, self.now)
        rows = take_out(self.engine, forgotten)
        held |= self.ledger.forget(
            {account: key for account, key in stand_ins.items() if account not in held},
            occasion=partial(stand_in, secret=self.secret),
        )
        done = {key for key, accounts in theirs.items() if held.isdisjoint(accounts)}
        if done:
            self.ledger.finish_erasures(done, at=self.now)
        return Erased(
            accounts=len(theirs), finished=len(done), rows=rows, files=files, waiting=tuple(waiting)
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


def _forgotten(engine: Engine, stand_ins: Mapping[str, str], secret: str) -> Forgotten:
    accounts = sorted(stand_ins)
    return Forgotten(
        stand_ins=stand_ins,
        orders=frozenset(rows_of(engine, accounts, "orders", "order_id")),
        entries=frozenset(
            rows_of(engine, accounts, "points_entries", "entry_id")
            | rows_of(engine, accounts, "consents", "consent_id")
        ),
        secret=secret,
    )


def _remove_files(ledger: Ledger, traces: Traces, forgotten: Forgotten) -> int:
    """Messages in the mailbox, and the pages of days and nights that tell of them; the count of what was accepted stays."""
    keys = ledger.keys_of(forgotten.accounts)
    files = [
        path
        for entry in traces.mailbox
        if entry.key in keys
        for path in (entry.path, entry.html)
        if path is not None
    ]
    pages = sorted(traces.reports.glob("*.html"))
    files += [page for page in pages if _tells_of(page, forgotten)]
    present = [path for path in files if path.exists()]
    try:
        for path in present:
            path.unlink(missing_ok=True)
    except OSError as error:
        msg = f"A message of the mailbox or a page of a day cannot be removed: {error.strerror}. Set its folder's rights."
        raise LakeError(msg) from error
    return len(present)


def _tells_of(page: Path, forgotten: Forgotten) -> bool:
    """Pages name people by their ids, and the rows that a check found by their keys."""
    text = page.read_text(encoding="utf-8")
    keys = (*forgotten.accounts, *forgotten.orders, *forgotten.entries)
    return any(f'"id":"{key}"' in text or f"={escape(key)}" in text for key in keys)
