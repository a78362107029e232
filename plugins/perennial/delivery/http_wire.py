"""One request over HTTP, made once: the answer with its body, or why there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from perennial.delivery.outcomes import Silence

# An answer of the API has some hundred bytes, an error page some thousand.
_LONGEST_BODY = 65_536
# Less than any server keeps a connection that nobody uses: one that closes as we write leaves a doubt.
_IDLE_SECONDS = 4.0
_NUMBER = re.compile(r"[0-9]{1,12}")
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, in seconds: for a connection, and for everything together."""

    connect: float = 5
    total: float = 30


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back. `body` is missing when the connection ended before it did."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)

    def json(self) -> Any:  # noqa: ANN401 - whatever the server wrote
        """The body as JSON; nothing when it is none."""
        with suppress(ValueError, RecursionError):
            return json.loads(self.body or b"")
        return None

    def wait(self) -> timedelta | None:
        """How long the server wants to be left alone, by its own clock where it tells the time."""
        if (seconds := self._number("Retry-After")) is not None:
            return _bounded(seconds)
        reset = self._number("X-RateLimit-Reset")
        with suppress(KeyError, ValueError):
            told = parsedate_to_datetime(self.headers["Date"]).timestamp()
            return None if reset is None else _bounded(reset - told)
        return None

    def _number(self, header: str) -> int | None:
        text = self.headers.get(header, "")
        return int(text) if _NUMBER.fullmatch(text) else None


class HttpWire:
    """Connections to one provider. Repeats no post, follows nothing, remembers nothing."""

    def __init__(self, *, headers: Mapping[str, str], connections: int, patience: Patience) -> None:
        self._headers = headers
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(total=patience.total, connect=patience.connect)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, content_type: str) -> Reply | Silence:
        headers = {"Content-Type": content_type}
        return await self._ask("POST", url, data=body, headers=headers)

    async def get(self, url: str, *, longest_body: int = _LONGEST_BODY) -> Reply | Silence:
        """Read; of a body that is longer than so many bytes, its beginning."""
        return await self._ask("GET", url, longest_body=longest_body)

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        longest_body: int = _LONGEST_BODY,
    ) -> Reply | Silence:
        session = self._session = self._session or self._open()
        try:
            async with session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                answer = await _whole_body(response, longest_body)
                return Reply(status=response.status, headers=response.headers, body=answer)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return silence(error)

    async def close(self) -> None:
        """Let go of the connections; a later post opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_IDLE_SECONDS)
        return aiohttp.ClientSession(
            connector=connector,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **self._headers},
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
        )


def silence(error: Exception) -> Silence:
    """Why there is no answer. What is not known to come before the request comes after it."""
    kinds: tuple[tuple[type[BaseException], Silence], ...] = (
        (aiohttp.ClientSSLError, Silence.TLS_FAILED),
        (aiohttp.ClientConnectorDNSError, Silence.NAME_NOT_FOUND),
        (aiohttp.ClientConnectorError, Silence.CONNECTION_REFUSED),
        (aiohttp.ConnectionTimeoutError, Silence.NO_CONNECTION_IN_TIME),
        (TimeoutError, Silence.TIMEOUT),
        (aiohttp.ClientResponseError, Silence.NOT_HTTP),
    )
    return next((word for kind, word in kinds if isinstance(error, kind)), Silence.DISCONNECTED)


async def _whole_body(response: aiohttp.ClientResponse, longest: int) -> bytes | None:
    """The body, or its beginning when it is longer than `longest` bytes; nothing when it breaks off."""
    body = b""
    try:
        async for part in response.content.iter_any():
            body += part
            if len(body) > longest:
                break
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None
    return body


def _bounded(seconds: float) -> timedelta:
    return min(timedelta(seconds=max(seconds, 1)), _LONGEST_WAIT)
