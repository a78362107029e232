"""From planned to on the wire: claims, the last look before the first byte, and giving back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from perennial.ledger.database import Database
from perennial.ledger.statements import packed, packed_keys, statement
from perennial.ledger.tables import iso
from perennial.ledger.values import Claim
from perennial.model.keys import MessageKey
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.shop import Caps
from perennial.model.words import Pressure, Reason

CHUNK = 1000
"""The most messages that one statement claims."""

_TAKEN = "taken"


def claim(
    database: Database,
    messages: Sequence[PlannedMessage],
    *,
    worker: str,
    lease: timedelta,
    now: datetime,
    caps: Caps,
) -> Claim:
    """Claims what may leave now; of messages that share a limit, those that come first.

    Raises:
        LedgerError: a chunk could not be committed; the chunks before it are claimed until their lease ends.
    """
    candidates = list({message.key: message for message in reversed(messages)}.values())[::-1]
    chunks = (candidates[i : i + CHUNK] for i in range(0, len(candidates), CHUNK))
    common = {"worker": worker, "now": now, "limits": packed(_limits(caps, now))}
    return _joined([_claim_chunk(database, chunk, common, lease) for chunk in chunks])


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
        held = {"keys": packed_keys(keys), "worker": worker}
        lease_until = clock + lease
        begun = connection.execute(
            statement("begin_dispatch", database.dialect),
            held | {"clock": clock, "lease_until": lease_until, "provider": provider},
        ).all()
        days = packed(
            {"campaign": c, "day": d} for c, d in {(m.campaign, str(m.day)) for m in begun}
        )
        connection.execute(
            statement("open_days", database.dialect), {"days": days, "lease_until": lease_until}
        )
        moved = frozenset(message.key for message in begun)
        if len(moved) < len(set(keys)):
            _give_back_suppressed(connection, database.dialect, held, clock)
        return moved

    return database.write(begin)


def release(database: Database, keys: Collection[MessageKey], *, worker: str) -> None:
    """Gives back claimed messages that were never on the wire."""
    held = {"keys": packed_keys(keys), "worker": worker}
    database.write(
        lambda connection: connection.execute(statement("release", database.dialect), held).close()
    )


def _claim_chunk(
    database: Database,
    chunk: Sequence[PlannedMessage],
    common: Mapping[str, Any],
    lease: timedelta,
) -> Claim:
    candidates = packed(_candidate(turn, message) for turn, message in enumerate(chunk))

    def decide(connection: Connection) -> Claim:
        # One decision at a time in the whole ledger. A lock for each person would let chunks overlap, but takes
        # a thousand slots of PostgreSQL's lock table a chunk, and two chunks that hold the same keys in another
        # order would stop each other. Waiting costs little: a chunk takes milliseconds, a request far longer.
        database.lock(connection)
        clock = database.clock(connection)
        times = {"now": common["now"], "clock": clock}
        claimed = frozenset(
            connection.execute(
                statement("claim", database.dialect),
                {**common, **times, "candidates": candidates, "lease_until": clock + lease},
            ).scalars()
        )
        _record_claimed(connection, database.dialect, [m for m in chunk if m.key in claimed])
        rest = [message for message in chunk if message.key not in claimed]
        return _sort_out(connection, database.dialect, claimed, rest, times)

    return database.write(decide)


def _record_claimed(
    connection: Connection, dialect: str, claimed: Sequence[PlannedMessage]
) -> None:
    if claimed:
        keys = packed_keys(message.key for message in claimed)
        connection.execute(statement("unblock", dialect), {"keys": keys})
    coupons = [_coupon(m.key, m.coupon) for m in claimed if m.coupon is not None]
    if coupons:
        connection.execute(statement("coupons", dialect), {"coupons": packed(coupons)})


def _sort_out(
    connection: Connection,
    dialect: str,
    claimed: frozenset[MessageKey],
    rest: Sequence[PlannedMessage],
    times: Mapping[str, datetime],
) -> Claim:
    if not rest:
        return Claim(claimed=claimed)
    candidates = packed(_candidate(turn, message) for turn, message in enumerate(rest))
    verdicts: dict[MessageKey, str] = dict(
        connection.execute(
            statement("leftovers", dialect), {"candidates": candidates, **times}
        ).all()
    )
    blocked = {key: Reason(verdict) for key, verdict in verdicts.items() if verdict != _TAKEN}
    rows = [_blocked(m, blocked[m.key]) for m in rest if m.key in blocked]
    _record_blocks(connection, dialect, rows, times["now"])
    taken = frozenset(key for key, verdict in verdicts.items() if verdict == _TAKEN)
    return Claim(claimed=claimed, blocked=blocked, taken=taken)


def _give_back_suppressed(
    connection: Connection, dialect: str, held: Mapping[str, Any], clock: datetime
) -> None:
    given_back = connection.execute(statement("give_back_suppressed", dialect), held)
    rows = [
        {"key": key, "day": str(day), "campaign": campaign, "reason": Reason.SUPPRESSED}
        for key, day, campaign in given_back
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


def _limits(caps: Caps, now: datetime) -> Iterator[dict[str, Any]]:
    limits = (
        (Pressure.PROMOTIONAL, caps.promotional_per_day, timedelta(hours=24)),
        (Pressure.PROMOTIONAL, caps.promotional_per_week, timedelta(days=7)),
        (Pressure.SURVEY, 1, timedelta(days=caps.days_between_surveys)),
    )
    for pressure, most, window in limits:
        yield {"pressure": pressure, "most": most, "since": iso(now - window)}


def _candidate(turn: int, message: PlannedMessage) -> dict[str, Any]:
    return {
        "turn": turn,
        "key": message.key,
        "campaign": message.campaign,
        "step": message.step,
        "customer_id": message.customer_id,
        "person_id": message.person_id,
        "occasion": message.occasion,
        "day": message.day.isoformat(),
        "channel": message.channel,
        "pressure": message.pressure,
        "address_key": message.address_key,
        "coupon_code": message.coupon.code if message.coupon else None,
        "send_at": iso(message.send_at),
        "expires_at": iso(message.expires_at),
    }


def _coupon(key: MessageKey, coupon: Coupon) -> dict[str, Any]:
    return {
        "code": coupon.code,
        "message_key": key,
        "kind": coupon.kind,
        "value": str(coupon.value),
        "expires_on": coupon.expires_on.isoformat(),
    }


def _blocked(message: PlannedMessage, reason: Reason) -> dict[str, Any]:
    return {
        "key": message.key,
        "day": message.day.isoformat(),
        "campaign": message.campaign,
        "reason": reason,
    }
