"""From planned to on the wire: claims, the last look before the first byte, and giving back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from perennial.ledger.braking import Hold, count_sent, hold
from perennial.ledger.budgeting import Purse, count, open_purse
from perennial.ledger.candidates import candidate_row, layers_of
from perennial.ledger.columns import load
from perennial.ledger.database import Database
from perennial.ledger.statements import gathering, packed, packed_keys, statement
from perennial.ledger.tables import in_utc
from perennial.ledger.values import Claim
from perennial.ledger.warming import Allowance, count_emails, open_allowance
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage
from perennial.model.policy import NO_BUDGET, Brake, Budget, Caps
from perennial.model.warm_up import NewSender
from perennial.model.words import Reason

CHUNK = 1000
_ANY_NUMBER = 1_000_000
"""The most messages that one statement claims."""

_TAKEN = "taken"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds back messages although they might leave."""

    budget: Budget
    brake: Brake | None
    sender: NewSender | None


@dataclass(frozen=True, kw_only=True)
class Room:
    """What the rules leave room for while a chunk is being claimed."""

    purse: Purse
    held: Hold
    allowance: Allowance | None


def claim(
    database: Database,
    messages: Sequence[PlannedMessage],
    *,
    worker: str,
    lease: timedelta,
    now: datetime,
    caps: Caps,
    budget: Budget = NO_BUDGET,
    brake: Brake | None = None,
    sender: NewSender | None = None,
) -> Claim:
    """Claims what may leave now; of messages that share a limit, a budget or a new sender's day, those that come first.

    Raises:
        LedgerError: a chunk could not be committed; the chunks before it are claimed until their lease ends.
    """
    candidates = list({message.key: message for message in reversed(messages)}.values())[::-1]
    chunks = (candidates[i : i + CHUNK] for i in range(0, len(candidates), CHUNK))
    common = {"worker": worker, "now": in_utc(now), **_limits(caps, in_utc(now))}
    rules = Rules(budget=budget, brake=brake, sender=sender)
    return _joined([_claim_chunk(database, chunk, common, lease, rules) for chunk in chunks])


def block(
    database: Database, messages: Iterable[PlannedMessage], *, reason: Reason, now: datetime
) -> None:
    """Records why messages of a plan will not leave, when that was found outside the ledger."""
    rows = [_blocked(message, reason) for message in messages]
    database.write(lambda connection: _record_blocks(connection, database.dialect, rows, now))


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
    rules: Rules,
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
        claim = _joined(
            [
                _claim_layer(connection, database.dialect, layer, terms, room)
                for layer in layers_of(chunk)
            ]
        )
        claimed = (m for m in chunk if m.key in claim.claimed)
        count(connection, database.dialect, claimed, room.purse)
        count_emails(connection, database.dialect, room.allowance)
        # The last, because whoever hears of complaints waits for these rows until the commit.
        count_sent(connection, database.dialect, room.held.sent, terms["now"])
        return claim

    return database.write(decide)


def _claim_layer(
    connection: Connection,
    dialect: str,
    layer: Sequence[PlannedMessage],
    terms: Mapping[str, Any],
    room: Room,
) -> Claim:
    kept = []
    free = layer
    for keep_back in (_braked, _unallowed, _unpaid):
        kept.append(keep_back(connection, dialect, free, terms, room))
        if blocked := kept[-1].blocked:
            free = [message for message in free if message.key not in blocked]
    claim = _claim_free(connection, dialect, free, terms, room.held) if free else Claim()
    room.purse.pay(message for message in free if message.key in claim.claimed)
    if room.allowance is not None:
        room.allowance.take(message for message in free if message.key in claim.claimed)
    return _joined([claim, *kept])


def _braked(
    connection: Connection,
    dialect: str,
    layer: Sequence[PlannedMessage],
    terms: Mapping[str, Any],
    room: Room,
) -> Claim:
    """What might leave if fewer people complained is blocked."""
    kept = [message for message in layer if room.held.keeps(message)]
    if not kept:
        return Claim()
    claimable = _claimable(connection, dialect, kept, terms)
    return _kept_back(
        connection, dialect, [m for m in kept if m.key in claimable], Reason.BRAKED, terms
    )


def _unallowed(
    connection: Connection,
    dialect: str,
    layer: Sequence[PlannedMessage],
    terms: Mapping[str, Any],
    room: Room,
) -> Claim:
    """What might leave if its sender were warm is blocked; what the day has room for is not asked about."""
    allowance = room.allowance
    if allowance is None or not allowance.is_short_of(layer):
        return Claim()
    claimable = _claimable(connection, dialect, layer, terms)
    beyond = allowance.beyond([message for message in layer if message.key in claimable])
    return _kept_back(connection, dialect, beyond, Reason.WARMING_UP, terms)


def _unpaid(
    connection: Connection,
    dialect: str,
    layer: Sequence[PlannedMessage],
    terms: Mapping[str, Any],
    room: Room,
) -> Claim:
    """What might leave if the budget had room for it is blocked; what leaves it room is not asked about."""
    purse = room.purse
    if not purse.beyond(layer):
        return Claim()
    claimable = _claimable(connection, dialect, layer, terms)
    beyond = purse.beyond([message for message in layer if message.key in claimable])
    return _kept_back(connection, dialect, beyond, Reason.BUDGET_EXHAUSTED, terms)


def _claimable(
    connection: Connection,
    dialect: str,
    messages: Sequence[PlannedMessage],
    terms: Mapping[str, Any],
) -> set[MessageKey]:
    batch = load(connection, "candidates", map(candidate_row, messages))
    asked = statement("claimable", dialect, batch.alike)
    return set(connection.execute(asked, {**terms, **batch.parameters}).scalars())


def _kept_back(
    connection: Connection,
    dialect: str,
    messages: Sequence[PlannedMessage],
    reason: Reason,
    terms: Mapping[str, Any],
) -> Claim:
    rows = [_blocked(message, reason) for message in messages]
    _record_blocks(connection, dialect, rows, terms["now"])
    return Claim(blocked={message.key: reason for message in messages})


def _claim_free(
    connection: Connection,
    dialect: str,
    layer: Sequence[PlannedMessage],
    terms: Mapping[str, Any],
    held: Hold,
) -> Claim:
    claimed = _claimed(connection, dialect, "claim", layer, terms)
    held.sent += [message for message in layer if message.key in claimed]
    if len(claimed) == len(layer):
        return Claim(claimed=claimed)
    known = [message for message in layer if message.key not in claimed]
    claimed |= _claimed(connection, dialect, "claim_again", known, terms)
    left = _sort_out(connection, dialect, [m for m in known if m.key not in claimed], terms)
    return replace(left, claimed=claimed)


def _claimed(
    connection: Connection,
    dialect: str,
    how: str,
    messages: Sequence[PlannedMessage],
    terms: Mapping[str, Any],
) -> frozenset[MessageKey]:
    """Claims by one of the two statements; what it has claimed is not blocked any more."""
    batch = load(connection, "candidates", map(candidate_row, messages))
    given = {**terms, **batch.parameters}
    if dialect == "postgresql":
        gathered = connection.execute(gathering(how, "gather_claimed", batch.alike), given)
        return frozenset(_split(gathered.scalar_one()))
    claimed = frozenset(connection.execute(statement(how, dialect), given).scalars())
    mine = [message for message in messages if message.key in claimed]
    if mine:
        if len(mine) < len(messages):
            load(connection, "candidates", map(candidate_row, mine))
        connection.execute(statement("unblock", dialect))
    return claimed


def _begun(
    connection: Connection, dialect: str, terms: Mapping[str, Any]
) -> dict[tuple[str, str], frozenset[MessageKey]]:
    """What was begun, by campaign and day."""
    if dialect == "postgresql":
        gathered = connection.execute(gathering("begin_dispatch", "gather"), terms)
        return {(campaign, str(day)): frozenset(_split(keys)) for campaign, day, keys in gathered}
    days: defaultdict[tuple[str, str], set[MessageKey]] = defaultdict(set)
    for key, campaign, day in connection.execute(statement("begin_dispatch", dialect), terms):
        days[campaign, str(day)].add(key)
    return {day: frozenset(keys) for day, keys in days.items()}


def _split(keys: str | None) -> list[MessageKey]:
    """Keys as PostgreSQL gathers them."""
    return [MessageKey(key) for key in keys.split(",")] if keys else []


def _sort_out(
    connection: Connection,
    dialect: str,
    rest: Sequence[PlannedMessage],
    terms: Mapping[str, Any],
) -> Claim:
    if not rest:
        return Claim()
    batch = load(connection, "candidates", map(candidate_row, rest))
    judged = statement("leftovers", dialect, batch.alike)
    verdicts: dict[MessageKey, str] = dict(
        connection.execute(judged, {**terms, **batch.parameters}).all()
    )
    blocked = {key: Reason(verdict) for key, verdict in verdicts.items() if verdict != _TAKEN}
    rows = [_blocked(m, blocked[m.key]) for m in rest if m.key in blocked]
    _record_blocks(connection, dialect, rows, terms["now"])
    taken = frozenset(key for key, verdict in verdicts.items() if verdict == _TAKEN)
    return Claim(blocked=blocked, taken=taken)


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
    _record_blocks(connection, dialect, rows, clock)


def _record_blocks(
    connection: Connection, dialect: str, rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    if rows:
        connection.execute(statement("block", dialect), {"blocks": packed(rows), "now": now})


def _joined(claims: Sequence[Claim]) -> Claim:
    return Claim(
        claimed=frozenset().union(*(claim.claimed for claim in claims)),
        blocked={key: reason for claim in claims for key, reason in claim.blocked.items()},
        taken=frozenset().union(*(claim.taken for claim in claims)),
    )


def _limits(caps: Caps, now: datetime) -> dict[str, Any]:
    discounts = caps.discounts_per_30_days
    return {
        "per_day": caps.promotional_per_day,
        "day_ago": now - timedelta(hours=24),
        "per_week": caps.promotional_per_week,
        "week_ago": now - timedelta(days=7),
        "survey_ago": now - timedelta(days=caps.days_between_surveys),
        "discounts": _ANY_NUMBER if discounts is None else discounts,
        "discounts_ago": now - timedelta(days=30),
        "any_number": _ANY_NUMBER,
    }


def _blocked(message: PlannedMessage, reason: Reason) -> dict[str, Any]:
    return {
        "key": message.key,
        "day": message.day.isoformat(),
        "campaign": message.campaign,
        "reason": reason,
    }
