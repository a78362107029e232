"""What SendGrid is told, and what its answers say: bytes in, values out, no connection.

Every person has a personalization of their own: two addresses in one would see each other. Whatever differs between
people goes into it, and the rest beside it, so that one request can carry many.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from perennial.delivery.http_wire import Reply
from perennial.delivery.mail_format import ascii_address, header_value
from perennial.delivery.outcomes import Answer
from perennial.delivery.sendgrid.links import untracked
from perennial.errors import RenderError
from perennial.model.keys import KEY_NAME
from perennial.model.message import EmailMessage

# Set by SendGrid itself; a request that sets one of them is refused.
_RESERVED_HEADERS = frozenset(
    {
        *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type"),
        *("content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc"),
    }
)
_FIELD = re.compile(r"[\w.-]{1,64}", re.ASCII)
_PERSON = re.compile(r"personalizations\.([0-9]{1,4})(?:\.|$)")


@dataclass(frozen=True, kw_only=True)
class MailOptions:
    """What all emails of an installation have in common. `sandbox`: checked by SendGrid and not sent."""

    sandbox: bool = False
    asm_group: int | None = None


def mail_request(message: EmailMessage, options: MailOptions) -> bytes:
    """The body of POST /v3/mail/send for one email.

    Raises:
        RenderError: an address or a header cannot be written down safely.
    """
    words = (message.subject, message.text, untracked(message))
    request = request_of([personalization(message)], words, envelope(message, options))
    try:
        return msgspec.json.encode(request)
    except UnicodeEncodeError:
        msg = "The message holds half a character, which no mail program shows."
        raise RenderError(msg) from None


def request_of(
    people: Sequence[Mapping[str, Any]], words: tuple[str, str, str], shared: Mapping[str, Any]
) -> dict[str, Any]:
    """A request for these people. `words` are the subject, the plain text and the HTML."""
    subject, text, html = words
    return {
        "personalizations": people,
        "subject": subject,
        "content": [
            {"type": "text/plain", "value": text},
            {"type": "text/html", "value": html},
        ],
        **shared,
    }


def personalization(message: EmailMessage) -> dict[str, Any]:
    """What is one person's own: the address, the links of the header, the key.

    Raises:
        RenderError: the address or a header cannot be written down safely.
    """
    for name in message.headers:
        _refuse_reserved(name)
    return {
        "to": [{"email": ascii_address(message.to)}],
        "headers": {name: header_value(name, value) for name, value in message.headers.items()},
        "custom_args": {KEY_NAME: message.key},
    }


@lru_cache(maxsize=64)
def _refuse_reserved(name: str) -> None:
    if name.lower() in _RESERVED_HEADERS:
        msg = f"SendGrid sets the header {name} itself and refuses ours."
        raise RenderError(msg)


def envelope(message: EmailMessage, options: MailOptions) -> dict[str, Any]:
    """What is the same for everybody in a campaign.

    Raises:
        RenderError: an address of ours cannot be written down safely.
    """
    shared: dict[str, Any] = {
        "from": {"email": ascii_address(message.from_address), "name": message.from_name},
        "categories": [message.campaign],
        # The links to unsubscribe are ours, in the header and in the text: neither added to nor rewritten.
        "tracking_settings": {
            "click_tracking": {"enable": True, "enable_text": False},
            "subscription_tracking": {"enable": False},
        },
    }
    if message.reply_to:
        shared["reply_to"] = {"email": ascii_address(message.reply_to)}
    if options.asm_group is not None:
        shared["asm"] = {"group_id": options.asm_group}
    if options.sandbox:
        shared["mail_settings"] = {"sandbox_mode": {"enable": True}}
    return shared


def read_answer(reply: Reply, options: MailOptions) -> Answer:
    """What SendGrid says. Its yes is a 202 with nothing in it, in the sandbox a 200."""
    yes = 200 if options.sandbox else 202
    return Answer(
        status=reply.status,
        readable=reply.status == yes and (reply.body == b"" or options.sandbox),
        code=_field(reply) if reply.status >= 400 else None,
        provider_id=reply.headers.get("X-Message-Id"),
        wait=reply.wait(),
    )


def culprits(reply: Reply) -> list[int]:
    """Whose personalizations an error names, by their place in the request."""
    named = (_PERSON.match(str(error.get("field"))) for error in _errors(reply))
    return sorted({int(found[1]) for found in named if found})


def _field(reply: Reply) -> str | None:
    """What SendGrid objects to first. Its sentence is not kept: it may quote the address."""
    field = next((error.get("field") for error in _errors(reply)), None)
    # Its description shows errors about no field in particular with the word null in place of the value.
    if not isinstance(field, str) or field == "null":
        return None
    return field if _FIELD.fullmatch(field) else None


def _errors(reply: Reply) -> list[dict[str, Any]]:
    answer = reply.json()
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return (
        [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    )
