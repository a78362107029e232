"""Who asks, and how often: guessing at links is slowed down, following one's own link is not."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import HTTPConnection

_MOST_REMEMBERED = 50_000


def caller_of(request: HTTPConnection, proxy_header: str | None) -> str:
    """The address that asks. With a proxy, the last one in its header, which is what the proxy itself has seen.

    Of IPv6, the first 64 bits: one subscriber has all that begin alike.
    """
    named = request.headers.get(proxy_header, "").rpartition(",")[2].strip() if proxy_header else ""
    text = named or (request.client.host if request.client else "")
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


class Limit:
    """So many a minute for each name, and as many at once; for one event loop. Forgets whoever is longest gone."""

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        most: int = _MOST_REMEMBERED,
    ) -> None:
        self._most_at_once = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, name: str) -> bool:
        """Counts one more, and says whether that is within the limit."""
        left = self._remaining(name)
        self._left[name] = (max(left - 1, 0), self._clock())
        self._left.move_to_end(name)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return left >= 1

    def _remaining(self, name: str) -> float:
        left, at = self._left.get(name, (self._most_at_once, self._clock()))
        return min(self._most_at_once, left + (self._clock() - at) * self._per_second)
