"""The brake: where too many of those who got an email mark it as spam, fewer promotional emails leave, or none.

Mailbox providers count by their own; so are emails and complaints counted here, by the hour and the mailbox provider:
emails when they are first claimed, complaints and bounces when we are told. What a person has lifted counts no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Connection, func, select, update

from perennial.ledger.auditing import note
from perennial.ledger.database import Database
from perennial.ledger.statements import packed, packed_keys, statement
from perennial.ledger.tables import in_utc, iso, mailbox_hours
from perennial.model.keys import MessageKey
from perennial.model.mailboxes import mailbox_of
from perennial.model.message import PlannedMessage
from perennial.model.policy import Brake
from perennial.model.words import AuditAction, Channel, EventWord, Mailbox, Pressure

_COUNTED = {EventWord.COMPLAINED.value: "complained", EventWord.BOUNCED.value: "bounced"}
_PARTS = 10_000


class Grip(StrEnum):
    """How hard the brake holds."""

    OPEN = "open"
    SLOWED = "slowed"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class MailboxHealth:
    """What one mailbox provider's people got and marked, in the span that the policy looks at."""

    mailbox: Mailbox
    sent: int
    bounced: int
    complained: int
    grip: Grip = Grip.OPEN

    @property
    def complaint_share(self) -> Decimal:
        """Complaints a message, 0 without any message."""
        return Decimal(self.complained) / self.sent if self.sent else Decimal(0)


@dataclass(kw_only=True)
class Hold:
    """Whom the brake keeps back while a chunk is being claimed, and what of the chunk was claimed for the first time."""

    grips: Mapping[Mailbox, Grip] = field(default_factory=dict)
    slow_to: Decimal = Decimal(1)
    sent: list[PlannedMessage] = field(default_factory=list)

    def keeps(self, message: PlannedMessage) -> bool:
        """Whether a message stays. Of a slowed provider's, always the same leave, however often they are asked for."""
        if not self.grips or not _is_braked(message):
            return False
        grip = self.grips.get(mailbox_of(message.address), Grip.OPEN)
        return grip is Grip.STOPPED or (
            grip is Grip.SLOWED and not _leaves(message.key, self.slow_to)
        )


def hold(
    connection: Connection, messages: Iterable[PlannedMessage], brake: Brake | None, now: datetime
) -> Hold:
    """What holds for some messages; asks nothing where none of them can be kept back."""
    if brake is None or not any(map(_is_braked, messages)):
        return Hold()
    found = _health(connection, brake, now)
    grips = {health.mailbox: health.grip for health in found if health.grip is not Grip.OPEN}
    return Hold(grips=grips, slow_to=brake.slow_to)


def count_sent(
    connection: Connection, dialect: str, claimed: Iterable[PlannedMessage], now: datetime
) -> None:
    """Counts emails that were claimed for the first time; the last that its transaction does but one."""
    counts = Counter(mailbox_of(m.address) for m in claimed if m.channel is Channel.EMAIL)
    rows = [_row(mailbox, now, sent=count) for mailbox, count in sorted(counts.items())]
    _add(connection, dialect, rows)


def count_reported(
    connection: Connection, database: Database, new: Collection[tuple[str, str]], at: datetime
) -> None:
    """Counts complaints and bounces that nobody had told before."""
    told = [(key, word) for key, word in sorted(new) if word in _COUNTED]
    if not told:
        return
    keys = {"keys": packed_keys({key for key, _ in told}, database.dialect)}
    known = connection.execute(statement("mailboxes", database.dialect), keys)
    mailboxes = {row.key: row.mailbox for row in known if row.mailbox}
    counts = Counter((mailboxes[key], word) for key, word in told if key in mailboxes)
    rows = [
        _row(Mailbox(mailbox), at, **{_COUNTED[word]: count})
        for (mailbox, word), count in sorted(counts.items())
    ]
    for row in rows:  # a statement may name a row once
        _add(connection, database.dialect, [row])


def mailbox_health(database: Database, brake: Brake, *, now: datetime) -> list[MailboxHealth]:
    """Every mailbox provider that anything was sent to, in the order of the closed list."""
    with database.reading() as connection:
        return _health(connection, brake, now)


def lift(database: Database, mailbox: Mailbox, *, by: str, reason: str, at: datetime) -> bool:
    """Lets messages leave to a mailbox provider again: what was counted so far counts no more.

    Says whether anything was counted. Who and why are kept.

    Raises:
        LedgerError: it does not say who or why.
    """

    def lift_it(connection: Connection) -> bool:
        database.lock(connection)
        counted = (mailbox_hours.c.mailbox == mailbox, mailbox_hours.c.lifted_at.is_(None))
        lifted = connection.execute(update(mailbox_hours).where(*counted).values(lifted_at=at))
        subject = f"brake:{mailbox}"
        note(connection, AuditAction.RELEASED, actor=by, subject=subject, reason=reason, at=at)
        return bool(lifted.rowcount)

    return database.write(lift_it)


def _health(connection: Connection, brake: Brake, now: datetime) -> list[MailboxHealth]:
    sums = [
        func.coalesce(func.sum(mailbox_hours.c[name]), 0).label(name)
        for name in ("sent", "bounced", "complained")
    ]
    counted = (
        select(mailbox_hours.c.mailbox, *sums)
        .where(
            mailbox_hours.c.hour > in_utc(now) - brake.within, mailbox_hours.c.lifted_at.is_(None)
        )
        .group_by(mailbox_hours.c.mailbox)
    )
    found = {row.mailbox: row for row in connection.execute(counted)}
    return [
        _judged(brake, mailbox, int(row.sent), int(row.bounced), int(row.complained))
        for mailbox in Mailbox
        if (row := found.get(mailbox.value)) is not None
    ]


def _judged(
    brake: Brake, mailbox: Mailbox, sent: int, bounced: int, complained: int
) -> MailboxHealth:
    grip = Grip.OPEN
    if sent >= brake.at_least:
        share = Decimal(complained) / sent
        if share >= brake.stop_from:
            grip = Grip.STOPPED
        elif share >= brake.slow_from:
            grip = Grip.SLOWED
    return MailboxHealth(
        mailbox=mailbox, sent=sent, bounced=bounced, complained=complained, grip=grip
    )


def _is_braked(message: PlannedMessage) -> bool:
    return message.channel is Channel.EMAIL and message.pressure is Pressure.PROMOTIONAL


def _leaves(key: MessageKey, share: Decimal) -> bool:
    """A share of all keys, which are hashes."""
    return int(key[-8:], 16) % _PARTS < share * _PARTS


def _row(mailbox: Mailbox, at: datetime, **counts: int) -> dict[str, object]:
    hour = in_utc(at).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    none = {"sent": 0, "bounced": 0, "complained": 0}
    return {"mailbox": mailbox.value, "hour": iso(hour), **none, **counts}


def _add(connection: Connection, dialect: str, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        add = statement("count_mailboxes", dialect)
        connection.execute(add, {"mailbox_counts": packed(rows)}).close()
