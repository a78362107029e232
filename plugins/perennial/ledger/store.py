"""The ledger: what may never happen twice, or be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa
from pydantic import SecretStr
from sqlalchemy import Connection, update

from perennial.ledger import (
    applying,
    budgeting,
    claiming,
    commanding,
    engaging,
    fencing,
    migrating,
    reading,
    recording,
    ruling,
    settling,
    sharing,
)
from perennial.ledger.budgeting import Spent
from perennial.ledger.database import Database
from perennial.ledger.hearing import Hearing
from perennial.ledger.people import People
from perennial.ledger.responding import Responses
from perennial.ledger.rights import Rights
from perennial.ledger.tables import identity
from perennial.ledger.values import (
    Answer,
    Applied,
    AuditEntry,
    Case,
    Claim,
    Command,
    ConsentEntry,
    Doubt,
    Entry,
    Fence,
    HoldOut,
    KnownMessage,
    Permission,
    PlanRecord,
    Preferences,
    Ruling,
    Share,
    Standing,
    Suppression,
)
from perennial.ledger.versions import Versions
from perennial.ledger.watching import Watching
from perennial.model.events import ProviderEvent
from perennial.model.keys import MessageKey, is_of_test
from perennial.model.message import PlannedMessage, Receipt
from perennial.model.policy import SendingRules
from perennial.model.warm_up import NewSender
from perennial.model.words import Channel, Control, MessageState, Reason

__all__ = [
    "Answer",
    "Applied",
    "AuditEntry",
    "Case",
    "Claim",
    "Command",
    "ConsentEntry",
    "Doubt",
    "Entry",
    "Fence",
    "HoldOut",
    "KnownMessage",
    "Ledger",
    "Permission",
    "PlanRecord",
    "Preferences",
    "Ruling",
    "Share",
    "Standing",
    "Suppression",
]


class Ledger(People, Rights, Hearing, Responses, Versions, Watching):
    """One installation's ledger, in SQLite or PostgreSQL; may be shared by threads.

    Nothing is connected before the first call. Every method raises LedgerError when the database fails, and has
    then recorded nothing. See docs/reference/ledger.md.
    """

    def __init__(self, url: str | SecretStr) -> None:
        super().__init__(Database(url))

    def __repr__(self) -> str:
        return f"Ledger({self._database.url.render_as_string(hide_password=True)!r})"

    def migrate(self) -> None:
        """Makes or upgrades the tables; may be run by several at once."""
        migrating.migrate(self._database)

    def clock(self) -> datetime:
        """The database's time in UTC, which all workers share."""
        with self._database.reading() as connection:
            return self._database.clock(connection)

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
        rules: SendingRules,
    ) -> Claim:
        """Claims what may leave now. The lease is measured by the database's clock, everything else by `now`."""
        return claiming.claim(
            self._database,
            messages,
            worker=worker,
            lease=lease,
            now=now,
            rules=rules,
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

        What is missing has been lost to its lease, or since the claim its address was suppressed, or the
        person took back their consent or asked for a pause.
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

    def rule(
        self,
        keys: Collection[MessageKey],
        *,
        accepted: bool,
        by: str,
        reason: str,
        at: datetime,
    ) -> int:
        """Settles doubts as a person says, and keeps who and why; says how many of the messages were in doubt."""
        return ruling.rule(self._database, keys, accepted=accepted, by=by, reason=reason, at=at)

    def settle_silent(self, provider: str, *, silent_for: timedelta, now: datetime) -> int:
        """Makes retryable what a provider said nothing about, while it reported on what was begun later.

        Only what was begun `silent_for` ago by the database's clock, and has no event; says how many there were.
        """
        return ruling.settle_silent(self._database, provider, silent_for=silent_for, now=now)

    def rulings(self, *, campaign: str | None = None, day: date | None = None) -> list[Ruling]:
        """Doubts that were settled by a person or by silence, the oldest ruling first."""
        return ruling.rulings(self._database, campaign=campaign, day=day)

    def apply_events(self, events: Sequence[ProviderEvent], *, received_at: datetime) -> Applied:
        """Records what providers report, in any order and any number of times; settles doubts, suppresses addresses.

        Events about messages that the ledger does not know are parked; those about tests are nobody's.
        """
        real = [event for event in events if not is_of_test(event.key)]
        return applying.apply_events(self._database, real, received_at=received_at)

    def parked(self) -> int:
        """How many messages were reported on that the ledger does not know."""
        return applying.parked(self._database)

    def command(
        self, control: Control, *, campaign: str | None, by: str, reason: str, at: datetime
    ) -> None:
        """Tells a campaign, or everything where none is named, to run, pause or stop."""
        commanding.command(self._database, control, campaign=campaign, by=by, reason=reason, at=at)

    def control_of(self, campaign: str) -> Control:
        """The stricter of what the campaign was told last and what everything was told last."""
        return commanding.control_of(self._database, campaign)

    def controls(self) -> list[Command]:
        """The commands that stand: the last to everything, and to each campaign."""
        return commanding.standing(self._database)

    def share(
        self, provider: str, *, worker: str, at_once: int, busy: int, lease: timedelta
    ) -> Share:
        """Renews a worker's share of the `at_once` batches that a provider takes; it has `busy` on the wire now.

        The share lasts as long as the lease, by the database's clock. A worker that is told fewer than it has on the
        wire begins none until some have come back. Shares never add up to more than `at_once`.
        """
        return sharing.share(
            self._database, provider, worker=worker, at_once=at_once, busy=busy, lease=lease
        )

    def leave(self, provider: str, *, worker: str) -> None:
        """Gives a share back at once, for the others."""
        sharing.leave(self._database, provider, worker=worker)

    def take_turns(
        self, provider: str, *, units: int, per_second: float, lead: timedelta
    ) -> timedelta:
        """Reserves `units` of a provider's rate; says how long from now the first may begin, `lead` or more.

        The rest follow 1/`per_second` apart.
        """
        return sharing.take_turns(
            self._database, provider, units=units, per_second=per_second, lead=lead
        )

    def leave_alone(self, provider: str, *, wait: timedelta, cause: str) -> None:
        """Keeps all workers from asking a provider for a while; the longest wait stands."""
        sharing.leave_alone(self._database, provider, wait=wait, cause=cause)

    def reached(self, provider: str) -> None:
        """Notes that a batch got there: the count of those that did not begins anew. Cheap when there were none."""
        sharing.reached(self._database, provider)

    def unreached(self, provider: str) -> int:
        """Counts a batch that never got there; says how many in a row, by all workers together."""
        return sharing.unreached(self._database, provider)

    def fence(self) -> Fence:
        """What tells this ledger from an older copy of itself."""
        return fencing.fence(self._database)

    def begin_epoch(self, *, by: str, reason: str, at: datetime) -> None:
        """Takes a restored ledger into use, and keeps who answers for it."""
        fencing.begin_epoch(self._database, by=by, reason=reason, at=at)

    def presume_sent(
        self,
        messages: Sequence[PlannedMessage],
        *,
        provider: Mapping[Channel, str],
        at: datetime,
        sender: NewSender | None = None,
    ) -> int:
        """Puts in doubt what the ledger does not know, as begun `at` with the channel's provider; says how many.

        So does it with what it knows as not sent yet: an old copy still waits to send what was sent since. Everything
        else stays as it is. Events that were parked about these messages are applied. What may have left today counts
        to the day of a new sender.
        """
        return fencing.presume_sent(
            self._database, messages, provider=provider, at=at, sender=sender
        )

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

    def plans_between(self, since: date, until: date) -> list[PlanRecord]:
        """Every plan of the days from `since` to `until`, both included, the oldest first."""
        return recording.plans_between(self._database, since, until)

    def dispatch_begun(self, campaign: str, day: date) -> bool:
        """Whether anything of that day's plan was claimed, blocked or held out."""
        return recording.dispatch_begun(self._database, campaign, day)

    def history(self, *, since: datetime, persons: Collection[str] | None = None) -> pa.Table:
        """Messages claimed, and people held out, since an instant, the oldest first; see reading.HISTORY.

        `at` is what caps count from: the instant of the claim.
        """
        return reading.history(self._database, since=since, persons=persons)

    def message(self, key: MessageKey) -> KnownMessage | None:
        """A message that was claimed at least once, as it stands now."""
        return self.known_messages([key]).get(key)

    def known_messages(self, keys: Collection[MessageKey]) -> dict[MessageKey, KnownMessage]:
        """Those messages that were claimed at least once, as they stand now."""
        return reading.known_messages(self._database, keys)

    def spent_before(self, day: date, *, now: datetime) -> Mapping[str, Spent]:
        """What each campaign, and all of them under *, have spent in a day's month before that day."""
        return budgeting.spent_before(self._database, day, now=now)

    def engaged(self, *, since: datetime, persons: Collection[str] | None = None) -> pa.Table:
        """Each person who has opened a message or followed a link since an instant, with the last time."""
        return engaging.engaged(self._database, since=since, persons=persons)

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
