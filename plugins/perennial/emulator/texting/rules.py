"""What POST Messages.json refuses, in the order in which Twilio looks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from perennial.emulator.options import Options

MOST_CHARACTERS = 1_600
LONGEST_VALIDITY = 36_000

# The numbers of Twilio's test credentials.
_MAGIC_TO: Mapping[str, int] = MappingProxyType(
    {
        "+15005550001": 21211,
        "+15005550002": 21612,
        "+15005550003": 21408,
        "+15005550004": 21610,
        "+15005550009": 21614,
    }
)
_MAGIC_FROM: Mapping[str, int] = MappingProxyType(
    {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}")


def first_error(form: Mapping[str, str], options: Options) -> int | None:
    """The code with which a request is refused, or nothing when it is right."""
    return _recipient(form) or _sender(form, options) or _content(form) or _manner(form)


def _recipient(form: Mapping[str, str]) -> int | None:
    to = form.get("To", "")
    if not to:
        return 21604
    return _MAGIC_TO.get(to) or (None if _NUMBER.fullmatch(to) else 21211)


def _sender(form: Mapping[str, str], options: Options) -> int | None:
    service, sender = form.get("MessagingServiceSid"), form.get("From", "")
    if service:
        return None if service in options.services else 21701
    if not sender:
        return 21603
    if sender in _MAGIC_FROM:
        return _MAGIC_FROM[sender]
    if not _SENDER.fullmatch(sender):
        return 21212
    return 21606 if options.numbers and sender not in options.numbers else None


def _content(form: Mapping[str, str]) -> int | None:
    if not any(form.get(name) for name in ("Body", "MediaUrl", "ContentSid")):
        return 21602
    return 21617 if len(form.get("Body", "")) > MOST_CHARACTERS else None


def _manner(form: Mapping[str, str]) -> int | None:
    callback = form.get("StatusCallback")
    if callback and not _is_url(callback):
        return 21609
    validity = form.get("ValidityPeriod")
    if validity is None:
        return None
    right = validity.isascii() and validity.isdigit() and 1 <= int(validity) <= LONGEST_VALIDITY
    return None if right else 90007


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
