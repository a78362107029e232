"""What became of the messages of one run: every one of them in exactly one figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from perennial.model.message import PlannedMessage, Receipt
from perennial.model.words import Channel, Reason


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many messages ended where.

    taken: settled before, in another worker's hands, or taken from us by a suppression at the last moment.
    not_due: their time has not come. waiting: their turn has not come, because the campaign is paused or their
    provider is left alone. blocked: not written to, for the reason given.
    """

    accepted: int = 0
    refused: int = 0
    retryable: int = 0
    in_doubt: int = 0
    taken: int = 0
    not_due: int = 0
    waiting: int = 0
    blocked: Mapping[Reason, int] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        """All of them together."""
        answered = self.accepted + self.refused + self.retryable + self.in_doubt
        return answered + self.taken + self.not_due + self.waiting + sum(self.blocked.values())


@dataclass(frozen=True, kw_only=True)
class DispatchSummary(Counts):
    """The counts of a run, whole and by channel; and when to go on, as long as messages are waiting.

    next_day: when the next day of a sender that is warmed up begins, if anything that it kept back lasts until then.
    """

    channels: Mapping[Channel, Counts] = field(default_factory=dict)
    resume_at: datetime | None = None
    next_day: datetime | None = None


class Tally:
    """Counts while a run goes on."""

    def __init__(self) -> None:
        self._figures: Counter[tuple[Channel, str]] = Counter()
        self._blocked: Counter[tuple[Channel, Reason]] = Counter()

    def receipts(self, channel: Channel, receipts: Iterable[Receipt]) -> None:
        """Answers of the channel's provider."""
        self._figures.update((channel, receipt.state.value) for receipt in receipts)

    def blocked(self, message: PlannedMessage, reason: Reason) -> None:
        """A message that may not be sent."""
        self._blocked[message.channel, reason] += 1

    def taken(self, messages: Iterable[PlannedMessage]) -> None:
        """Messages that are not ours to send."""
        self._figures.update((message.channel, "taken") for message in messages)

    def not_due(self, messages: Iterable[PlannedMessage]) -> None:
        """Messages whose time has not come."""
        self._figures.update((message.channel, "not_due") for message in messages)

    def waiting(self, messages: Iterable[PlannedMessage]) -> None:
        """Messages whose turn has not come."""
        self._figures.update((message.channel, "waiting") for message in messages)

    def count(self, figure: str) -> Mapping[Channel, int]:
        """One figure by channel, where it is not zero."""
        return {channel: n for (channel, name), n in self._figures.items() if name == figure and n}

    def summary(
        self, *, resume_at: datetime | None = None, next_day: datetime | None = None
    ) -> DispatchSummary:
        seen = {channel for channel, _ in (*self._figures, *self._blocked)}
        by_channel = {channel: self._counts(channel) for channel in Channel if channel in seen}
        return DispatchSummary(
            **vars(self._counts(*Channel)),
            channels=by_channel,
            resume_at=resume_at,
            next_day=next_day,
        )

    def _counts(self, *channels: Channel) -> Counts:
        figures: Counter[str] = Counter()
        blocked: Counter[Reason] = Counter()
        for (channel, figure), count in self._figures.items():
            figures[figure] += count if channel in channels else 0
        for (channel, reason), count in self._blocked.items():
            blocked[reason] += count if channel in channels else 0
        reasons = {reason: blocked[reason] for reason in Reason if blocked[reason]}
        return Counts(**figures, blocked=reasons)
