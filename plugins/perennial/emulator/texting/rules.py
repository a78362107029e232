"""What POST Messages.json refuses, in the order in which Twilio looks."""

from __future__ import annotations

import json
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
_TEMPLATE = re.compile(r"HX[0-9a-fA-F]{32}")
_WHATSAPP = "whatsapp:"


def is_whatsapp(address: str) -> bool:
    """Whether an address is a number on WhatsApp."""
    return address.startswith(_WHATSAPP)


def first_error(form: Mapping[str, str], options: Options) -> int | None:
    """The code with which a request is refused, or nothing when it is right."""
    return _recipient(form) or _sender(form, options) or _content(form) or _manner(form)


def _recipient(form: Mapping[str, str]) -> int | None:
    to = form.get("To", "")
    if not to:
        return 21604
    number = to.removeprefix(_WHATSAPP)
    return _MAGIC_TO.get(number) or (None if _NUMBER.fullmatch(number) else 21211)


def _sender(form: Mapping[str, str], options: Options) -> int | None:
    service, sender = form.get("MessagingServiceSid"), form.get("From", "")
    if service:
        return None if service in options.services else 21701
    if not sender:
        return 21603
    if is_whatsapp(sender) is not is_whatsapp(form["To"]):
        return 21910
    return _channel(sender, options) if is_whatsapp(sender) else _number(sender, options)


def _channel(sender: str, options: Options) -> int | None:
    number = sender.removeprefix(_WHATSAPP)
    return 63007 if options.numbers and number not in options.numbers else None


def _number(sender: str, options: Options) -> int | None:
    if sender in _MAGIC_FROM:
        return _MAGIC_FROM[sender]
    if not _SENDER.fullmatch(sender):
        return 21212
    return 21606 if options.numbers and sender not in options.numbers else None


def _content(form: Mapping[str, str]) -> int | None:
    if not any(form.get(name) for name in ("Body", "MediaUrl", "ContentSid")):
        return 21602
    if len(form.get("Body", "")) > MOST_CHARACTERS:
        return 21617
    return _template(form)


def _template(form: Mapping[str, str]) -> int | None:
    """A template of the Content API: its name, and values of which none is empty."""
    name, given = form.get("ContentSid"), form.get("ContentVariables")
    if name is None:
        return None if given is None else 21654
    if not _TEMPLATE.fullmatch(name):
        return 21655
    try:
        values = json.loads(given or "{}")
    except ValueError:
        return 21656
    filled = isinstance(values, dict) and all(isinstance(v, str) and v for v in values.values())
    return None if filled else 21656


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
