"""Addresses that refuse for the time being, again and again, until they are not written to any more.

Counting is left to the events, which come in any order; judging waits until no provider reports late any more, and
looks at everything that is known of the address, so the order cannot matter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, tuple_, update

from perennial.ledger.database import Database
from perennial.ledger.suppressing import suppress
from perennial.ledger.tables import message_events, messages, soft_bounces
from perennial.model.words import Channel, EventWord, SuppressionReason

IN_A_ROW = 5
"""So many messages refused, and none delivered in between …"""

OVER = timedelta(days=7)
"""… over so long at least: a mailbox that is full for a weekend is not lost."""

LATE = timedelta(hours=25)
"""Providers report for a day; what happened before is known by then."""

# About the address, the mailbox, or the way there (RFC 3463: x.1, x.2, x.4). A refusal for the sender's sake (x.7) or the
# email's (x.6) says nothing about who should have got it.
_REFUSED = re.compile(r"[45]\.[124]\.\d+|450|452|552", re.ASCII)
# Twilio: out of reach, unknown, a line that takes no texts.
_OUT_OF_REACH = frozenset({"30003", "30005", "30006"})
_ARRIVED = frozenset({EventWord.DELIVERED, EventWord.OPENED, EventWord.CLICKED})
_SOFT = frozenset({EventWord.BLOCKED, EventWord.UNDELIVERED})
_AT_ONCE = 200


class _Address(NamedTuple):
    address_key: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class _Row:
    """Refusals in a row; none at all where the last message arrived."""

    refused: Sequence[datetime]

    @property
    def is_lost(self) -> bool:
        return len(self.refused) >= IN_A_ROW and self.refused[-1] - self.refused[0] >= OVER


def is_soft_bounce(word: str, code: str | None) -> bool:
    """Whether a report says that an address refused for the time being."""
    if word == EventWord.BLOCKED:
        return _REFUSED.fullmatch(code or "") is not None
    return word == EventWord.UNDELIVERED and code in _OUT_OF_REACH


def suppress_bouncing(database: Database, *, now: datetime) -> int:
    """Suppresses the addresses that are lost, and begins the others anew where a message arrived; says how many are lost."""
    counted = _candidates(database, now)
    lost = 0
    for start in range(0, len(counted), _AT_ONCE):
        some = dict(list(counted.items())[start : start + _AT_ONCE])
        for address, row in _rows(database, list(some)).items():
            if row.is_lost:
                lost += suppress(
                    database,
                    address_key=address.address_key,
                    channel=Channel(address.channel),
                    reason=SuppressionReason.INVALID,
                    at=row.refused[-1],
                )
            _begin_anew(database, address, row, counted=some[address])
    return lost


def _candidates(database: Database, now: datetime) -> Mapping[_Address, int]:
    """Addresses whose row may be long enough, and its count."""
    long = select(soft_bounces, soft_bounces.c.count.label("refusals")).where(
        soft_bounces.c.count >= IN_A_ROW, soft_bounces.c.last_at <= now - LATE
    )
    with database.reading() as connection:
        return {
            _Address(row.address_key, row.channel): row.refusals
            for row in connection.execute(long)
            if row.last_at - row.first_at >= OVER
        }


def _rows(database: Database, addresses: Sequence[_Address]) -> Mapping[_Address, _Row]:
    refused, arrived = defaultdict[_Address, list[datetime]](list), dict[_Address, datetime]()
    with database.reading() as connection:
        for address, word, code, at in _reports(connection, addresses):
            if word in _ARRIVED:
                arrived[address] = max(at, arrived.get(address, at))
            elif is_soft_bounce(word, code):
                refused[address].append(at)
    return {
        address: _Row(
            refused=sorted(
                at for at in refused[address] if address not in arrived or at > arrived[address]
            )
        )
        for address in addresses
    }


def _reports(
    connection: Connection, addresses: Sequence[_Address]
) -> Iterator[tuple[_Address, str, str | None, datetime]]:
    """What is known of everything that was sent to these addresses. There is no index for it: it is asked once a night."""
    of_these = tuple_(messages.c.address_key, messages.c.channel).in_(addresses)
    reported = (
        select(*messages.c["address_key", "channel"], *message_events.c["word", "code", "at"])
        .join(message_events, message_events.c.message_key == messages.c.key)
        .where(of_these, message_events.c.word.in_(sorted(_ARRIVED | _SOFT)))
    )
    for row in connection.execute(reported):
        yield _Address(row.address_key, row.channel), row.word, row.code, row.at


def _begin_anew(database: Database, address: _Address, row: _Row, *, counted: int) -> None:
    """The count is what stands in a row now; nothing where the address is lost. Not if it has grown meanwhile."""
    as_seen = (
        soft_bounces.c.address_key == address.address_key,
        soft_bounces.c.channel == address.channel,
        soft_bounces.c.count == counted,
    )
    left = (
        delete(soft_bounces).where(*as_seen)
        if row.is_lost or not row.refused
        else update(soft_bounces)
        .where(*as_seen)
        .values(count=len(row.refused), first_at=row.refused[0], last_at=row.refused[-1])
    )
    database.write(lambda connection: connection.execute(left).close())
