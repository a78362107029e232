"""SendGrid's Event Webhook: whether a post is genuine, and what its events say.

The vendor's package checks a signature too, but takes the body as text, and raises on a signature that is no base64 and
without a key. Here it stays bytes, because any change of them breaks the signature, and what cannot be checked is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from perennial.errors import SettingsError
from perennial.events.actors import actor_of
from perennial.events.reports import Ignored, Report, Seal, report_of
from perennial.model.events import ProviderEvent
from perennial.model.keys import KEY_NAME, read_message_key
from perennial.model.words import Actor, EventWord

PROVIDER = "sendgrid"
PATH = "/hooks/sendgrid"
SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

OLDEST = timedelta(hours=25)
"""SendGrid tries for 24 hours, and nothing says that it signs each try anew."""

MOST_EVENTS = 20_000
"""In one post. 768 KB, which is what SendGrid gathers, hold fewer."""

_WORDS = {
    "processed": EventWord.PROCESSED,
    "dropped": EventWord.DROPPED,
    "deferred": EventWord.DEFERRED,
    "delivered": EventWord.DELIVERED,
    "bounce": EventWord.BOUNCED,
    "open": EventWord.OPENED,
    "click": EventWord.CLICKED,
    "spamreport": EventWord.COMPLAINED,
    "unsubscribe": EventWord.UNSUBSCRIBED,
    "group_unsubscribe": EventWord.UNSUBSCRIBED,
}
_WITH_CODE = frozenset(
    {EventWord.DROPPED, EventWord.DEFERRED, EventWord.BOUNCED, EventWord.BLOCKED}
)
# Why SendGrid dropped an email, in its own sentences; another one is not kept.
_DROPS = {
    "bounced address": "bounced_address",
    "invalid": "invalid",
    "invalid smtpapi header": "invalid_header",
    "recipient list over package quota": "over_quota",
    "spam content": "spam_content",
    "spam reporting address": "spam_reporting_address",
    "unsubscribed address": "unsubscribed_address",
}
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)
_BASIC = re.compile(r"\s*([245]\d\d)\b", re.ASCII)
_ID = re.compile(r"[!-~]{1,255}")
_SECONDS = re.compile(r"\d{1,11}", re.ASCII)
_FIRST_SECOND = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
_LAST_SECOND = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


class EventSignature:
    """Checks posts against the public keys of the webhook: one, or two while a new one takes over.

    Raises:
        SettingsError: a key is not one that SendGrid shows.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [_public_key(key) for key in keys]

    @property
    def configured(self) -> bool:
        return bool(self._keys)

    def check(
        self, body: bytes, *, signature: str | None, timestamp: str | None, now: datetime
    ) -> Seal:
        """Whether SendGrid has posted these very bytes. Replays are genuine too, and harmless."""
        signed = _decoded(signature or "")
        if signed is None or timestamp is None or not _SECONDS.fullmatch(timestamp):
            return Seal.FORGED
        if not any(_signs(key, signed, timestamp.encode() + body) for key in self._keys):
            return Seal.FORGED
        too_old = now.timestamp() - int(timestamp) > OLDEST.total_seconds()
        return Seal.STALE if too_old else Seal.GENUINE


def read_events(body: bytes) -> Report | None:
    """The events of a post; nothing when it does not read like one."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, list) or len(told) > MOST_EVENTS:
        return None
    return report_of(_event(entry) for entry in told)


def _event(entry: object) -> ProviderEvent | Ignored:
    if not isinstance(entry, dict):
        return Ignored.MALFORMED
    if KEY_NAME not in entry:
        return Ignored.NO_KEY
    key, at, word = read_message_key(entry[KEY_NAME]), _moment(entry), _word(entry)
    if key is None or at is None:
        return Ignored.MALFORMED
    if word is None:
        return Ignored.UNKNOWN_WORD
    return ProviderEvent(
        key=key,
        word=word,
        provider=PROVIDER,
        at=at,
        provider_id=_provider_id(entry),
        code=_code(entry) if word in _WITH_CODE else None,
        actor=_actor(entry, word),
    )


def _actor(entry: Mapping[str, Any], word: EventWord) -> Actor | None:
    by_machine = entry.get("sg_machine_open")
    return actor_of(word, user_agent=_text(entry, "useragent"), machine_open=by_machine is True)


def _word(entry: Mapping[str, Any]) -> EventWord | None:
    """A bounce that does not call itself one was refused for now, and says nothing about the address."""
    name = entry.get("event")
    word = _WORDS.get(name) if isinstance(name, str) else None
    if word is EventWord.BOUNCED and entry.get("type") != "bounce":
        return EventWord.BLOCKED
    return word


def _moment(entry: Mapping[str, Any]) -> datetime | None:
    seconds = entry.get("timestamp")
    if type(seconds) is not int or not _FIRST_SECOND <= seconds < _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _provider_id(entry: Mapping[str, Any]) -> str | None:
    """Missing where a bounce comes later than the yes of the recipient's server."""
    named = entry.get("sg_message_id")
    return named if isinstance(named, str) and _ID.fullmatch(named) else None


def _code(entry: Mapping[str, Any]) -> str | None:
    """A status or a reason from a closed list: the sentences around them quote addresses."""
    status, reason, response = (_text(entry, name) for name in ("status", "reason", "response"))
    if known := _DROPS.get(reason.strip().lower()):
        return known
    if _ENHANCED.fullmatch(status):
        return status
    basic = (_BASIC.match(said) for said in (status, reason, response))
    return next((found[1] for found in basic if found), None)


def _text(entry: Mapping[str, Any], name: str) -> str:
    said = entry.get(name)
    return said if isinstance(said, str) else ""


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        key = None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    msg = (
        "sendgrid_webhook_key: this is not a verification key. Copy it from SendGrid's Mail Settings, Event Webhook,"
        " Signature Verification; it begins with MFkw. Two keys are separated by a comma."
    )
    raise SettingsError(msg)


def _decoded(signature: str) -> bytes | None:
    try:
        return base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        return None


def _signs(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
