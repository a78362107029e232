"""Each sender's queue: so many segments a second, at most ten hours of them."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_QUEUE = 36_000.0


class SenderQueues:
    """When the next message of a sender can leave."""

    def __init__(self, segments_per_second: float) -> None:
        self._rate = segments_per_second
        self._free_at: dict[str, float] = {}

    def wait(self, sender: str, now: float) -> float:
        """Seconds that a message handed over now would wait."""
        return max(0.0, self._free_at.get(sender, now) - now)

    def shortest(self, senders: Sequence[str], now: float) -> str:
        """The sender of a pool whose queue is the shortest, the first among equals."""
        return min(senders, key=lambda sender: self.wait(sender, now))

    def take(self, sender: str, segments: int, now: float) -> float:
        """Puts a message at the end; the moment at which it leaves."""
        leaves = now + self.wait(sender, now)
        self._free_at[sender] = leaves + segments / self._rate
        return leaves
