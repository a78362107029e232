"""From planned to on the wire: claims, the last look before the first byte, and giving back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from perennial.ledger.braking import count_sent, hold
from perennial.ledger.budgeting import count, open_purse
from perennial.ledger.candidates import layers_of
from perennial.ledger.claiming_chunks import (
    Claiming,
    Room,
    blocked,
    joined,
    record_blocks,
    split,
)
from perennial.ledger.database import Database
from perennial.ledger.statements import gathering, packed, packed_keys, statement
from perennial.ledger.tables import in_utc
from perennial.ledger.values import Claim
from perennial.ledger.warming import count_emails, open_allowance
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage
from perennial.model.policy import Caps, ContentMix, SendingRules
from perennial.model.words import Reason

CHUNK = 1000
"""The most messages that one statement claims."""

_ANY_NUMBER = 1_000_000


def claim(
    database: Database,
    messages: Sequence[PlannedMessage],
    *,
    worker: str,
    lease: timedelta,
    now: datetime,
    rules: SendingRules,
) -> Claim:
    """Claims what may leave now; of messages that share a limit, a budget or a new sender's day, those that come first.

    Raises:
        LedgerError: a chunk could not be committed; the chunks before it are claimed until their lease ends.
    """
    candidates = list({message.key: message for message in reversed(messages)}.values())[::-1]
    chunks = (candidates[i : i + CHUNK] for i in range(0, len(candidates), CHUNK))
    common = {"worker": worker, "now": in_utc(now), **_limits(rules.caps, in_utc(now))}
    return joined([_claim_chunk(database, chunk, common, lease, rules) for chunk in chunks])


def block(
    database: Database, messages: Iterable[PlannedMessage], *, reason: Reason, now: datetime
) -> None:
    """Records why messages of a plan will not leave, when that was found outside the ledger."""
    rows = [blocked(message, reason) for message in messages]
    database.write(lambda connection: record_blocks(connection, database.dialect, rows, now))


def begin_dispatch(
    database: Database,
    keys: Collection[MessageKey],
    *,
    worker: str,
    lease: timedelta,
    provider: str | None,
) -> frozenset[MessageKey]:
    """Commits that a request with these messages may be on the wire from now on."""

    def begin(connection: Connection) -> frozenset[MessageKey]:
        clock = database.clock(connection)
        held = {"keys": packed_keys(keys, database.dialect), "worker": worker}
        lease_until = clock + lease
        terms = held | {"clock": clock, "lease_until": lease_until, "provider": provider}
        days = _begun(connection, database.dialect, terms)
        moved = frozenset().union(*days.values())
        if len(moved) < len(set(keys)):
            _give_back_unwanted(connection, database.dialect, held, clock)
        if moved:
            _record_begun(connection, database.dialect, days, lease_until, len(moved))
        return moved

    return database.write(begin)


def release(database: Database, keys: Collection[MessageKey], *, worker: str) -> None:
    """Gives back claimed messages that were never on the wire."""
    held = {"keys": packed_keys(keys, database.dialect), "worker": worker}
    database.write(
        lambda connection: connection.execute(statement("release", database.dialect), held).close()
    )


def _claim_chunk(
    database: Database,
    chunk: Sequence[PlannedMessage],
    common: Mapping[str, Any],
    lease: timedelta,
    rules: SendingRules,
) -> Claim:

    def decide(connection: Connection) -> Claim:
        # One decision at a time in the whole ledger. A lock for each person would let chunks overlap, but takes
        # a thousand slots of PostgreSQL's lock table a chunk, and two chunks that hold the same keys in another
        # order would stop each other. Waiting costs little: a chunk takes milliseconds, a request far longer.
        clock = database.lock(connection)
        terms = {**common, "clock": clock, "lease_until": clock + lease}
        room = Room(
            purse=open_purse(connection, chunk, rules.budget),
            held=hold(connection, chunk, rules.brake, terms["now"]),
            allowance=open_allowance(connection, chunk, rules.sender, terms["now"]),
        )
        claiming = Claiming(connection=connection, dialect=database.dialect, terms=terms, room=room)
        claim = joined([claiming.claim(layer) for layer in layers_of(chunk)])
        claimed = (m for m in chunk if m.key in claim.claimed)
        count(connection, database.dialect, claimed, room.purse)
        count_emails(connection, database.dialect, room.allowance)
        # The last, because whoever hears of complaints waits for these rows until the commit.
        count_sent(connection, database.dialect, room.held.sent, terms["now"])
        return claim

    return database.write(decide)


def _begun(
    connection: Connection, dialect: str, terms: Mapping[str, Any]
) -> dict[tuple[str, str], frozenset[MessageKey]]:
    """What was begun, by campaign and day."""
    if dialect == "postgresql":
        gathered = connection.execute(gathering("begin_dispatch", "gather"), terms)
        return {(campaign, str(day)): frozenset(split(keys)) for campaign, day, keys in gathered}
    days: defaultdict[tuple[str, str], set[MessageKey]] = defaultdict(set)
    for key, campaign, day in connection.execute(statement("begin_dispatch", dialect), terms):
        days[campaign, str(day)].add(key)
    return {day: frozenset(keys) for day, keys in days.items()}


def _record_begun(
    connection: Connection,
    dialect: str,
    days: Collection[tuple[str, str]],
    lease_until: datetime,
    begun: int,
) -> None:
    """The last that its transaction does, because others wait for these rows until the commit."""
    opened = packed({"campaign": campaign, "day": day} for campaign, day in days)
    how = {"days": opened, "lease_until": lease_until}
    connection.execute(statement("open_days", dialect), how)
    connection.execute(statement("count_begun", dialect), {"begun": begun})


def _give_back_unwanted(
    connection: Connection, dialect: str, held: Mapping[str, Any], clock: datetime
) -> None:
    unwanted = {**held, "clock": clock}
    given_back = connection.execute(statement("give_back_unwanted", dialect), unwanted)
    rows = [
        {"key": key, "day": str(day), "campaign": campaign, "reason": reason}
        for key, day, campaign, reason in given_back
    ]
    record_blocks(connection, dialect, rows, clock)


def _limits(caps: Caps, now: datetime) -> dict[str, Any]:
    discounts = caps.discounts_per_30_days
    mix = caps.content_mix or ContentMix(messages=1, discounts=0)
    return {
        "per_day": caps.promotional_per_day,
        "day_ago": now - timedelta(hours=24),
        "per_week": caps.promotional_per_week,
        "week_ago": now - timedelta(days=7),
        "survey_ago": now - timedelta(days=caps.days_between_surveys),
        "discounts": _ANY_NUMBER if discounts is None else discounts,
        "discounts_ago": now - timedelta(days=30),
        "any_number": _ANY_NUMBER,
        "mix_messages": mix.messages - 1,  # those before the one that is claimed
        "mix_discounts": mix.discounts,
        "mix_ago": now - mix.within,
    }
