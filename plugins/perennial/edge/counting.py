"""What came in, as figures for a monitoring system: counts and closed words, nothing about anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum

from perennial.events import sendgrid_events, twilio_events
from perennial.events.inbound_texts import InboundText
from perennial.events.reports import Ignored, Report
from perennial.events.understanding import Wish
from perennial.ledger.values import Applied
from perennial.model.words import Channel, EventWord
from perennial.operations.samples import Sample

_NO_WISH = "none"
_RESULTS = ("new", "repeated", "parked")
PROVIDERS = (sendgrid_events.PROVIDER, twilio_events.PROVIDER)


class Outcome(StrEnum):
    """How a post ended."""

    APPLIED = "applied"
    FORGED = "forged"
    STALE = "stale"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    BROKEN_OFF = "broken_off"
    UNREADABLE = "unreadable"
    UNAVAILABLE = "unavailable"


class Counts:
    """Everything that was counted since the start; for one event loop."""

    def __init__(self) -> None:
        self.posts: Counter[tuple[str, str]] = Counter()
        self.events: Counter[tuple[str, str]] = Counter()
        self.ignored: Counter[tuple[str, str]] = Counter()
        self.applied: Counter[str] = Counter()
        self.texts: Counter[tuple[str, str]] = Counter()

    def note_report(self, provider: str, report: Report) -> None:
        """A genuine post, whether or not it can be applied."""
        self.events.update((provider, event.word.value) for event in report.events)
        self.ignored.update({(provider, why.value): n for why, n in report.ignored.items()})

    def note_applied(self, applied: Applied) -> None:
        """What the ledger made of events."""
        self.applied.update(
            {"new": applied.new, "repeated": applied.repeated, "parked": applied.parked}
        )

    def note_text(self, text: InboundText) -> None:
        """A text that somebody answered with."""
        wish = text.understood.wish.value if text.understood else _NO_WISH
        self.texts[text.channel.value, wish] += 1

    def samples(self) -> list[Sample]:
        """Everything counted so far; what never happened is there with a zero."""
        return [
            *_by_provider("posts", Outcome, self.posts),
            *_by_provider("events", EventWord, self.events),
            *_by_provider("ignored_events", Ignored, self.ignored),
            *(_sample("recorded_events", self.applied[r], r) for r in _RESULTS),
            *(
                _sample("inbound_texts", self.texts[channel, wish], channel, wish)
                for channel in (Channel.SMS.value, Channel.WHATSAPP.value)
                for wish in (*(wish.value for wish in Wish), _NO_WISH)
            ),
        ]


def _by_provider(
    name: str, words: type[StrEnum], counts: Mapping[tuple[str, str], int]
) -> Iterator[Sample]:
    for provider in PROVIDERS:
        for word in words:
            yield _sample(name, counts.get((provider, word.value), 0), provider, word.value)


def _sample(name: str, count: int, *labels: str) -> Sample:
    return Sample(figure=f"perennial_edge_{name}_total", value=count, labels=labels)
