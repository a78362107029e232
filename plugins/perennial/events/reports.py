"""What a provider's post comes down to, whoever the provider is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from perennial.model.events import ProviderEvent


class Seal(StrEnum):
    """Whether a post comes from whom it says."""

    GENUINE = "genuine"
    FORGED = "forged"  # also: not signed, or nobody told us what to check it with
    STALE = "stale"  # signed so long ago that no provider would still be trying


class Ignored(StrEnum):
    """Why an event of a genuine post says nothing about one of our messages."""

    NO_KEY = "no_key"  # of somebody else on the same account, or of a test
    UNKNOWN_WORD = "unknown_word"
    MALFORMED = "malformed"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The events of one post, and how many of it were ignored."""

    events: tuple[ProviderEvent, ...] = ()
    ignored: Mapping[Ignored, int] = field(default_factory=dict)


def report_of(entries: Iterable[ProviderEvent | Ignored]) -> Report:
    """Gathers what was read of each entry of a post."""
    events: list[ProviderEvent] = []
    ignored: Counter[Ignored] = Counter()
    for entry in entries:
        if isinstance(entry, Ignored):
            ignored[entry] += 1
        else:
            events.append(entry)
    return Report(events=tuple(events), ignored=ignored)
