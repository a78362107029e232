"""What Twilio is told, and what its answers say: forms and bytes, no connection."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from perennial.delivery.http_wire import Reply
from perennial.delivery.outcomes import Answer
from perennial.errors import RenderError
from perennial.model.keys import KEY_NAME
from perennial.model.message import SmsMessage, WhatsAppMessage

Texting = SmsMessage | WhatsAppMessage
"""What Twilio carries."""

LONGEST_QUEUE = timedelta(seconds=36_000)
"""A message may wait in Twilio's queue for no longer than this."""

_LONGEST_TEXT = 1_600
_WHATSAPP = "whatsapp:"
_SID = re.compile(r"[SM]M[0-9a-fA-F]{32}")
_CODE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """What all messages of one channel have in common; at least one of service and sender is given.

    status_callback: where Twilio reports what became of a message. redact: Twilio keeps neither text nor number; the
    account needs Message Redaction for it.
    """

    messaging_service: str | None = None
    sender: str | None = None
    status_callback: str | None = None
    redact: bool = False


def text_request(message: Texting, options: TextOptions, *, lasts: timedelta | None) -> bytes:
    """The body of POST Messages.json; the message leaves Twilio's queue within `lasts` or not at all.

    Raises:
        RenderError: the text is longer than Twilio takes, or cannot be written down.
    """
    form = {
        "To": address_of(message),
        **_content(message),
        "MessagingServiceSid": options.messaging_service,
        "From": _sender(message, options),
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


def address_of(message: Texting) -> str:
    """The recipient as Twilio names it: a number, with the channel before it where it is not a text message."""
    return _on_channel(message, message.to)


def time_in_queue(message: Texting, *, now: datetime, wire: timedelta) -> timedelta | None:
    """How long the message may wait at Twilio so that it is over by its expiry, when the request takes up to `wire`.

    Whole seconds; nothing for a message that never expires, and less than one when there is no time left. The expiry
    of a planned message is never later than the beginning of its quiet hours.
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


def _content(message: Texting) -> Mapping[str, str]:
    if isinstance(message, WhatsAppMessage):
        # Half a character stays half a character here; as the escape of JSON it would reach the phone.
        variables = json.dumps(dict(message.variables), ensure_ascii=False)
        return {"ContentSid": message.content_sid, "ContentVariables": variables}
    if len(message.text) > _LONGEST_TEXT:
        msg = f"The text is longer than {_LONGEST_TEXT} characters."
        raise RenderError(msg)
    return {"Body": message.text}


def _sender(message: Texting, options: TextOptions) -> str | None:
    return _on_channel(message, options.sender) if options.sender else None


def _on_channel(message: Texting, number: str) -> str:
    if isinstance(message, WhatsAppMessage):
        return _WHATSAPP + number.removeprefix(_WHATSAPP)
    return number


def _callback(message: Texting, options: TextOptions) -> str | None:
    if options.status_callback is None:
        return None
    return f"{options.status_callback}?{urlencode({KEY_NAME: message.key})}"
