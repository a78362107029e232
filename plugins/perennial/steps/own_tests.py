"""Tests of messages that the shop sends to its own people."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from perennial.model.keys import customer_key
from perennial.model.words import AuditAction
from perennial.steps.looking import LookingSteps

if TYPE_CHECKING:
    from perennial.pipeline.previewing import Wish


class OwnTestSteps(LookingSteps):
    """Sends what previews show."""

    def send_test(
        self, campaign: str, customer_id: str, *, day: date, to: str, by: str, wish: Wish
    ) -> str:
        """Sends somebody of the shop the message that a customer would get; says where it went, masked.

        No plan, cap, coupon or figure is touched and the ledger keeps no message; the audit log keeps who sent it.

        Raises:
            SettingsError: tests may not go there, or nothing carries the channel.
            PlanError: there is no such customer on that day.
            DeliveryError: the provider did not take it.
        """
        from perennial.pipeline.sending_tests import Recipients, as_test, masked, send_alone

        (shown,) = self.previews(campaign, customer_id, day=day, wishes=[wish])
        channel = shown.message.channel
        recipients = Recipients(allowed=self.settings.test_recipients, shop=self.shop)
        address = recipients.address(channel, to)
        message = as_test(shown.message, address)
        where = masked(channel, address)
        # Noted before it leaves: nothing leaves that nobody answers for.
        self.ledger.note_audit(
            AuditAction.TEST_SENT,
            actor=by,
            subject=customer_key(customer_id, self.secret),
            reason=f"{campaign}, step {shown.step}, by {channel} to {where}",
            at=self.now(),
        )
        send_alone(self.providers(), message)
        return where
