"""What the preview and the editor have just made or counted, for whoever asks for it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from threading import Lock

from cachetools import LRUCache, TTLCache

from perennial.pipeline.awkward_customers import Awkward
from perennial.pipeline.counting_audience import AudienceCount
from perennial.pipeline.previewing import Row
from perennial.studio.keeping import Kept

_SECONDS = 30.0
_ROW_SECONDS = 60.0
_COUNT_SECONDS = 900.0
_COUNTS = 64
_EMAILS = 64
_ROWS = 64
_PLANS = 32


class Shelf:
    """Keeps emails and counts for a while, and for each plan whom to look at; may be shared by threads."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, seconds: float = _SECONDS
    ) -> None:
        self._lock = Lock()
        self._emails: TTLCache[Hashable, str] = TTLCache(_EMAILS, seconds, clock)
        self._rows = Kept[Row](TTLCache(_ROWS, _ROW_SECONDS, clock))
        self._counts = Kept[AudienceCount | None](TTLCache(_COUNTS, _COUNT_SECONDS, clock))
        self._awkward = Kept[Sequence[Awkward]](LRUCache(_PLANS))

    def put(self, name: Hashable, html: str) -> None:
        """Keeps an email in place of the one of that name."""
        with self._lock:
            self._emails[name] = html

    def take(self, name: Hashable) -> str | None:
        """The email of that name, unless it is too old."""
        with self._lock:
            return self._emails.get(name)

    def row(self, known: Hashable, gather: Callable[[], Row]) -> Row:
        """What a customer's message is made of, gathered at most a minute ago."""
        return self._rows.answer(known, gather)

    def count(
        self, audience: Hashable, count: Callable[[], AudienceCount | None]
    ) -> AudienceCount | None:
        """How many an audience would hold, counted a while ago by the same rule in the same data."""
        return self._counts.answer(audience, count)

    def awkward(self, plan: Hashable, look: Callable[[], Sequence[Awkward]]) -> Sequence[Awkward]:
        """Whom to look at in a plan, looked for the first time that somebody asks."""
        return self._awkward.answer(plan, look)
