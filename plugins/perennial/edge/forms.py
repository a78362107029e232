"""What a form on our pages, or a mail program on a customer's behalf, has posted."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from urllib.parse import parse_qsl

from starlette.requests import Request

from perennial.edge.bodies import read_body
from perennial.edge.counting import Outcome

Form = dict[str, list[str]]

_MOST_FIELDS = 100


async def read_form(request: Request, *, most: int) -> Form | Outcome:
    """The fields by name, URL-encoded or multipart; what cannot be read has none.

    Who unsubscribes at one click posts in either form (RFC 8058), and must not fail over a detail.
    """
    body = await read_body(request, most=most)
    if isinstance(body, Outcome):
        return body
    content_type = request.headers.get("Content-Type", "")
    if content_type.lower().startswith("multipart/form-data"):
        return _multipart(content_type, body)
    return _urlencoded(body)


def first(form: Form, name: str) -> str | None:
    """The field's first value, if it was posted."""
    return next(iter(form.get(name, ())), None)


def _urlencoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    form: Form = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def _multipart(content_type: str, body: bytes) -> Form:
    # A header cannot hold a line break: the server has seen to that.
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    try:
        told = message_from_bytes(head + body)
    except ValueError:
        return {}
    form: Form = {}
    for part in list(told.walk())[1 : _MOST_FIELDS + 1]:
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            form.setdefault(name, []).append(_text(part))
    return form


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
