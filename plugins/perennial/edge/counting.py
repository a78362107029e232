"""What came in, as figures for a monitoring system: counts and closed words, nothing about anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from perennial.events import sendgrid_events, twilio_events
from perennial.events.inbound_texts import InboundText
from perennial.events.reports import Ignored, Report
from perennial.events.understanding import Wish
from perennial.ledger.values import Applied
from perennial.model.words import Channel, EventWord

_NO_WISH = "none"
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

    def as_text(self) -> str:
        """In the text format of Prometheus; what never happened is there with a zero."""
        return "".join(
            (
                _by_provider("posts", "Posts by how they ended.", "outcome", Outcome, self.posts),
                _by_provider("events", "Events by their word.", "word", EventWord, self.events),
                _by_provider(
                    "ignored_events", "Events of no message of ours.", "why", Ignored, self.ignored
                ),
                _family(
                    "recorded_events",
                    "Events by what the ledger made of them.",
                    ((f'result="{r}"', self.applied[r]) for r in ("new", "repeated", "parked")),
                ),
                _family(
                    "inbound_texts",
                    "Texts that people answered with, by what they ask for.",
                    (
                        (f'channel="{channel}",wish="{wish}"', self.texts[channel, wish])
                        for channel in (Channel.SMS.value, Channel.WHATSAPP.value)
                        for wish in (*(wish.value for wish in Wish), _NO_WISH)
                    ),
                ),
            )
        )


def _by_provider(
    name: str,
    meaning: str,
    label: str,
    words: type[StrEnum],
    counts: Mapping[tuple[str, str], int],
) -> str:
    lines = (
        (f'provider="{provider}",{label}="{word.value}"', counts.get((provider, word.value), 0))
        for provider in PROVIDERS
        for word in words
    )
    return _family(name, meaning, lines)


def _family(name: str, meaning: str, lines: Iterable[tuple[str, int]]) -> str:
    full = f"perennial_edge_{name}_total"
    head = f"# HELP {full} {meaning}\n# TYPE {full} counter\n"
    return head + "".join(f"{full}{{{labels}}} {count}\n" for labels, count in lines)
