"""What a provider reports, after its answer, about a message that it has taken on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from perennial.model.keys import MessageKey
from perennial.model.words import Actor, EventWord


@dataclass(frozen=True, kw_only=True)
class ProviderEvent:
    """One thing that happened to a message, as its provider tells it.

    `at` is the provider's own time, with a zone; where it tells none, `dated` is false, and `at` is when we were told.
    `code` is a status or a reason from a closed list, never a sentence: sentences quote addresses. `actor` says who is
    behind it, as far as the event itself shows.
    """

    key: MessageKey
    word: EventWord
    provider: str
    at: datetime
    provider_id: str | None = None
    code: str | None = None
    actor: Actor | None = None
    dated: bool = True
