"""Names that must come out the same for ever: message keys, address keys, shares, link tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import NewType

MessageKey = NewType("MessageKey", str)

KEY_NAME = "perennial_key"
"""What our key is called wherever a provider gives it back: beside names of its own, hence the prefix."""

_KEY = re.compile(r"[0-9a-f]{32}")
_SEPARATOR = "\x1f"


def message_key(campaign: str, step: int, customer_id: str, occasion: str) -> MessageKey:
    """The ledger's key of a message: 32 hex digits of SHA-256 over what makes it the same message.

    audience/decisions.sql computes the same in SQL; a test holds the two together.
    """
    text = _SEPARATOR.join((campaign, str(step), customer_id, occasion))
    return MessageKey(hashlib.sha256(text.encode()).hexdigest()[:32])


def read_message_key(text: object) -> MessageKey | None:
    """A message key from outside, or nothing when it does not look like one."""
    return MessageKey(text) if isinstance(text, str) and _KEY.fullmatch(text) else None


def address_key(address: str, secret: str) -> str:
    """Keyed hash of an address in normal form: recognises an address without holding it."""
    return hmac.new(
        secret.encode(), f"address{_SEPARATOR}{address}".encode(), hashlib.sha256
    ).hexdigest()[:32]


def coupon_code(prefix: str, key: MessageKey, secret: str) -> str:
    """A coupon code that belongs to one message: ten letters and digits without look-alikes.

    Ten of 31 signs: among a million coupons, two are the same with a chance of one in 1,600.
    """
    alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
    digest = hmac.new(secret.encode(), f"coupon{_SEPARATOR}{key}".encode(), hashlib.sha256).digest()
    signs = "".join(alphabet[byte % len(alphabet)] for byte in digest[:10])
    return f"{prefix}-{signs[:5]}-{signs[5:]}"


def link_token(purpose: str, key: MessageKey, secret: str) -> str:
    """An opaque, signed token for a link in a message; holds the message key and nothing personal."""
    body = base64.urlsafe_b64encode(bytes.fromhex(key)).decode().rstrip("=")
    return f"1.{body}.{_signature(purpose, body, secret)}"


def read_link_token(purpose: str, token: str, secret: str) -> MessageKey | None:
    """The message key inside a token, or nothing when the token is not one of ours."""
    parts = token.split(".")
    if len(parts) != 3 or parts[0] != "1" or not token.isascii():
        return None
    if not hmac.compare_digest(parts[2], _signature(purpose, parts[1], secret)):
        return None
    return MessageKey(base64.urlsafe_b64decode(parts[1] + "==").hex())


def _signature(purpose: str, body: str, secret: str) -> str:
    mac = hmac.new(
        secret.encode(), f"link{_SEPARATOR}{purpose}{_SEPARATOR}{body}".encode(), hashlib.sha256
    )
    return base64.urlsafe_b64encode(mac.digest()[:16]).decode().rstrip("=")
