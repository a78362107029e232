"""What the doctor and monitoring read of the ledger: its tables' version, and counts. Nothing about anybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, delete, func, select

from perennial.ledger import braking, migrating, warming
from perennial.ledger.braking import MailboxHealth
from perennial.ledger.budgeting import Spent
from perennial.ledger.database import Database
from perennial.ledger.tables import mailbox_hours, parked_events, providers, spending
from perennial.ledger.warming import SenderDay
from perennial.model.policy import Brake
from perennial.model.warm_up import NewSender
from perennial.model.words import Mailbox

_MILLION = 1_000_000


class Watching:
    """The part of the ledger that monitoring asks; see Ledger."""

    _database: Database

    @property
    def file_is_missing(self) -> bool:
        """Whether it is to be a file of SQLite, and nobody has made it yet: connecting would."""
        path = self._database.file
        return path is not None and not path.exists()

    def check_tables(self) -> None:
        """Makes sure that the tables are those of this version; changes nothing.

        Raises:
            LedgerError: it was never migrated, or by another version, or the database cannot be read.
        """
        with self._database.reading() as connection:
            migrating.check_version(connection)

    def mailbox_health(self, brake: Brake, *, now: datetime) -> list[MailboxHealth]:
        """What each mailbox provider's people got and marked of late, and how hard the brake holds there."""
        return braking.mailbox_health(self._database, brake, now=now)

    def lift_brake(self, mailbox: Mailbox, *, by: str, reason: str, at: datetime) -> bool:
        """Lets promotional emails leave to a mailbox provider again; says whether anything was counted. Who and why are kept."""
        return braking.lift(self._database, mailbox, by=by, reason=reason, at=at)

    def sender_day(self, sender: NewSender, *, now: datetime) -> SenderDay | None:
        """What a new sender has sent today, of what it may; nothing when it is warm."""
        return warming.sender_day(self._database, sender, now=now)

    def reported_until(self) -> Mapping[str, datetime]:
        """By provider: when the latest request began that it has reported on."""
        told = select(providers.c.provider, providers.c.events_until).where(
            providers.c.events_until.is_not(None)
        )
        with self._database.reading() as connection:
            return {row.provider: row.events_until for row in connection.execute(told)}

    def spent_in(self, month: str) -> Mapping[str, Spent]:
        """What each campaign, and all of them under *, have spent in a month, as 2026-11; also what may not leave after all."""
        sums = select(spending).where(spending.c.month == month)
        with self._database.reading() as connection:
            return {
                row.whose: Spent(Decimal(row.money) / _MILLION, row.segments)
                for row in connection.execute(sums)
            }

    def forget_reports(self, *, before: datetime, remove: bool) -> Mapping[str, int]:
        """Rows from before an instant of what nobody asks for any more, by table; with `remove`, they are removed."""
        old = {
            parked_events: parked_events.c.received_at < before,
            mailbox_hours: mailbox_hours.c.hour < before,
        }

        def forget(connection: Connection) -> dict[str, int]:
            counts = {
                table.name: connection.execute(
                    select(func.count()).select_from(table).where(is_old)
                ).scalar_one()
                for table, is_old in old.items()
            }
            for table, is_old in old.items() if remove else ():
                connection.execute(delete(table).where(is_old)).close()
            return counts

        return self._database.write(forget)
