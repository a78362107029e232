"""Coming back after an unsubscribing: to what was taken back, as it stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perennial.model.words import (
    ConsentSource,
    ConsentState,
    SuppressionReason,
    Topic,
)
from perennial.steps.confirming import ConfirmSteps

if TYPE_CHECKING:
    from perennial.ledger.values import ConsentEntry, KnownMessage

_BY_ITS_LINK = (ConsentSource.UNSUBSCRIBE_LINK, ConsentSource.ONE_CLICK)
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Return:
    """What follows from somebody's wish to be written to again: about what at once, and about what once it is confirmed.

    Once they have come back, `confirms_here` says whether the link of this message can still confirm it, and `barred`
    why nothing can be sent all the same.
    """

    topics: Sequence[Topic]
    pending: Sequence[Topic]
    confirms_here: bool = False
    barred: SuppressionReason | None = None


class ReturnSteps(ConfirmSteps):
    """The way back. What a message was about is agreed to again; what it only asked to confirm waits for that again."""

    def way_back(self, message: KnownMessage) -> Return:
        """What somebody would agree to who came back by the link of a message; notes nothing."""
        wanted = self._wanted(message)
        return Return(
            topics=_in_state(wanted, ConsentState.GRANTED),
            pending=_in_state(wanted, ConsentState.PENDING),
        )

    def resubscribe(self, message: KnownMessage, *, wording: str) -> Return:
        """Takes an unsubscribing back; may be said twice.

        Nothing but the unsubscribing is lifted. Raises LedgerError when it could not be noted.
        """
        now, wanted = self.now(), self._wanted(message)
        granted = self._consents(
            message,
            message.channel,
            granted=wanted,
            how=ConsentSource.PREFERENCE_PAGE,
            wording=wording,
        )
        said = [_as_it_stood(entry, wanted) for entry in granted]
        if not self.is_unsubscribed(message):
            # They are back already: nothing is said about what they chose since.
            said = [e for e in said if e.topic in wanted and not self._stands(e)]
        self.ledger.record_consents(said, recorded_at=now)
        self.ledger.lift(
            message.address_key,
            message.channel,
            SuppressionReason.UNSUBSCRIBED,
            at=now,
            by=ConsentSource.PREFERENCE_PAGE,
        )
        back = self.way_back(message)
        bars = self._bars(message.address_key, message.channel)
        return replace(
            back,
            confirms_here=bool(back.pending and self.confirmation(message).waiting),
            barred=min(bars, default=None),
        )

    def _wanted(self, message: KnownMessage) -> Mapping[Topic, ConsentState]:
        """What a message was about; or, of one that needed no consent, what was agreed to but for its own link."""
        about = message.topic or next(
            (c.needed_consent for c in self.campaigns if c.name == message.campaign), None
        )
        return {about: ConsentState.GRANTED} if about else self._agreed_before(message)

    def _agreed_before(self, message: KnownMessage) -> Mapping[Topic, ConsentState]:
        """What the person has agreed to on the channel, as if they had not unsubscribed by this message."""
        agreed: dict[Topic, ConsentState] = {}
        for word in self.ledger.consent_history(message.person_id):
            by_its_link = word.proof == message.key and word.how in _BY_ITS_LINK
            if word.channel is not message.channel or by_its_link:
                continue
            if word.state is ConsentState.WITHDRAWN:
                agreed.pop(word.topic, None)
            elif agreed.get(word.topic) is not ConsentState.GRANTED:
                agreed[word.topic] = word.state
        return agreed

    def _stands(self, entry: ConsentEntry) -> bool:
        """Whether a yes says nothing new."""
        way = (entry.channel, entry.topic)
        granted = {
            (p.channel, p.topic)
            for p in self.ledger.permissions_of(entry.person_id)
            if p.state is ConsentState.GRANTED
        }
        if entry.state is ConsentState.GRANTED:
            return way in granted
        return way in granted or way in self.ledger.yet_to_confirm(entry.person_id, since=_EVER)


def _as_it_stood(entry: ConsentEntry, wanted: Mapping[Topic, ConsentState]) -> ConsentEntry:
    return replace(entry, state=wanted.get(entry.topic, entry.state))


def _in_state(wanted: Mapping[Topic, ConsentState], state: ConsentState) -> Sequence[Topic]:
    return [topic for topic in Topic if wanted.get(topic) is state]
