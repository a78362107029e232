"""What customers answer by the links in their messages: no more of this, again please, so well was I served."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from perennial.errors import LedgerError
from perennial.model.keys import link_token, read_link_token, read_signed_target
from perennial.model.surveys import is_low
from perennial.model.words import (
    CaseReason,
    Channel,
    ConsentSource,
    ConsentState,
    PreferenceName,
    SuppressionReason,
    SurveyScale,
    Topic,
)
from perennial.steps.cases import CaseSteps

if TYPE_CHECKING:
    from perennial.ledger.values import Answer, ConsentEntry, KnownMessage
    from perennial.model.keys import Link, MessageKey

UNSUBSCRIBE, PREFERENCES, CLICK = "unsubscribe", "preferences", "click"
"""What the links in messages are for; each is signed for its own purpose."""

EDGE = "edge"
"""Who reports what happened on our own pages."""

QUIET_AFTER_A_LOW_SCORE = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Somebody's wish not to be written to again the way that a message came, and the version of the words they saw."""

    key: MessageKey
    how: ConsentSource
    wording: str | None = None


class AnswerSteps(CaseSteps):
    """Taking customers at their word. Everything may be said twice.

    Every method that writes raises LedgerError when it could not; nothing is promised to the customer then.
    """

    def read_link(self, purpose: str, token: str) -> Link | None:
        """What a token in a link says, or nothing when it is not one of ours for this purpose."""
        return read_link_token(purpose, token, self.secret)

    def link_to(self, purpose: str, key: MessageKey, locale: str) -> str:
        """A token for another page about the same message."""
        return link_token(purpose, key, locale, self.secret)

    def read_target(self, target: str) -> str | None:
        """The address of the web that a link of ours leads to, or nothing when we have not signed it."""
        return read_signed_target(target, self.secret)

    def message(self, key: MessageKey) -> KnownMessage | None:
        """The message that a link stands in."""
        return self.ledger.message(key)

    def is_unsubscribed(self, message: KnownMessage) -> bool:
        """Whether the address of the message is unsubscribed from its channel."""
        return SuppressionReason.UNSUBSCRIBED in self._bars(message.address_key, message.channel)

    def unsubscribe(self, wishes: Sequence[Leaving]) -> None:
        """Stops the channels of messages for their addresses, and takes back the people's consents to them.

        From the return on, nothing is claimed or begun for them. What the ledger does not know of a message is kept,
        and holds as soon as it does. Many wishes cost little more than one.
        """
        from perennial.model.events import ProviderEvent
        from perennial.model.words import EventWord

        now = self.now()
        events = [
            ProviderEvent(key=wish.key, word=EventWord.UNSUBSCRIBED, provider=EDGE, at=now)
            for wish in wishes
        ]
        self.ledger.apply_events(events, received_at=now)
        known = self.ledger.known_messages({wish.key for wish in wishes})
        said = [
            entry
            for wish in wishes
            if (message := known.get(wish.key))
            for entry in self._consents(
                message, message.channel, granted=(), how=wish.how, wording=wish.wording
            )
        ]
        self.ledger.record_consents(said, recorded_at=now)

    def answer_of(self, key: MessageKey) -> Answer | None:
        """What was answered to the survey of a message."""
        return self.ledger.answer_of(key)

    def answer(
        self, message: KnownMessage, *, scale: SurveyScale, score: int, comment: str | None
    ) -> Answer:
        """Keeps an answer and returns the one that stands: the first score, and the comment of its first day.

        A low score opens a case, of which the team is told, and gives the person a month without messages.
        """
        now = self.now()
        self.ledger.record_answer(message.key, scale=scale, score=score, comment=comment, at=now)
        stands = self.ledger.answer_of(message.key)
        if stands is None:
            msg = "An answer was erased while it was being recorded."
            raise LedgerError(msg)
        if is_low(stands.scale, stands.score) and self.ledger.open_case(
            message.key, why=CaseReason.LOW_SCORE, at=stands.at
        ):
            self._give_quiet(message)
            self.tell_team_soon(message.key)
        return stands

    def _give_quiet(self, message: KnownMessage) -> None:
        until = self.now() + QUIET_AFTER_A_LOW_SCORE
        asked = self.ledger.preferences_of(message.person_id).paused_until
        if asked is None or asked < until:
            self.ledger.prefer(
                message.person_id,
                message.customer_id,
                {PreferenceName.PAUSED_UNTIL: until.isoformat()},
                at=self.now(),
                how=ConsentSource.SURVEY,
                proof=message.key,
            )

    def _bars(self, address_key: str, channel: Channel) -> set[SuppressionReason]:
        standing = self.ledger.suppressions_of([address_key])
        return {s.reason for s in standing if s.channel is channel}

    def _consents(
        self,
        message: KnownMessage,
        channel: Channel,
        *,
        granted: Collection[Topic],
        how: ConsentSource,
        wording: str | None = None,
    ) -> list[ConsentEntry]:
        """The person's word on every topic of a channel: yes to what is granted, no to all else."""
        from perennial.ledger.values import ConsentEntry

        return [
            ConsentEntry(
                person_id=message.person_id,
                customer_id=message.customer_id,
                channel=channel,
                topic=topic,
                state=ConsentState.GRANTED if topic in granted else ConsentState.WITHDRAWN,
                at=self.now(),
                how=how,
                wording=wording,
                proof=message.key,
            )
            for topic in Topic
        ]
