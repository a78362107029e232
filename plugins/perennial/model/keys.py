"""Names that must come out the same for ever: message keys, address keys, shares, link tokens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from hashlib import _Hash

MessageKey = NewType("MessageKey", str)

KEY_NAME = "perennial_key"
"""What our key is called wherever a provider gives it back: beside names of its own, hence the prefix."""

_KEY = re.compile(r"[0-9a-f]{32}")
_SEPARATOR = "\x1f"
_COUPON_SIGNS = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789"
# The sign that stands for each byte of a digest, and the two signs of Base64 that links write differently.
_SIGN_OF_BYTE = bytes(_COUPON_SIGNS[byte % len(_COUPON_SIGNS)] for byte in range(256))
_FOR_LINKS = bytes.maketrans(b"+/", b"-_")


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
    return _digest("address", address, secret).hex()[:32]


def coupon_code(prefix: str, key: MessageKey, secret: str) -> str:
    """A coupon code that belongs to one message: ten letters and digits without look-alikes.

    Ten of 31 signs: among a million coupons, two are the same with a chance of one in 1,600.
    """
    signs = _digest("coupon", key, secret)[:10].translate(_SIGN_OF_BYTE).decode()
    return f"{prefix}-{signs[:5]}-{signs[5:]}"


def link_token(purpose: str, key: MessageKey, secret: str) -> str:
    """An opaque, signed token for a link in a message; holds the message key and nothing personal."""
    body = _for_links(binascii.unhexlify(key))
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
    return _for_links(_digest(f"link{_SEPARATOR}{purpose}", body, secret)[:16])


def _digest(purpose: str, text: str, secret: str) -> bytes:
    """HMAC with SHA-256 of a purpose and a text."""
    begun, rest = _begun(purpose, secret)
    inner, outer = begun.copy(), rest.copy()
    inner.update(text.encode())
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(256)
def _begun(purpose: str, secret: str) -> tuple[_Hash, _Hash]:
    """The two hashes of RFC 2104, as far as they are the same for every text of a purpose.

    Going on from there takes a third of the time of an HMAC from its beginning, and a message has three of them.
    """
    key = secret.encode()
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    inner.update(f"{purpose}{_SEPARATOR}".encode())
    return inner, hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def _for_links(data: bytes) -> str:
    """Base64 as it may stand in a link, without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_FOR_LINKS).decode().rstrip("=")
