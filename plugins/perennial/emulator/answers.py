"""What comes in and what goes out, without the wire: handlers are functions of a call and give an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as a provider sees it."""

    method: str
    path: str
    at: float
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    in_flight: int = 1

    @cached_property
    def json(self) -> Any:  # noqa: ANN401 - whatever the client wrote
        """The body as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The body as a form; of a field given twice the last one."""
        text = self.body.decode("utf-8", errors="replace")
        return dict(parse_qsl(text, keep_blank_values=True))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer; `accepted` when the provider has taken something on with it."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    accepted: bool = False


def json_answer(
    status: int, data: object, *, headers: Mapping[str, str] | None = None, accepted: bool = False
) -> Answer:
    """An answer in JSON."""
    return Answer(
        status=status,
        body=json.dumps(data, ensure_ascii=False).encode(errors="replace"),
        content_type="application/json",
        headers=headers or {},
        accepted=accepted,
    )


def html_answer(status: int, title: str) -> Answer:
    """The page of a web server that stands before the provider, as nginx writes it."""
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(status=status, body=page.encode(), content_type="text/html")


TOO_LARGE = html_answer(413, "413 Request Entity Too Large")
EMPTY = Answer(status=204)
