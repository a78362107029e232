"""Asks a shop's API, and waits where it must: retries, limits, and what may come back at all are decided here.

Everything asked for is read only, so a request may be made again. Numbers stay the digits that the shop sent.
Errors name the API and the path, never what stood in an answer.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from perennial.errors import KeyRefused, SourceError

_LARGEST_PAGE = 256 * 1024 * 1024
_PASSING = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530})
_REFUSED = frozenset({401, 403})


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long an API is waited for, in seconds."""

    connect: float = 10
    silence: float = 60  # between two pieces of an answer
    request: float = 300  # one answer, however slowly it trickles
    page: float = 1_800  # a page with all its tries and waits
    table: float = 6 * 60 * 60  # all pages of a table
    tries: int = 6  # of a page that fails; waiting for a limit is not failing


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an API said; numbers are text."""

    data: Any
    headers: Mapping[str, str]


class Busy(Exception):
    """The API wants to be asked later; it says how many seconds, or nothing."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__()
        self.seconds = seconds


class Stumble(Exception):
    """This time it failed; the next may be better."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class ApiClient:
    """One shop's API."""

    def __init__(
        self,
        name: str,
        url: str,
        auth: AuthBase | None,
        *,
        patience: Patience | None = None,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.patience = patience or Patience()
        self.clock = clock
        self._url = url.rstrip("/")
        self._auth = auth
        self._pause = pause
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"

    def close(self) -> None:
        """Ends every connection."""
        self._session.close()

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """What stands at a path.

        Raises:
            SourceError: the API refuses, keeps failing, or says nothing that can be read.
        """
        return self._ask("GET", path, {"params": dict(params)}, _anything)

    def post(self, path: str, body: Mapping[str, Any], check: Callable[[Any], None]) -> Answer:
        """What a question that is asked by POST brings; `check` may raise Busy or Stumble to have it asked again."""
        return self._ask("POST", path, {"json": dict(body)}, check)

    def fail(self, path: str, what: str) -> SourceError:
        """An error of this API, to be raised."""
        return SourceError(f"{self.name} {path}: {what}")

    def _ask(
        self, method: str, path: str, what: dict[str, Any], check: Callable[[Any], None]
    ) -> Answer:
        ends = self.clock() + self.patience.page
        failed = waited = 0
        while True:
            try:
                answer = self._once(method, path, what)
                check(answer.data)
            except Busy as busy:
                waited += 1
                wait, why = busy.seconds or _backoff(waited), "limits how often it may be asked"
            except Stumble as stumble:
                failed += 1
                wait, why = _backoff(failed), stumble.why
                if failed >= self.patience.tries:
                    raise self.fail(path, f"{why}, {failed} times in a row. {_LATER}") from None
            else:
                return answer
            if self.clock() + wait > ends:
                msg = f"{why} and wants {wait:.0f} s more; a page is waited for {self.patience.page:.0f} s. {_LATER}"
                raise self.fail(path, msg) from None
            self._pause(wait)

    def _once(self, method: str, path: str, what: dict[str, Any]) -> Answer:
        try:
            with self._session.request(
                method,
                f"{self._url}{path}",
                **what,
                auth=self._auth,
                timeout=(self.patience.connect, self.patience.silence),
                # A key never follows to another address.
                allow_redirects=False,
                stream=True,
            ) as response:
                self._refuse(path, response)
                return Answer(data=self._read(path, response), headers=response.headers)
        except requests.exceptions.SSLError:
            raise self.fail(path, "the server's certificate is not trusted.") from None
        except requests.Timeout:
            raise Stumble(_SILENT) from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise Stumble(_BROKEN_OFF) from None
        except requests.exceptions.ContentDecodingError:
            raise Stumble(_UNREADABLE) from None
        except requests.RequestException as error:
            raise self.fail(path, f"cannot be asked: {type(error).__name__}. {_ADDRESS}") from None

    def _refuse(self, path: str, response: requests.Response) -> None:
        status = response.status_code
        if status == requests.codes.ok:
            return
        if status == requests.codes.too_many_requests:
            raise Busy(_retry_after(response.headers))
        if status in _PASSING:
            why = f"answered {status}"
            raise Stumble(why)
        if status in _REFUSED:
            msg = f"{self.name} {path}: answered {status}: the key is refused. {_KEY}"
            raise KeyRefused(msg)
        if response.is_redirect:
            host = urlsplit(response.headers.get("Location", "")).hostname or "another path"
            msg = f"answered {status}, a redirect to {host}. Write the address that the API itself has into shop.yaml."
            raise self.fail(path, msg)
        raise self.fail(path, f"answered {status}{_code(response)}. {_advice(status)}")

    def _read(self, path: str, response: requests.Response) -> Any:  # noqa: ANN401 - JSON
        ends, body = self.clock() + self.patience.request, bytearray()
        for piece in response.iter_content(65_536):
            body += piece
            if len(body) > _LARGEST_PAGE:
                raise self.fail(path, f"sent a page of more than {_LARGEST_PAGE >> 20} MB.")
            if self.clock() > ends:
                raise Stumble(_SILENT)
        try:
            return json.loads(body, parse_int=str, parse_float=str)
        except ValueError:
            raise Stumble(_UNREADABLE) from None


def _anything(_: object) -> None:
    """Any JSON will do."""


def _backoff(attempt: int) -> float:
    """Twice as long each time, at most a minute, and never two tasks at the same moment."""
    return min(60.0, 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as a number or as a date."""
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", said):
        return max(0.5, float(said))
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.5, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _code(response: requests.Response) -> str:
    """The API's own name of an error, where it has one; texts of answers may hold anything and are left out."""
    try:
        said = response.json()
    except (ValueError, requests.RequestException):
        return ""
    code = said.get("code") or said.get("errorCode") if isinstance(said, dict) else None
    return f" ({code})" if isinstance(code, str) and re.fullmatch(r"[A-Za-z_-]{1,60}", code) else ""


def _advice(status: int) -> str:
    if status == requests.codes.not_found:
        return _ADDRESS
    if status == requests.codes.payment_required:
        return "The shop's plan does not include its API."
    return "Check `sources.api` in shop.yaml and the version of the shop."


_SILENT = "did not come to the end of an answer in time"
_BROKEN_OFF = "could not be reached, or broke off in the middle of an answer"
_UNREADABLE = "sent something that is not JSON, or only half of it"
_LATER = "Nothing of it was taken; run the night again later."
_ADDRESS = "Check the address, the store and the version under `sources.api` in shop.yaml."
_KEY = (
    "See that PERENNIAL_SOURCE_API_KEY and PERENNIAL_SOURCE_API_SECRET (or the Airflow connection) hold a key that is"
    " valid and may read orders, customers and products."
)
