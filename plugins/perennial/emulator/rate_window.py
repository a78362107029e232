"""A fixed number of requests per window of time, as SendGrid counts them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


class RateWindow:
    """Counts the requests of the window that is open."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._ends = 0.0
        self._used = 0

    def admits(self, now: float) -> bool:
        """Counts one request; false when the window is used up."""
        if now >= self._ends:
            self._ends = (now // self._limit.seconds + 1) * self._limit.seconds
            self._used = 0
        if self._used >= self._limit.requests:
            return False
        self._used += 1
        return True

    def headers(self) -> Mapping[str, str]:
        """What the answer says about the window; Reset is in whole Unix seconds, never too early."""
        return {
            "X-RateLimit-Limit": str(self._limit.requests),
            "X-RateLimit-Remaining": str(self._limit.requests - self._used),
            "X-RateLimit-Reset": str(math.ceil(self._ends)),
        }
