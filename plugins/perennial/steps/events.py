"""What providers tell an installation by their webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from perennial.bootstrap import Installation

if TYPE_CHECKING:
    from perennial.events.inbound_texts import InboundText
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

    def read_text(self, form: Mapping[str, str]) -> InboundText | None:
        """A text that somebody answered with; nothing when the post does not read like one."""
        from perennial.events.inbound_texts import read_text

        return read_text(form, locale=self.shop.default_locale)

    def obey_text(self, text: InboundText) -> str:
        """Stops or starts the texts of a channel to a number, as it asks; returns what Twilio shall answer, in its markup.

        Where Twilio has answered in the shop's name, it is asked to say nothing. Replays change nothing.

        Raises:
            LedgerError: the wish is not recorded, and must be told again.
        """
        from perennial.events.text_replies import SILENCE, reply_to
        from perennial.events.understanding import Wish
        from perennial.model.keys import address_key

        wish = text.understood.wish if text.understood else None
        record = {Wish.STOP: self.ledger.refuse_texts, Wish.START: self.ledger.want_texts}
        if wish in record:
            record[wish](
                text.sid,
                address_key=address_key(text.number, self.secret),
                channel=text.channel,
                at=datetime.now(UTC),
            )
        return SILENCE if text.answered else reply_to(text.understood, text.channel, self.shop)
