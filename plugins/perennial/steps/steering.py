"""What people decide while messages leave: pauses and stops, and what is to be believed of a message in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from perennial.model.keys import MessageKey
from perennial.model.words import Control, Mailbox, MessageState
from perennial.settings import Clock
from perennial.steps.campaign_day import CampaignSteps

if TYPE_CHECKING:
    from perennial.ledger.braking import MailboxHealth
    from perennial.ledger.values import Command, Doubt, Ruling
    from perennial.ledger.warming import SenderDay
    from perennial.pipeline.no_data import NoData


@dataclass(frozen=True, kw_only=True)
class SendingStatus:
    """What has been commanded, and what waits for evidence or for a person.

    unknown_reports: messages that a provider reports on and that this ledger does not know; see `reconcile`.
    mailboxes: what each mailbox provider's people got and marked of late.
    sender: where a new sender stands today; nothing when it is warm.
    without_data: the days of the last week without verified data, on which nothing was sent.
    """

    commands: Sequence[Command]
    doubts: Sequence[Doubt]
    unknown_reports: int
    epoch: int
    begun: int
    mailboxes: Sequence[MailboxHealth] = ()
    sender: SenderDay | None = None
    without_data: Sequence[NoData] = ()


class SteeringSteps(CampaignSteps):
    """Each takes hold in every worker within two seconds, and loses nothing."""

    def command(self, control: Control, *, campaign: str | None, by: str, reason: str) -> None:
        """Tells a campaign, or everything, to run, to pause or to stop.

        Raises:
            SettingsError: there is no such campaign.
        """
        name = None if campaign is None else self.campaign(campaign).name
        self.ledger.command(control, campaign=name, by=by, reason=reason, at=self.now())

    def sending_status(self) -> SendingStatus:
        """Where sending stands, over all campaigns."""
        from perennial.pipeline.no_data import days_without_data

        fence = self.ledger.fence()
        return SendingStatus(
            commands=self.ledger.controls(),
            doubts=self.ledger.doubts(),
            unknown_reports=self.ledger.parked(),
            epoch=fence.epoch,
            begun=fence.begun,
            mailboxes=self.mailbox_health(),
            sender=self.sender_day(),
            without_data=days_without_data(self.engine.lake, self._today()),
        )

    def mailbox_health(self) -> Sequence[MailboxHealth]:
        """What each mailbox provider's people got and marked of late, and how hard the brake holds there."""
        return self.ledger.mailbox_health(self.policy.brake, now=self.now())

    def braked(self) -> Sequence[MailboxHealth]:
        """The mailbox providers that promotional emails are held back from."""
        from perennial.ledger.braking import Grip

        return [health for health in self.mailbox_health() if health.grip is not Grip.OPEN]

    def sender_day(self) -> SenderDay | None:
        """What the sender of the shop has sent today, of what it may; nothing when it is not warmed up, or warm by now."""
        sender = self.policy.new_sender(self.shop.from_address, self.shop.zone)
        return self.ledger.sender_day(sender, now=self.now()) if sender else None

    def lift_brake(self, mailbox: Mailbox, *, by: str, reason: str) -> bool:
        """Lets promotional emails leave to a mailbox provider again; says whether anything was counted. Who and why are kept."""
        return self.ledger.lift_brake(mailbox, by=by, reason=reason, at=self.now())

    def _today(self) -> date | None:
        """The day of the shop's clock; a simulated clock knows no today."""
        if self.settings.clock is Clock.SIMULATED:
            return None
        return self.now().astimezone(self.shop.zone).date()

    def doubts(self, *, campaign: str | None = None, day: date | None = None) -> list[Doubt]:
        """Messages that may have been sent, the oldest first; a request that a dead worker left is one of them."""
        self.ledger.abandon_expired()
        return self.ledger.doubts(campaign=campaign, day=day)

    def ask_about_doubts(self) -> Mapping[MessageState, int]:
        """Asks the providers about every message in doubt, as each dispatch does; says how many went where."""
        from perennial.delivery.doubts import settle_doubts

        shipping = self._shipping(self.now)
        self.ledger.abandon_expired()

        async def ask() -> Mapping[MessageState, int]:
            try:
                return await settle_doubts(
                    shipping.ledger,
                    shipping.providers,
                    now=self.now(),
                    within=shipping.lease,
                    recall=shipping.recall,
                    silent_for=shipping.silent_for,
                )
            finally:
                for provider in shipping.providers.values():
                    await provider.close()

        return asyncio.run(ask())

    def rule_doubts(
        self, keys: Sequence[MessageKey], *, accepted: bool, by: str, reason: str
    ) -> int:
        """Settles doubts as a person says; who and why are kept. Says how many of the messages were in doubt."""
        return self.ledger.rule(keys, accepted=accepted, by=by, reason=reason, at=self.now())

    def rulings(self, *, campaign: str | None = None, day: date | None = None) -> list[Ruling]:
        """How doubts were settled without an answer of the provider, the oldest first."""
        return self.ledger.rulings(campaign=campaign, day=day)
