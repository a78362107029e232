"""What customers choose on the preference page: what they hear about, in which language, and when not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from perennial.model.words import (
    Channel,
    ConsentSource,
    ConsentState,
    PreferenceName,
    SuppressionReason,
    Topic,
)
from perennial.settings import Transport
from perennial.steps.returning import ReturnSteps
from perennial.steps.rights import RightsSteps

if TYPE_CHECKING:
    from perennial.ledger.values import ConsentEntry, KnownMessage, Suppression
    from perennial.pipeline.glimpsing import PersonGlimpse

Way = tuple[Channel, Topic]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What stands for a person now. `barred` says which channels stay closed whatever they choose, and why.

    With `soft_opt_in_on`, nobody agreed to offers by email: an order of that day stands in for it, so they count as agreed.
    """

    channels: Sequence[Channel]
    topics: Sequence[Topic]
    agreed: frozenset[Way]
    barred: Mapping[Channel, SuppressionReason]
    language: str | None
    birth_date: date | None = field(repr=False)
    paused_until: datetime | None
    soft_opt_in_on: date | None = None

    def among(self, names: Collection[str]) -> frozenset[Way]:
        """What is on offer of what is named, as in `email.offers`."""
        return frozenset(
            (channel, topic)
            for channel in self.channels
            for topic in self.topics
            if f"{channel}.{topic}" in names
        )


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What somebody sent off. Consents that were shown as they are say nothing anew; nor does a preference left out."""

    granted: frozenset[Way] = frozenset()
    withdrawn: frozenset[Way] = frozenset()
    preferences: Mapping[PreferenceName, str | None] = field(default_factory=dict, repr=False)
    wording: str | None = None


class ChoiceSteps(ReturnSteps, RightsSteps):
    """The preference page. Every method that writes raises LedgerError when it could not."""

    def known(self, message: KnownMessage) -> PersonGlimpse:
        """What last night's data say about the person, at the same cost for everybody; not for several threads at once.

        Raises:
            UnknownPerson: they say nothing.
            MissingPartition: no night has run yet.
        """
        from perennial.pipeline.glimpsing import glimpse_person

        return glimpse_person(
            self.engine,
            self.ledger,
            customer_id=message.customer_id,
            person_id=message.person_id,
            day=self.last_night(),
            policy=self.policy,
        )

    def ways(self) -> tuple[Sequence[Channel], Sequence[Topic]]:
        """The channels and topics that the shop has a campaign for, in the order of their lists."""
        channels = {channel for campaign in self.campaigns for channel in campaign.channels}
        topics = {campaign.needed_consent for campaign in self.campaigns}
        carried = [c for c in Channel if self.settings.transport_of(c) is not Transport.NONE]
        return [c for c in carried if c in channels], [t for t in Topic if t in topics]

    def choices(self, message: KnownMessage, known: PersonGlimpse | None) -> Choices:
        """What stands for the person whom the message was for."""
        channels, topics = self.ways()
        chosen = self.ledger.preferences_of(message.person_id)
        standing = self._standing(message, known)
        bars = {
            channel: {s.reason for s in standing if s.channel is channel} for channel in Channel
        }
        agreed = {way for way in self._granted(message, known) if not bars[way[0]]}
        soft = self._soft_opt_in_on(message, known) if not bars[Channel.EMAIL] else None
        if soft:
            agreed.add((Channel.EMAIL, Topic.OFFERS))
        paused_until = chosen.paused_until
        return Choices(
            channels=channels,
            topics=topics,
            agreed=frozenset(agreed),
            barred={
                channel: min(reasons - {SuppressionReason.UNSUBSCRIBED})
                for channel, reasons in bars.items()
                if channel in channels and reasons - {SuppressionReason.UNSUBSCRIBED}
            },
            language=chosen.language or (known.language if known else None),
            birth_date=chosen.birth_date or (known.birth_date if known else None),
            paused_until=paused_until if paused_until and paused_until > self.now() else None,
            soft_opt_in_on=soft,
        )

    def choose(self, message: KnownMessage, known: PersonGlimpse | None, chosen: Chosen) -> None:
        """Notes what somebody chose, from now on.

        Who agrees to something on a channel that they had unsubscribed from is written to there again, about what
        they agreed to and nothing else. Whoever came by another way than an email, and agrees to emails, may have to
        confirm the address first; who came by an email has shown that it is theirs.
        """
        now, how = self.now(), ConsentSource.PREFERENCE_PAGE
        back = self._coming_back(message, known, {channel for channel, _ in chosen.granted})
        said: list[ConsentEntry] = []
        for channel in Channel:
            granted = {topic for where, topic in chosen.granted if where is channel}
            withdrawn = {topic for where, topic in chosen.withdrawn if where is channel}
            spoken_of = (
                set(Topic) if any(s.channel is channel for s in back) else granted | withdrawn
            )
            entries = self._consents(
                message, channel, granted=granted, how=how, wording=chosen.wording
            )
            said += [entry for entry in entries if entry.topic in spoken_of]
        if message.channel is not Channel.EMAIL and self.must_confirm(
            known.countries if known else None
        ):
            said = [_pending_if_email(entry) for entry in said]
        self.ledger.record_consents(said, recorded_at=now)
        for each in back:
            self.ledger.lift(each.address_key, each.channel, each.reason, at=now, by=how)
        self.ledger.prefer(
            message.person_id,
            message.customer_id,
            chosen.preferences,
            at=now,
            how=how,
            proof=message.key,
        )

    def pause(self, days: int) -> str:
        """Until when a pause of so many days lasts, as the ledger takes it."""
        return (self.now() + timedelta(days=days)).isoformat(timespec="seconds")

    def switch_off(
        self, message: KnownMessage, known: PersonGlimpse | None, *, wording: str
    ) -> None:
        """Stops every channel and every topic, for every address of the person that is known."""
        now, how = self.now(), ConsentSource.PREFERENCE_PAGE
        for channel in Channel:
            reached = self._addresses(message, known, channel)
            for address_key in reached | (known.address_keys[channel] if known else frozenset()):
                self.ledger.suppress(
                    address_key=address_key,
                    channel=channel,
                    reason=SuppressionReason.UNSUBSCRIBED,
                    at=now,
                )
        said = [
            entry
            for channel in Channel
            for entry in self._consents(message, channel, granted=(), how=how, wording=wording)
        ]
        self.ledger.record_consents(said, recorded_at=now)

    def _soft_opt_in_on(self, message: KnownMessage, known: PersonGlimpse | None) -> date | None:
        """The order that stands in for a consent, unless something was said about emails since last night's data."""
        if known is None or known.soft_opt_in_on is None:
            return None
        said = self.ledger.permissions_of(message.person_id)
        return None if any(p.channel is Channel.EMAIL for p in said) else known.soft_opt_in_on

    def _granted(self, message: KnownMessage, known: PersonGlimpse | None) -> Iterable[Way]:
        """The later of the shop's word and ours, for each channel and topic."""
        said = [*known.consents] if known else []
        last = {(s.channel, s.topic): (s.since, s.state) for s in said}
        for permission in self.ledger.permissions_of(message.person_id):
            way, word = (permission.channel, permission.topic), (permission.since, permission.state)
            if way not in last or last[way][0] <= word[0]:
                last[way] = word
        return [way for way, (_, state) in last.items() if state is ConsentState.GRANTED]

    def _coming_back(
        self, message: KnownMessage, known: PersonGlimpse | None, channels: set[Channel]
    ) -> list[Suppression]:
        return [
            each
            for each in self._standing(message, known)
            if each.channel in channels and each.reason is SuppressionReason.UNSUBSCRIBED
        ]

    def _standing(self, message: KnownMessage, known: PersonGlimpse | None) -> list[Suppression]:
        """What stands against the addresses at which the person is reached, each on its own channel."""
        reached = {channel: self._addresses(message, known, channel) for channel in Channel}
        keys = {key for keys in reached.values() for key in keys}
        return [s for s in self.ledger.suppressions_of(keys) if s.address_key in reached[s.channel]]

    def _addresses(
        self, message: KnownMessage, known: PersonGlimpse | None, channel: Channel
    ) -> frozenset[str]:
        """Where the person is reached: by the address of the message on its channel, on others by all that are known."""
        if channel is message.channel:
            return frozenset((message.address_key,))
        return known.address_keys[channel] if known else frozenset()


def _pending_if_email(entry: ConsentEntry) -> ConsentEntry:
    if (entry.channel, entry.state) != (Channel.EMAIL, ConsentState.GRANTED):
        return entry
    return replace(entry, state=ConsentState.PENDING)
