"""A ledger that was restored from an old copy: telling it apart, and presuming sent what it has forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from perennial.errors import LedgerError
from perennial.ledger.applying import apply_parked, lock_parking
from perennial.ledger.commanding import check_grounds
from perennial.ledger.database import Database
from perennial.ledger.statements import packed, statement
from perennial.ledger.tables import epochs, identity, iso, messages
from perennial.ledger.values import Fence
from perennial.ledger.warming import count_presumed
from perennial.model.keys import MessageKey
from perennial.model.mailboxes import mailbox_of
from perennial.model.message import PlannedMessage
from perennial.model.warm_up import NewSender
from perennial.model.words import Channel, MessageState

CHUNK = 1000
"""The most messages that one transaction presumes sent."""

_PRESUMED = "presumed"


def fence(database: Database) -> Fence:
    """What tells this ledger from an older copy of itself."""
    asked = select(*identity.c["ledger_id", "epoch", "begun"])
    with database.reading() as connection:
        row = connection.execute(asked).one()
    return Fence(ledger_id=row.ledger_id, epoch=row.epoch, begun=row.begun)


def begin_epoch(database: Database, *, by: str, reason: str, at: datetime) -> None:
    """Takes a restored ledger into use: somebody answers for what it has forgotten.

    Raises:
        LedgerError: it does not say who or why.
    """
    check_grounds(by, reason)

    def begin(connection: Connection) -> None:
        epoch = connection.execute(
            update(identity).values(epoch=identity.c.epoch + 1).returning(identity.c.epoch)
        ).scalar_one()
        row = {"epoch": epoch, "begun_by": by, "reason": reason, "at": at}
        connection.execute(insert(epochs).values(row))

    database.write(begin)


def presume_sent(
    database: Database,
    planned: Sequence[PlannedMessage],
    *,
    provider: Mapping[Channel, str],
    at: datetime,
    sender: NewSender | None = None,
) -> int:
    """Puts in doubt what the ledger does not know, and what it knows as not sent yet; says how many there were.

    An old copy still waits to send what was sent since. What was parked about these messages is applied.

    Raises:
        LedgerError: nobody is named for a channel; or a chunk could not be committed, and the chunks before it are.
    """
    nameless = {message.channel for message in planned} - set(provider)
    if nameless:
        msg = f"Nobody is named who may have carried {', '.join(sorted(nameless))}: name a provider for each channel."
        raise LedgerError(msg)
    chunks = (planned[start : start + CHUNK] for start in range(0, len(planned), CHUNK))
    return sum(_presume(database, chunk, provider, at, sender) for chunk in chunks)


def _presume(
    database: Database,
    chunk: Sequence[PlannedMessage],
    provider: Mapping[Channel, str],
    at: datetime,
    sender: NewSender | None,
) -> int:
    owners = _owners(chunk)
    rows = packed(_presumed(m, provider[m.channel], owns=m.key in owners) for m in chunk)

    def presume(connection: Connection) -> int:
        database.lock(connection)  # no claim may give away a coupon meanwhile
        lock_parking(connection, database)
        batch = {"presumed": rows, "at": at}
        found = connection.execute(statement("presume", database.dialect), batch).scalars()
        begun = _begun_since(connection, chunk, provider, at)
        _record_coupons(connection, database, [m for m in chunk if m.key in begun & owners])
        new = frozenset(found) | begun
        mine = [message for message in chunk if message.key in new]
        days = {(message.campaign, message.day.isoformat()) for message in mine}
        opened = {"days": packed({"campaign": c, "day": d} for c, d in days), "lease_until": at}
        connection.execute(statement("open_days", database.dialect), opened)
        count_presumed(connection, database.dialect, sender, mine, at)
        apply_parked(connection, database, new)
        return len(new)

    return database.write(presume)


def _begun_since(
    connection: Connection,
    chunk: Sequence[PlannedMessage],
    provider: Mapping[Channel, str],
    at: datetime,
) -> frozenset[MessageKey]:
    """What the old copy would claim again, put in doubt by way of the states that a real request goes through."""
    begun: set[MessageKey] = set()
    for channel, name in provider.items():
        keys = [message.key for message in chunk if message.channel == channel]
        held = {"lease_until": at, "claimed_by": _PRESUMED, "not_before": None}
        sent = {"attempts": messages.c.attempts + 1, "provider": name, "dispatched_at": at}
        steps = (
            (MessageState.RETRYABLE, {"state": MessageState.CLAIMED, **held}),
            (MessageState.CLAIMED, {"state": MessageState.DISPATCHING, **held, **sent}),
        )
        for state, values in steps:
            found = messages.c.key.in_(keys), messages.c.state == state
            connection.execute(update(messages).where(*found).values(values))
        done = {"state": MessageState.IN_DOUBT, "lease_until": None, "settled_at": at}
        ours = messages.c.key.in_(keys), messages.c.claimed_by == _PRESUMED
        doubt = update(messages).where(*ours, messages.c.state == MessageState.DISPATCHING)
        begun |= set(connection.execute(doubt.values(done).returning(messages.c.key)).scalars())
    return frozenset(begun)


def _owners(planned: Sequence[PlannedMessage]) -> frozenset[MessageKey]:
    """Who has which coupon: the first message that has its code."""
    codes = {m.coupon.code: m.key for m in reversed(planned) if m.coupon is not None}
    return frozenset(codes.values())


def _record_coupons(
    connection: Connection, database: Database, planned: Sequence[PlannedMessage]
) -> None:
    if planned:
        batch = packed({"key": message.key, **_terms(message)} for message in planned)
        connection.execute(statement("presume_coupons", database.dialect), {"coupons": batch})


def _presumed(message: PlannedMessage, provider: str, *, owns: bool) -> dict[str, Any]:
    return {
        "key": message.key,
        "campaign": message.campaign,
        "step": message.step,
        "customer_id": message.customer_id,
        "person_id": message.person_id,
        "occasion": message.occasion,
        "day": message.day.isoformat(),
        "channel": message.channel,
        "pressure": message.pressure,
        "topic": message.topic,
        "address_key": message.address_key,
        "mailbox": mailbox_of(message.address) if message.channel is Channel.EMAIL else None,
        "provider": provider,
        "send_at": iso(message.send_at),
        "expires_at": iso(message.expires_at),
        **(_terms(message) if owns else {}),
    }


def _terms(message: PlannedMessage) -> dict[str, Any]:
    coupon = message.coupon
    if coupon is None:
        return {}
    return {
        "coupon_code": coupon.code,
        "coupon_kind": coupon.kind,
        "coupon_value": str(coupon.value),
        "coupon_expires_on": coupon.expires_on.isoformat(),
    }
