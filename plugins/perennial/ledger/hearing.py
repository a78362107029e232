"""What reaches the ledger from outside, beside reports on messages: texts that people answer with, and providers' lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from perennial.ledger.auditing import note
from perennial.ledger.bouncing import suppress_bouncing
from perennial.ledger.database import Database
from perennial.ledger.statements import packed, statement
from perennial.ledger.suppressing import lift_within, suppress_within
from perennial.ledger.tables import (
    inbound_texts,
    iso,
    list_pulls,
    message_events,
    messages,
    plans,
    suppressions,
)
from perennial.ledger.values import ListedAddress, Silence
from perennial.model.words import AuditAction, Channel, MessageState, SuppressionReason

_INSERT: Mapping[str, Callable[[Table], Any]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
_BY_TEXT = "inbound_text"


class Hearing:
    """The part of the ledger that takes outsiders at their word; see Ledger."""

    _database: Database

    def refuse_texts(self, sid: str, *, address_key: str, channel: Channel, at: datetime) -> bool:
        """Somebody texted STOP: suppresses the address on that channel; says whether this text is new."""
        return _obey(
            self._database, "stop", sid=sid, address_key=address_key, channel=channel, at=at
        )

    def want_texts(self, sid: str, *, address_key: str, channel: Channel, at: datetime) -> bool:
        """Somebody texted START: lifts what a STOP on that channel did, and nothing else; says whether the text is new.

        A text counts once, by its provider's id: whoever posts a START again does not undo the STOP that came after it.
        """
        return _obey(
            self._database, "start", sid=sid, address_key=address_key, channel=channel, at=at
        )

    def suppress_by_hand(
        self, address_key: str, channel: Channel, *, by: str, reason: str, at: datetime
    ) -> bool:
        """Suppresses an address because a person of the shop says so; says whether that is new, and then keeps who and why.

        Raises:
            LedgerError: it does not say who or why, or says too much.
        """
        manual = SuppressionReason.MANUAL
        row = {"address_key": address_key, "channel": channel, "reason": manual, "at": at}
        why = f"{channel} {manual}: {reason}"

        def put(connection: Connection) -> bool:
            new = suppress_within(connection, row)
            if new:
                action = AuditAction.SUPPRESSED
                note(connection, action, actor=by, subject=address_key, reason=why, at=at)
            return new

        return self._database.write(put)

    def suppress_listed(self, entries: Sequence[ListedAddress], channel: Channel) -> int:
        """Takes over what a provider's list says; says how many addresses and reasons stand that did not before.

        Nothing is ever lifted here, and what was lifted since it got on the list stays so.
        """
        return _suppress_listed(self._database, entries, channel)

    def suppress_bouncing(self, *, now: datetime) -> int:
        """Suppresses addresses that have refused messages for too long; says how many. See bouncing.py."""
        return suppress_bouncing(self._database, now=now)

    def pulled_until(self, provider: str, name: str) -> datetime | None:
        """How far a provider's list has been read."""
        wanted = select(list_pulls.c.until).where(
            list_pulls.c.provider == provider, list_pulls.c.list == name
        )
        with self._database.reading() as connection:
            until: datetime | None = connection.execute(wanted).scalar()
        return until

    def note_pulled(self, provider: str, name: str, *, until: datetime) -> None:
        """Notes how far a provider's list has been read: everything that got on it before `until`."""
        row = {"provider": provider, "list": name, "until": until}
        new = _INSERT[self._database.dialect](list_pulls).values(row)
        noted = new.on_conflict_do_update(
            index_elements=["provider", "list"], set_={"until": new.excluded.until}
        )
        self._database.write(lambda connection: connection.execute(noted).close())

    def silences(self, provider: str, *, since: date, until: datetime) -> Sequence[Silence]:
        """Messages of each day's plans that a provider took on before `until` and never reported on, by day.

        Where reports flow there are next to none: so many on one day say that its webhook was not heard.
        """
        return _silences(self._database, provider, since, until)


def _obey(database: Database, wish: str, **told: Any) -> bool:  # noqa: ANN401 - the columns of a text
    text = _INSERT[database.dialect](inbound_texts).values(wish=wish, **told)
    first = text.on_conflict_do_nothing().returning(inbound_texts.c.sid)
    sid, at, address_key, channel = (told[n] for n in ("sid", "at", "address_key", "channel"))
    reason = SuppressionReason.STOPPED
    row = {"address_key": address_key, "channel": channel, "reason": reason, "at": at}

    def obey(connection: Connection) -> bool:
        if connection.execute(first).scalar() is None:
            return False
        if wish == "stop":
            done, action = suppress_within(connection, row), AuditAction.SUPPRESSED
        else:
            done, action = lift_within(connection, row), AuditAction.LIFTED
        if done:
            why = f"{channel} {reason}: text {sid}"
            note(connection, action, actor=_BY_TEXT, subject=address_key, reason=why, at=at)
        return True

    return database.write(obey)


def _suppress_listed(database: Database, entries: Sequence[ListedAddress], channel: Channel) -> int:
    rows = [asdict(entry) | {"channel": channel, "at": iso(entry.at)} for entry in entries]
    if not rows:
        return 0
    put = statement("suppress_listed", database.dialect)
    keys = sorted({entry.address_key for entry in entries})
    standing = (
        select(func.count())
        .select_from(suppressions)
        .where(
            suppressions.c.address_key.in_(keys),
            suppressions.c.channel == channel,
            suppressions.c.lifted_at.is_(None),
        )
    )

    def take_over(connection: Connection) -> int:
        before: int = connection.execute(standing).scalar_one()
        connection.execute(put, {"listed": packed(rows)}).close()
        after: int = connection.execute(standing).scalar_one()
        return after - before

    return database.write(take_over)


def _silences(database: Database, provider: str, since: date, until: datetime) -> Sequence[Silence]:
    heard = exists().where(message_events.c.message_key == messages.c.key)
    taken, silent = func.count().label("taken"), func.count().filter(~heard).label("silent")
    # By way of the plans, because messages are found by campaign and day, and by no time.
    of_plans = plans.join(
        messages,
        and_(messages.c.campaign == plans.c.campaign, messages.c.day == plans.c.day),
    )
    wanted = (
        select(messages.c.day, taken, silent)
        .select_from(of_plans)
        .where(
            plans.c.day >= since,
            messages.c.provider == provider,
            messages.c.state == MessageState.ACCEPTED,
            messages.c.dispatched_at < until,
        )
        .group_by(messages.c.day)
        .order_by(messages.c.day)
    )
    with database.reading() as connection:
        return [
            Silence(day=row.day, taken=row.taken, silent=row.silent)
            for row in connection.execute(wanted)
        ]
