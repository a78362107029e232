"""What providers tell an installation by their webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from perennial.bootstrap import Installation

if TYPE_CHECKING:
    from perennial.events.sendgrid_events import EventSignature
    from perennial.events.twilio_events import CallbackSignature
    from perennial.ledger.values import Applied
    from perennial.model.events import ProviderEvent


class EventSteps(Installation):
    """Believing providers, and recording what they say. Any order and any number of times give the same ledger."""

    @cached_property
    def event_signature(self) -> EventSignature:
        """Checks SendGrid's posts.

        Raises:
            SettingsError: PERENNIAL_SENDGRID_WEBHOOK_KEY holds no such key.
        """
        from perennial.events.sendgrid_events import EventSignature

        listed = (self.settings.sendgrid_webhook_key or "").split(",")
        return EventSignature([key.strip() for key in listed if key.strip()])

    @cached_property
    def callback_signature(self) -> CallbackSignature:
        """Checks Twilio's posts."""
        from perennial.events.twilio_events import CallbackSignature

        tokens = (self.settings.twilio_auth_token, self.settings.twilio_old_auth_token)
        # An empty token would believe whoever signs with nothing.
        return CallbackSignature([token for token in tokens if token and token.get_secret_value()])

    def public_url(self, path: str) -> str:
        """The address of a page or hook as the world knows it."""
        return self.settings.edge_url.rstrip("/") + path

    def apply_events(self, events: Sequence[ProviderEvent]) -> Applied:
        """Records what became of messages, which settles doubts and suppresses addresses.

        Raises:
            LedgerError: not all of it is recorded. The same events may be applied again.
        """
        return self.ledger.apply_events(events, received_at=datetime.now(UTC))
