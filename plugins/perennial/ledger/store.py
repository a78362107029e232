"""The ledger: what may never happen twice, or be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa
from pydantic import SecretStr
from sqlalchemy import Connection, update

from perennial.ledger import claiming, migrating, reading, recording, settling
from perennial.ledger.database import Database
from perennial.ledger.tables import identity
from perennial.ledger.values import Claim, Doubt, Entry, HoldOut, PlanRecord, Standing
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage, Receipt
from perennial.model.shop import Caps
from perennial.model.words import Channel, MessageState, Reason, SuppressionReason

__all__ = ["Claim", "Doubt", "Entry", "HoldOut", "Ledger", "PlanRecord", "Standing"]


class Ledger:
    """One installation's ledger, in SQLite or PostgreSQL; may be shared by threads.

    Nothing is connected before the first call. Every method raises LedgerError when the database fails, and has
    then recorded nothing. See docs/reference/ledger.md.
    """

    def __init__(self, url: str | SecretStr) -> None:
        self._database = Database(url)

    def __repr__(self) -> str:
        return f"Ledger({self._database.url.render_as_string(hide_password=True)!r})"

    def migrate(self) -> None:
        """Makes or upgrades the tables; may be run by several at once."""
        migrating.migrate(self._database)

    def check_writable(self) -> None:
        """Makes sure that what is about to be sent can be recorded.

        Raises:
            LedgerError: it cannot; says what to do.
        """

        def touch(connection: Connection) -> None:
            migrating.check_version(connection)
            clock = self._database.clock(connection)
            connection.execute(update(identity).values(checked_at=clock))

        self._database.write(touch)

    def claim(
        self,
        messages: Sequence[PlannedMessage],
        *,
        worker: str,
        lease: timedelta,
        now: datetime,
        caps: Caps,
    ) -> Claim:
        """Claims what may leave now. The lease is measured by the database's clock, everything else by `now`."""
        return claiming.claim(
            self._database, messages, worker=worker, lease=lease, now=now, caps=caps
        )

    def begin_dispatch(
        self,
        keys: Collection[MessageKey],
        *,
        worker: str,
        lease: timedelta,
        provider: str | None = None,
    ) -> frozenset[MessageKey]:
        """Commits that these messages may be on the wire from now on; send those it returns and no others.

        What is missing has been lost to its lease, or its address has been suppressed since the claim.
        """
        return claiming.begin_dispatch(
            self._database, keys, worker=worker, lease=lease, provider=provider
        )

    def release(self, keys: Collection[MessageKey], *, worker: str) -> None:
        """Gives back claimed messages that were never on the wire; they are retryable at once."""
        claiming.release(self._database, keys, worker=worker)

    def block(self, messages: Iterable[PlannedMessage], *, reason: Reason, now: datetime) -> None:
        """Records why messages will not leave, when that was found outside the ledger (an order came in).

        Messages that are claimed are to be released, too.
        """
        claiming.block(self._database, messages, reason=reason, now=now)

    def settle(
        self, receipts: Sequence[Receipt], *, now: datetime, worker: str | None = None
    ) -> None:
        """Records answers, all or none of them. Accepted and refused are final: what comes later is ignored.

        With `worker`, they answer that worker's requests: what another one has begun since is left alone. A yes is
        believed whoever brings it.
        """
        settling.settle(self._database, receipts, now=now, worker=worker)

    def settle_doubts(self, evidence: Sequence[Receipt], *, now: datetime) -> None:
        """Records what a provider can prove about messages in doubt; where the doubt is over, only a yes counts."""
        settling.settle(self._database, evidence, now=now, evidence=True)

    def abandon_expired(self) -> int:
        """Puts in doubt the messages whose worker began a request and let the lease end; says how many."""
        return settling.abandon_expired(self._database)

    def doubts(self, *, campaign: str | None = None, day: date | None = None) -> list[Doubt]:
        """Messages that may have been sent, the oldest first."""
        return settling.doubts(self._database, campaign=campaign, day=day)

    def record_hold_outs(self, rows: Iterable[HoldOut], *, now: datetime) -> int:
        """Writes down who is held out, once a message; says how many are new."""
        return recording.record_hold_outs(self._database, rows, now=now)

    def record_plan(self, plan: PlanRecord) -> None:
        """Writes down the plan of a day; the same one again changes nothing.

        Raises:
            PlanError: another plan of that day is being carried out.
        """
        recording.record_plan(self._database, plan)

    def plan_of(self, campaign: str, day: date) -> PlanRecord | None:
        """The plan of a campaign's day."""
        return recording.plan_of(self._database, campaign, day)

    def dispatch_begun(self, campaign: str, day: date) -> bool:
        """Whether anything of that day's plan was claimed, blocked or held out."""
        return recording.dispatch_begun(self._database, campaign, day)

    def history(self, *, since: datetime) -> pa.Table:
        """Messages claimed, and people held out, since an instant, the oldest first; see reading.HISTORY.

        `at` is what caps count from: the instant of the claim.
        """
        return reading.history(self._database, since=since)

    def suppress(
        self, *, address_key: str, channel: Channel, reason: SuppressionReason, at: datetime
    ) -> bool:
        """Puts an address on the suppression list for good; says whether this reason is new for it."""
        return recording.suppress(
            self._database, address_key=address_key, channel=channel, reason=reason, at=at
        )

    def suppressed(self) -> pa.Table:
        """Every suppressed address, once a channel, with the first reason; see reading.SUPPRESSED."""
        return reading.suppressed(self._database)

    def standing(self, campaign: str, day: date) -> Standing:
        """Where the messages of a campaign's day stand."""
        return reading.standing(self._database, campaign, day)

    def states(self, keys: Collection[MessageKey]) -> dict[MessageKey, MessageState]:
        """The states of those messages that were ever claimed, on whatever day."""
        return reading.states(self._database, keys)

    def next_retry(self, campaign: str, day: date, *, now: datetime) -> datetime | None:
        """When a message of a day that was surely not processed may be tried again; nothing when none may."""
        return reading.next_retry(self._database, campaign, day, now=now)

    def close(self) -> None:
        """Closes every connection."""
        self._database.close()
