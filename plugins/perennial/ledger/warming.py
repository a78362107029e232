"""Warming a sender up: of the emails of a new domain, no more are claimed in a day than the day allows.

An email counts to the day on which it is claimed, once, with the claim or not at all; so the day's number holds however
many workers there are, and a crash neither loses nor adds any. What is claimed and not sent after all counts, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from perennial.ledger.database import Database
from perennial.ledger.statements import statement
from perennial.ledger.tables import in_utc, messages, sender_days
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage
from perennial.model.warm_up import NewSender
from perennial.model.words import Channel, Pressure

_KEYS = 500


@dataclass(frozen=True, kw_only=True)
class SenderDay:
    """What a new sender has sent on a day, of what it may. `step` counts the days of its warm-up from 1, of `steps`."""

    domain: str
    day: date
    step: int
    steps: int
    allowed: int
    sent: int

    @property
    def is_full(self) -> bool:
        """Whether no more leaves on that day."""
        return self.sent >= self.allowed


@dataclass(kw_only=True)
class Allowance:
    """What is left of a sender's day while a chunk is being claimed, under the ledger's lock."""

    domain: str
    day: date
    left: int
    counted: set[MessageKey]
    added: int = 0

    def is_short_of(self, layer: Sequence[PlannedMessage]) -> bool:
        """Whether the day may not have room for all of these."""
        return len(layer) > self.left and any(map(_waits, layer))

    def beyond(self, layer: Iterable[PlannedMessage]) -> list[PlannedMessage]:
        """Those that there is no room for, if the emails left in their order; nothing is counted yet.

        What asks whether an address is theirs never waits: it takes room, even where there is none.
        """
        left, beyond = self.left, []
        for message in layer:
            if message.channel is not Channel.EMAIL or message.key in self.counted:
                continue
            if left > 0 or not _waits(message):
                left -= 1
            else:
                beyond.append(message)
        return beyond

    def take(self, claimed: Iterable[PlannedMessage]) -> None:
        """Counts emails that were claimed, each once a day."""
        new = {m.key for m in claimed if m.channel is Channel.EMAIL} - self.counted
        self.counted |= new
        self.added += len(new)
        self.left -= len(new)


def open_allowance(
    connection: Connection,
    layer: Sequence[PlannedMessage],
    sender: NewSender | None,
    now: datetime,
) -> Allowance | None:
    """What is left of today for a new sender; nothing where any number may leave. Asked for under the ledger's lock."""
    if sender is None:
        return None
    day = sender.day_of(now)
    allowed = sender.warm_up.emails_on(day)
    emails = [message.key for message in layer if message.channel is Channel.EMAIL]
    if allowed is None or not emails:
        return None
    sent = _sent(connection, sender.domain, day)
    counted = _claimed_between(connection, emails, sender.begins(day), sender.next_day(now))
    return Allowance(domain=sender.domain, day=day, left=allowed - sent, counted=counted)


def count_emails(connection: Connection, dialect: str, allowance: Allowance | None) -> None:
    """Writes down what was claimed; with the claim or not at all."""
    if allowance is not None and allowance.added:
        added = {"domain": allowance.domain, "day": allowance.day, "emails": allowance.added}
        connection.execute(statement("add_sender_emails", dialect), added).close()


def count_presumed(
    connection: Connection,
    dialect: str,
    sender: NewSender | None,
    presumed: Iterable[PlannedMessage],
    at: datetime,
) -> None:
    """Counts to the day of `at` what a restored ledger presumes sent, and what may have left on that day."""
    if sender is None:
        return
    day = sender.day_of(at)
    begins = sender.begins(day)
    allowance = Allowance(domain=sender.domain, day=day, left=0, counted=set())
    allowance.take(message for message in presumed if message.expires_at > begins)
    count_emails(connection, dialect, allowance)


def sender_day(database: Database, sender: NewSender, *, now: datetime) -> SenderDay | None:
    """Where a new sender stands today; nothing when it is warm."""
    day, rule = sender.day_of(now), sender.warm_up
    allowed = rule.emails_on(day)
    if allowed is None:
        return None
    with database.reading() as connection:
        sent = _sent(connection, sender.domain, day)
    return SenderDay(
        domain=sender.domain,
        day=day,
        step=rule.step_on(day),
        steps=len(rule.emails_per_day),
        allowed=allowed,
        sent=sent,
    )


def _sent(connection: Connection, domain: str, day: date) -> int:
    asked = select(sender_days.c.emails).where(
        sender_days.c.domain == domain, sender_days.c.day == day
    )
    return connection.execute(asked).scalar() or 0


def _claimed_between(
    connection: Connection, keys: Sequence[MessageKey], begins: datetime, ends: datetime
) -> set[MessageKey]:
    """Those that the day has counted already: they were claimed on it before."""
    today = (messages.c.claimed_at >= in_utc(begins), messages.c.claimed_at < in_utc(ends))
    found: set[MessageKey] = set()
    for start in range(0, len(keys), _KEYS):
        some = messages.c.key.in_(keys[start : start + _KEYS])
        found.update(connection.execute(select(messages.c.key).where(some, *today)).scalars())
    return found


def _waits(message: PlannedMessage) -> bool:
    return message.channel is Channel.EMAIL and message.pressure is not Pressure.SERVICE
