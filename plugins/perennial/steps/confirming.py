"""Confirming from an address that its owner agreed to be written to there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from perennial.model.clock import local_instant
from perennial.model.policy import DoubleOptIn
from perennial.model.words import Channel, ConsentSource, ConsentState, Topic
from perennial.steps.answering import AnswerSteps

if TYPE_CHECKING:
    from perennial.ledger.values import KnownMessage

CONFIRM = "confirm"
"""What the link of a message that asks for a confirmation is for."""


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What a message asked somebody to confirm: what still waits for it, and what was confirmed by it."""

    waiting: Sequence[Topic]
    confirmed: Sequence[Topic]


class ConfirmSteps(AnswerSteps):
    """The second half of a double opt-in. Every method that writes raises LedgerError when it could not."""

    def confirmation(self, message: KnownMessage) -> Confirmation:
        """What a message asks for; nothing more waits when its link has run out."""
        words = self.ledger.consent_history(message.person_id)
        confirmed = {
            word.topic
            for word in words
            if word.how is ConsentSource.DOUBLE_OPT_IN and word.proof == message.key
        }
        return Confirmation(
            waiting=_in_order(self._waiting(message)), confirmed=_in_order(confirmed)
        )

    def confirm(self, message: KnownMessage, *, wording: str) -> Confirmation:
        """Notes that the owner of the address agreed to everything that waits for it; may be said twice."""
        from perennial.ledger.values import ConsentEntry

        now = self.now()
        said = [
            ConsentEntry(
                person_id=message.person_id,
                customer_id=message.customer_id,
                channel=Channel.EMAIL,
                topic=topic,
                state=ConsentState.GRANTED,
                at=now,
                how=ConsentSource.DOUBLE_OPT_IN,
                wording=wording,
                proof=message.key,
            )
            for topic in self._waiting(message)
        ]
        self.ledger.record_consents(said, recorded_at=now)
        return self.confirmation(message)

    def must_confirm(self, countries: Collection[str] | None) -> bool:
        """Whether who may live in one of some countries, or nobody knows where, has to confirm a yes of today to emails."""
        rule = self.policy.double_opt_in
        if rule is None or self.now().astimezone(self.shop.zone).date() < rule.starts_on:
            return False
        return countries is None or any(rule.concerns(country) for country in countries)

    def _waiting(self, message: KnownMessage) -> set[Topic]:
        """What the message asks about and has not been confirmed or taken back, while its link holds.

        Its occasion is the last yes that it asks about; what was said later, and not by its own link, has a message of its own.
        """
        lasts = (self.policy.double_opt_in or DoubleOptIn(starts_on=message.day)).expires_after
        ends_on = message.day + timedelta(days=1) + lasts
        if not self._asks(message) or self.now() >= local_instant(ends_on, time(), self.shop.zone):
            return set()
        said_at = datetime.fromisoformat(message.occasion)
        pending = self.ledger.yet_to_confirm(message.person_id, since=said_at - lasts)
        return {
            topic
            for (channel, topic), word in pending.items()
            if channel is message.channel and (word.at <= said_at or word.proof == message.key)
        }

    def _asks(self, message: KnownMessage) -> bool:
        asking = {campaign.name for campaign in self.campaigns if campaign.asks_to_confirm}
        return message.channel is Channel.EMAIL and message.campaign in asking


def _in_order(topics: Collection[Topic]) -> Sequence[Topic]:
    return [topic for topic in Topic if topic in topics]
