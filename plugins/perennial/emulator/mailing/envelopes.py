"""What each person gets out of one request: the shared mail with the personalization worked in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from perennial.emulator.mailing.rules import RECIPIENT_LISTS


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One email as one person gets it."""

    key: str
    message_id: str
    to: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    from_address: str = ""
    from_name: str | None = None
    reply_to: str | None = None
    subject: str = field(repr=False)
    text: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    arguments: Mapping[str, str] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    group: int | None = None
    visible_to: int = 1
    # Position among the mails of its request: what tells their ids apart in the events.
    number: int = 0
    at: float = 0.0


def keys_of(request: Any, key_name: str) -> list[str]:  # noqa: ANN401 - whatever the client wrote
    """Our keys in a request, in its order."""
    people = request.get("personalizations") if isinstance(request, dict) else None
    if not isinstance(people, list):
        return []
    found = [
        _arguments(request, person).get(key_name, "")
        for person in people
        if isinstance(person, dict)
    ]
    return [key for key in found if isinstance(key, str)]


class _Person(msgspec.Struct):
    custom_args: dict[str, str] = {}


class _Request(msgspec.Struct):
    personalizations: list[_Person]
    custom_args: dict[str, str] = {}


_REQUEST = msgspec.json.Decoder(_Request)


def keys_alone(body: bytes, key_name: str) -> list[str] | None:
    """Our keys in the bytes of a request, read past everything else; nothing when it is no request."""
    try:
        request = _REQUEST.decode(body)
    except msgspec.DecodeError:
        return None
    shared = request.custom_args.get(key_name, "")
    return [person.custom_args.get(key_name, shared) for person in request.personalizations]


def mails_of(
    request: Mapping[str, Any], *, key_name: str, message_id: str, at: float
) -> Iterator[Mail]:
    """One mail for every recipient of a request that was found to be right."""
    numbers = itertools.count()
    for person in request["personalizations"]:
        arguments = _arguments(request, person)
        recipients = [each for name in RECIPIENT_LISTS for each in person.get(name) or ()]
        words = _words(request, person)
        for recipient in recipients:
            yield Mail(
                key=arguments.get(key_name, ""),
                message_id=message_id,
                to=recipient["email"],
                name=recipient.get("name"),
                arguments=arguments,
                visible_to=len(recipients),
                number=next(numbers),
                at=at,
                **words,
            )


def _words(request: Mapping[str, Any], person: Mapping[str, Any]) -> dict[str, Any]:
    values: Mapping[str, str] = person.get("substitutions") or {}
    sender = person.get("from") or request["from"]
    content = {block["type"]: block["value"] for block in request.get("content") or ()}
    reply_to = (request.get("reply_to") or {}).get("email")
    return {
        "from_address": sender["email"],
        "from_name": sender.get("name"),
        "reply_to": substituted(reply_to, values),
        "subject": substituted(person.get("subject") or request.get("subject"), values) or "",
        "text": substituted(content.get("text/plain"), values),
        "html": substituted(content.get("text/html"), values),
        "headers": {**(request.get("headers") or {}), **(person.get("headers") or {})},
        "categories": tuple(request.get("categories") or ()),
        "group": (request.get("asm") or {}).get("group_id"),
    }


def substituted(text: str | None, values: Mapping[str, str]) -> str | None:
    """The text with one substitution after the other.

    Nobody documents the order, nor that a value is left alone by the next substitution; so this is the
    treatment under which a token inside a value does the most damage, and a test sees it.
    """
    if text is None:
        return None
    for token, value in values.items():
        text = text.replace(token, value)
    return text


def _arguments(request: Mapping[str, Any], person: Mapping[str, Any]) -> Mapping[str, str]:
    shared, own = request.get("custom_args"), person.get("custom_args")
    return {
        **(shared if isinstance(shared, dict) else {}),
        **(own if isinstance(own, dict) else {}),
    }
