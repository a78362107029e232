"""What the preview has just made, for the frames around which its page stands."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from threading import Lock

from perennial.pipeline.awkward_customers import Awkward
from perennial.pipeline.previewing import Row
from perennial.studio.keeping import Kept

_SECONDS = 30.0
_ROW_SECONDS = 60.0
_EMAILS = 64
_PLANS = 32


class Shelf:
    """Keeps a few emails for a while, and for each plan whom to look at; may be shared by threads."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, seconds: float = _SECONDS
    ) -> None:
        self._clock, self._seconds = clock, seconds
        self._lock = Lock()
        self._emails: OrderedDict[Hashable, tuple[float, str]] = OrderedDict()
        self._rows = Kept[Row](_ROW_SECONDS, clock=clock)
        self._awkward: OrderedDict[Hashable, Sequence[Awkward]] = OrderedDict()

    def put(self, name: Hashable, html: str) -> None:
        """Keeps an email in place of the one of that name."""
        with self._lock:
            self._emails[name] = self._clock(), html
            self._emails.move_to_end(name)
            while len(self._emails) > _EMAILS or self._is_old(next(iter(self._emails.values()))):
                self._emails.popitem(last=False)

    def take(self, name: Hashable) -> str | None:
        """The email of that name, unless it is too old."""
        with self._lock:
            kept = self._emails.get(name)
        return None if kept is None or self._is_old(kept) else kept[1]

    def row(self, known: Hashable, gather: Callable[[], Row]) -> Row:
        """What a customer's message is made of, gathered at most a minute ago."""
        return self._rows.answer(known, gather)

    def awkward(self, plan: Hashable, look: Callable[[], Sequence[Awkward]]) -> Sequence[Awkward]:
        """Whom to look at in a plan, looked for the first time that somebody asks."""
        with self._lock:
            known = self._awkward.get(plan)
        if known is None:
            known = look()
            with self._lock:
                self._awkward[plan] = known
                while len(self._awkward) > _PLANS:
                    self._awkward.popitem(last=False)
        return known

    def _is_old(self, kept: tuple[float, str]) -> bool:
        return self._clock() - kept[0] > self._seconds
