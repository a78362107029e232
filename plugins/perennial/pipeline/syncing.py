"""SendGrid's suppression lists and ours become one: theirs are taken over, ours are handed on, nothing is taken off.

Our list is the authority. The lists are read because the webhook may not have been heard: SendGrid tries for 24 hours
and then forgets. Addresses are hashed as they come in; none is stored, logged or counted by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pyarrow as pa

from perennial.delivery.outcomes import Carrier
from perennial.delivery.sendgrid.suppressions import LISTS, PAGE, SuppressionLists
from perennial.errors import MissingPartition
from perennial.features.contact_points import email_point
from perennial.lake.duck import Engine
from perennial.ledger.bouncing import LATE
from perennial.ledger.store import Ledger
from perennial.ledger.values import ListedAddress, Silence
from perennial.model.datasets import CONTACTS
from perennial.model.keys import address_key
from perennial.model.words import Channel, SuppressionReason

_Item = TypeVar("_Item")

GROUP, BLOCKS = "group", "blocks"
_PROVIDER = Carrier.SENDGRID.value
# SendGrid was founded in 2009; an entry from before that is none.
_EVER = datetime(2009, 1, 1, tzinfo=UTC)
# Entries get on a list a little after the instant they bear.
_OVERLAP = timedelta(days=1)
_LOOK_BACK = timedelta(days=8)
# Who has left SendGrid's group may still be written to by the shop's own systems, about an order: only what the person
# said of this kind of email is handed on.
_HANDED_ON = frozenset(
    {SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINED, SuppressionReason.MANUAL}
)


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What was read of one list since an instant: entries, and how many of them were news to us."""

    entries: int
    new: int
    since: datetime | None
    unreadable: int = 0


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What a sync did.

    pulled: by list; blocks are counted and suppress nobody. handed_on: addresses added to SendGrid's group; without a
    group none is, because SendGrid's list of everything would stop the shop's order confirmations, too. not_in_lake:
    addresses on our list alone whose hash is all that is left of them. bouncing: addresses suppressed because they
    refused for too long. silences: days on which SendGrid never reported on some of the emails that it took on.
    """

    pulled: Mapping[str, Pulled]
    handed_on: int | None
    not_in_lake: int
    bouncing: int
    silences: Sequence[Silence] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class SyncJob:
    """With whom to sync: `group` is the unsubscribe group, `full` reads the lists from their beginning."""

    engine: Engine
    ledger: Ledger
    lists: SuppressionLists
    secret: str
    now: datetime
    group: int | None = None
    full: bool = False


def sync_suppressions(job: SyncJob) -> Synced:
    """Reads the lists into the ledger, hands on what SendGrid does not know, and judges who has refused for too long.

    Safe to repeat and to break off: what was read is kept, and the rest is read the next time.

    Raises:
        DeliveryError: SendGrid does not answer, or refuses the key.
        LedgerError: the ledger cannot be written.
    """
    return asyncio.run(_sync(job))


async def _sync(job: SyncJob) -> Synced:
    try:
        pulled = {name: await _pull(job, name, why) for name, why in LISTS.items()}
        pulled[BLOCKS] = await _count(job, BLOCKS)
        handed_on, not_in_lake = None, 0
        if job.group is not None:
            listed, pulled[GROUP] = await _pull_group(job, job.group)
            handed_on, not_in_lake = await _hand_on(job, job.group, listed)
    finally:
        await job.lists.close()
    return Synced(
        pulled=pulled,
        handed_on=handed_on,
        not_in_lake=not_in_lake,
        bouncing=job.ledger.suppress_bouncing(now=job.now),
        silences=_silences(job),
    )


async def _pull(job: SyncJob, name: str, reason: SuppressionReason) -> Pulled:
    since = _since(job, name)
    entries = new = unreadable = 0
    async for page in job.lists.pages(name, since=since or _EVER, until=job.now):
        taken = [
            ListedAddress(address_key=key, reason=reason, at=listed.created)
            for listed in page
            if (key := _key(job, listed.email))
        ]
        new += await asyncio.to_thread(job.ledger.suppress_listed, taken, Channel.EMAIL)
        entries += len(page)
        unreadable += len(page) - len(taken)
    job.ledger.note_pulled(_PROVIDER, name, until=job.now)
    return Pulled(entries=entries, new=new, since=since, unreadable=unreadable)


async def _count(job: SyncJob, name: str) -> Pulled:
    since = _since(job, name)
    entries = 0
    async for page in job.lists.pages(name, since=since or _EVER, until=job.now):
        entries += len(page)
    job.ledger.note_pulled(_PROVIDER, name, until=job.now)
    return Pulled(entries=entries, new=0, since=since)


async def _pull_group(job: SyncJob, group: int) -> tuple[set[str], Pulled]:
    """The keys of who has left the group. It says no times: who was on our list before, even if lifted, is no news."""
    emails = await job.lists.group(group)
    keys = {key for email in emails if (key := _key(job, email))}
    known = {
        suppression.address_key
        for suppression in job.ledger.suppressions_of(keys, standing=False)
        if suppression.channel is Channel.EMAIL
        and suppression.reason is SuppressionReason.UNSUBSCRIBED
    }
    taken = [
        ListedAddress(address_key=key, reason=SuppressionReason.UNSUBSCRIBED, at=job.now)
        for key in sorted(keys - known)
    ]
    new = sum(
        [
            await asyncio.to_thread(job.ledger.suppress_listed, some, Channel.EMAIL)
            for some in _cut(taken)
        ]
    )
    unreadable = sum(_key(job, email) is None for email in emails)
    return keys, Pulled(entries=len(emails), new=new, since=None, unreadable=unreadable)


async def _hand_on(job: SyncJob, group: int, listed: set[str]) -> tuple[int, int]:
    """Adds to the group whoever is on our list alone. Only the lake knows the address behind a hash, if anybody does."""
    ours = {
        suppression.address_key
        for suppression in job.ledger.suppressed_since(_EVER)
        if suppression.channel is Channel.EMAIL and suppression.reason in _HANDED_ON
    }
    emails = _emails_of(job.engine, ours - listed)
    for some in _cut(emails):
        await job.lists.add_to_group(group, some)
    return len(emails), len(ours - listed) - len(emails)


def _emails_of(engine: Engine, keys: set[str]) -> list[str]:
    days = engine.lake.days(CONTACTS.name)
    if not keys or not days:
        return []
    try:
        engine.open_day(days[-1])
    except MissingPartition:
        return []
    engine.register("wanted_keys", pa.table({"email_key": sorted(keys)}))
    rows = engine.rows(
        "select email_key, min(email) as email from contacts join wanted_keys using (email_key) group by email_key"
    )
    engine.unregister("wanted_keys")
    return sorted(row["email"] for row in rows if row["email"])


def _silences(job: SyncJob) -> Sequence[Silence]:
    found = job.ledger.silences(
        _PROVIDER, since=(job.now - _LOOK_BACK).date(), until=job.now - LATE
    )
    return [silence for silence in found if silence.silent]


def _since(job: SyncJob, name: str) -> datetime | None:
    until = None if job.full else job.ledger.pulled_until(_PROVIDER, name)
    return until - _OVERLAP if until else None


def _key(job: SyncJob, email: str) -> str | None:
    """As the contacts of customers have it; nothing for what no customer can have given."""
    identity = email_point(email).identity
    return address_key(identity, job.secret) if identity else None


def _cut(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + PAGE] for start in range(0, len(items), PAGE))
