"""What Twilio is told, and what its answers say: forms and bytes, no connection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from perennial.delivery.http_wire import Reply
from perennial.delivery.outcomes import Answer
from perennial.errors import RenderError
from perennial.model.keys import KEY_NAME
from perennial.model.message import SmsMessage

LONGEST_QUEUE = timedelta(seconds=36_000)
"""A message may wait in Twilio's queue for no longer than this."""

_LONGEST_TEXT = 1_600
_SID = re.compile(r"[SM]M[0-9a-fA-F]{32}")
_CODE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """What all text messages of an installation have in common; at least one of service and sender is given.

    status_callback: where Twilio reports what became of a message. redact: Twilio keeps neither text nor number; the
    account needs Message Redaction for it.
    """

    messaging_service: str | None = None
    sender: str | None = None
    status_callback: str | None = None
    redact: bool = False


def text_request(message: SmsMessage, options: TextOptions, *, lasts: timedelta | None) -> bytes:
    """The body of POST Messages.json; the message leaves Twilio's queue within `lasts` or not at all.

    Raises:
        RenderError: the text is longer than Twilio takes.
    """
    if len(message.text) > _LONGEST_TEXT:
        msg = f"The text is longer than {_LONGEST_TEXT} characters."
        raise RenderError(msg)
    form = {
        "To": message.to,
        "Body": message.text,
        "MessagingServiceSid": options.messaging_service,
        "From": options.sender,
        "StatusCallback": _callback(message, options),
        "ValidityPeriod": None if lasts is None else str(int(lasts.total_seconds())),
        "ContentRetention": "discard" if options.redact else None,
        "AddressRetention": "obfuscate" if options.redact else None,
    }
    try:
        return urlencode(
            {name: value for name, value in form.items() if value is not None}
        ).encode()
    except UnicodeEncodeError:
        msg = "The message holds half a character, which no phone shows."
        raise RenderError(msg) from None


def time_in_queue(message: SmsMessage, *, now: datetime, wire: timedelta) -> timedelta | None:
    """How long the message may wait at Twilio so that it is over by its expiry, when the request takes up to `wire`.

    Whole seconds; nothing for a message that never expires, and less than one when there is no time left.
    """
    if message.expires_at is None:
        return None
    left = message.expires_at - now - wire
    return min(timedelta(seconds=left // timedelta(seconds=1)), LONGEST_QUEUE)


def read_answer(reply: Reply) -> Answer:
    """What Twilio says: a yes names the message, a no has a number. Its sentences are not kept: they quote the phone."""
    answer = reply.json()
    fields = answer if isinstance(answer, dict) else {}
    sid, code = fields.get("sid"), str(fields.get("code"))
    named = isinstance(sid, str) and _SID.fullmatch(sid) is not None
    return Answer(
        status=reply.status,
        readable=named,
        code=code if reply.status >= 400 and _CODE.fullmatch(code) else None,
        provider_id=sid if named else None,
        wait=reply.wait(),
    )


def _callback(message: SmsMessage, options: TextOptions) -> str | None:
    if options.status_callback is None:
        return None
    return f"{options.status_callback}?{urlencode({KEY_NAME: message.key})}"
