"""Twilio's status callbacks: whether a post is genuine, and what it says.

The check is the vendor's own, which tries the address with and without its port. It fails on a missing signature, so that
is looked at first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from perennial.events.reports import Ignored, Report, Seal, report_of
from perennial.model.events import ProviderEvent
from perennial.model.keys import read_message_key
from perennial.model.words import EventWord

PROVIDER = "twilio"
WHATSAPP_PROVIDER = "twilio_whatsapp"
STATUS_PATH = "/hooks/twilio/status"
SIGNATURE_HEADER = "X-Twilio-Signature"

_MOST_FIELDS = 100
_WORDS = {
    "accepted": EventWord.PROCESSED,
    "scheduled": EventWord.PROCESSED,
    "queued": EventWord.PROCESSED,
    "sending": EventWord.PROCESSED,
    "sent": EventWord.SENT,
    "delivered": EventWord.DELIVERED,
    "read": EventWord.OPENED,
    "undelivered": EventWord.UNDELIVERED,
    "failed": EventWord.UNDELIVERED,
    "canceled": EventWord.DROPPED,
}
_SID = re.compile(r"[SM]M[0-9a-fA-F]{32}")
_BY_WHATSAPP = "whatsapp:"
_CODE = re.compile(r"[1-9][0-9]{0,8}")
# Behind a Messaging Service Twilio takes a message on before it looks whether its recipient has answered STOP.
# On WhatsApp people block a sender, and the same is told of who has opted out there.
_HAS_OPTED_OUT = frozenset({"21610", "63014"})


class CallbackSignature:
    """Checks posts against the account's auth token: one, or two while a new one takes over."""

    def __init__(self, tokens: Sequence[SecretStr]) -> None:
        self._validators = [RequestValidator(token.get_secret_value()) for token in tokens]

    @property
    def configured(self) -> bool:
        return bool(self._validators)

    def check(self, form: Mapping[str, str], *, url: str, signature: str | None) -> Seal:
        """Whether Twilio has posted this form to this public address. There is no time in it: replays are genuine too."""
        if not signature:
            return Seal.FORGED
        genuine = any(each.validate(url, form, signature) for each in self._validators)
        return Seal.GENUINE if genuine else Seal.FORGED


def read_form(body: bytes) -> Mapping[str, str] | None:
    """The fields of a form; nothing when it does not read like one."""
    try:
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        return None
    return dict(fields)


def read_status(form: Mapping[str, str], *, key: str | None, at: datetime) -> Report:
    """What a status callback says about the message whose key was in its address.

    Twilio does not say when it happened: `at` is when we were told.
    """
    return report_of(_events(form, key, at))


def _events(
    form: Mapping[str, str], text: str | None, at: datetime
) -> Sequence[ProviderEvent | Ignored]:
    if text is None:
        return [Ignored.NO_KEY]
    key, word = read_message_key(text), _WORDS.get(form.get("MessageStatus", ""))
    if key is None:
        return [Ignored.MALFORMED]
    if word is None:
        return [Ignored.UNKNOWN_WORD]
    sid, code = form.get("MessageSid", ""), form.get("ErrorCode", "")
    words = [word, EventWord.UNSUBSCRIBED] if code in _HAS_OPTED_OUT else [word]
    return [
        ProviderEvent(
            key=key,
            word=each,
            provider=WHATSAPP_PROVIDER if form.get("To", "").startswith(_BY_WHATSAPP) else PROVIDER,
            at=at,
            provider_id=sid if _SID.fullmatch(sid) else None,
            code=code if _CODE.fullmatch(code) else None,
            dated=False,
        )
        for each in words
    ]
