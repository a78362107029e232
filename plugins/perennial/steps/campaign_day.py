"""From the audiences of a day to messages, and to the accounts."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from perennial.model.message import SmsMessage
from perennial.settings import Clock
from perennial.steps.approving import ApprovalSteps

if TYPE_CHECKING:
    from perennial.campaigns.definition import Campaign
    from perennial.delivery.accounts import DispatchSummary
    from perennial.messages.templates import Templates
    from perennial.model.message import Message, PlannedMessage
    from perennial.pipeline.accounting import Account
    from perennial.pipeline.dispatching import Shipping
    from perennial.pipeline.plan_reading import Selection
    from perennial.pipeline.planning import PlanSummary
    from perennial.pipeline.sampling import Sample

ANSWERS = ("accepted", "refused", "retryable", "in_doubt")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What one turn of a dispatch did, and when the next one is due; nothing when all waves have left.

    It is due with the next wave, when a message may be tried again, when a pause is to be looked at again, or when a new
    sender's next day begins.
    """

    counts: Mapping[str, int]
    next_wave: datetime | None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        plain = asdict(self)
        return plain | {"next_wave": self.next_wave.isoformat() if self.next_wave else None}


class CampaignSteps(ApprovalSteps):
    """The steps of a campaign's day. Each may be repeated at any time, and writes to nobody twice."""

    def plan(self, campaign: str, day: date) -> PlanSummary:
        """Decides about everybody in a campaign's audience, proves every message, and publishes the decisions.

        Raises:
            MissingPartition: no verified data of the day has come; says why. Nothing is sent.
        """
        from perennial.pipeline.no_data import refuse_without_data
        from perennial.pipeline.planning import plan_campaign

        refuse_without_data(self.engine.lake, day)
        before = self.approved_plan(campaign, day)
        summary = plan_campaign(
            self.engine,
            self.ledger,
            self.templates,
            campaign=self.campaign(campaign),
            rivals=self.campaigns,
            day=day,
            shop=self.shop,
            policy=self.policy,
            shards=self.settings.shards,
            secret=self.secret,
            proof=self._prove,
        )
        if not summary.begun:
            self.judge_audience(campaign, day)
        if before is not None and before.plan_hash != summary.plan_hash:
            self.carry_over(before)
        return summary

    def dispatch(
        self,
        campaign: str,
        day: date,
        *,
        plan_hash: str,
        shard: int | None = None,
        customers: Collection[str] = (),
        limit: int | None = None,
    ) -> Progress:
        """Sends what is due of the plan that was looked at; with a simulated clock, wave after wave.

        Raises:
            PlanError: it is not the plan that was looked at, or not everybody has approved of it who has to.
        """
        from perennial.pipeline.approving import refuse_unapproved
        from perennial.pipeline.dispatching import check_plan, next_wave, record_hold_outs
        from perennial.pipeline.plan_reading import Selection

        chosen = self.campaign(campaign)
        selection = Selection(customers=frozenset(customers), limit=limit)
        check_plan(self.engine, campaign, day, plan_hash)
        begun = self.ledger.dispatch_begun(campaign, day)
        refuse_unapproved(self.approvals(campaign, day), begun=begun)
        with self._clock_of(chosen, day) as clock:
            record_hold_outs(self.engine, self.ledger, campaign, day, clock())
            counts: Counter[str] = Counter()
            while True:
                summary = self._wave(chosen, day, shard, selection, clock)
                counts.update({state: getattr(summary, state) for state in ANSWERS})
                planned = next_wave(self.engine, campaign, day, shard=shard, after=clock())
                waves = [at for at in (planned, summary.next_day) if at is not None]
                wave = min(waves, default=None)
                if self.settings.clock is Clock.WALL:
                    again = summary.resume_at or self.ledger.next_retry(campaign, day, now=clock())
                    due = [at for at in (wave, again) if at is not None]
                    return Progress(counts=dict(counts), next_wave=min(due, default=None))
                if summary.resume_at is not None:
                    wait = summary.resume_at - self.now()
                    return Progress(counts=dict(counts), next_wave=datetime.now(UTC) + wait)
                if wave is None:
                    return Progress(counts=dict(counts), next_wave=None)
                self.simulated_now = wave

    def _wave(
        self,
        campaign: Campaign,
        day: date,
        shard: int | None,
        selection: Selection,
        clock: Callable[[], datetime],
    ) -> DispatchSummary:
        from perennial.pipeline.dispatching import dispatch_wave

        return asyncio.run(
            dispatch_wave(
                self.engine,
                self._shipping(clock),
                campaign=campaign,
                day=day,
                zone=self.shop.zone,
                secret=self.secret,
                shard=shard,
                selection=selection,
            )
        )

    def _shipping(self, clock: Callable[[], datetime]) -> Shipping:
        from perennial.delivery.outcomes import Carrier
        from perennial.pipeline.dispatching import Shipping
        from perennial.pipeline.recalling import Recall

        return Shipping(
            ledger=self.ledger,
            providers=self.providers(),
            compose=self._compose,
            rules=self.policy.sending_rules(self.shop.from_address, self.shop.zone),
            clock=clock,
            lease=timedelta(seconds=self.settings.lease_seconds),
            worker=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
            buyers=self.source,
            recall=Recall(
                engine=self.engine,
                campaigns=self.campaigns,
                secret=self.secret,
                compose=self._compose,
            ),
            # SendGrid reports on every email that it has taken on; what it does not mention it does not have.
            silent_for={Carrier.SENDGRID.value: timedelta(minutes=self.settings.doubt_minutes)},
        )

    @contextmanager
    def _clock_of(self, campaign: Campaign, day: date) -> Iterator[Callable[[], datetime]]:
        """What says when a message may leave: the ledger's time; a simulated day begins when the campaign's plan is due."""
        from perennial.campaigns.timing import plan_instant
        from perennial.ledger.shared_clock import SharedClock

        if self.settings.clock is Clock.SIMULATED:
            self.simulated_now = plan_instant(campaign, day, self.shop.zone)
        try:
            yield SharedClock(self.ledger) if self.settings.clock is Clock.WALL else self.now
        finally:
            self.simulated_now = None

    def samples(self, campaign: str, day: date, *, limit: int = 12) -> list[Sample]:
        """One message of each kind that a plan will send, as it would read now."""
        from perennial.pipeline.sampling import sample_messages

        return sample_messages(
            self.engine,
            self.campaign(campaign),
            day,
            secret=self.secret,
            compose=self._compose,
            edge_url=self.settings.edge_url.rstrip("/"),
            limit=limit,
        )

    def account(self, campaign: str, day: date) -> Account:
        """Where everybody whom the plan says to write to has got to."""
        from perennial.pipeline.accounting import account_for

        return account_for(self.engine, self.ledger, campaign=campaign, day=day, shop=self.shop)

    def _compose(self, planned: PlannedMessage, templates: Templates | None = None) -> Message:
        """The whole message, in the words of the project unless others are given."""
        from perennial.messages.composing import compose

        return compose(
            planned,
            templates or self.templates,
            self.shop,
            edge_url=self.settings.edge_url,
            secret=self.secret,
            click_links=self.settings.click_links,
        )

    def _prove(self, planned: PlannedMessage) -> int:
        message = self._compose(planned)
        return message.segments if isinstance(message, SmsMessage) else 0
