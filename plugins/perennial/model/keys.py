"""Names that must come out the same for ever: message keys, address keys, shares, link tokens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, NewType

if TYPE_CHECKING:
    from hashlib import _Hash

MessageKey = NewType("MessageKey", str)

KEY_NAME = "perennial_key"
"""What our key is called wherever a provider gives it back: beside names of its own, hence the prefix."""

_KEY = re.compile(r"[0-9a-f]{32}")
_OF_TESTS = "7e57" * 4
_SEPARATOR = "\x1f"
_COUPON_SIGNS = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789"
# Each version of a token is signed as something of its own, so that none can be passed off as another.
_FIRST, _SECOND = "link", "link2"
_KINDS = {"1": _FIRST, "2": _SECOND}
_LONGEST_TOKEN = 128
# The sign that stands for each byte of a digest, and the two signs of Base64 that links write differently.
_SIGN_OF_BYTE = bytes(_COUPON_SIGNS[byte % len(_COUPON_SIGNS)] for byte in range(256))
_FOR_LINKS = bytes.maketrans(b"+/", b"-_")


def message_key(campaign: str, step: int, customer_id: str, occasion: str) -> MessageKey:
    """The ledger's key of a message: 32 hex digits of SHA-256 over what makes it the same message.

    audience/decisions.sql computes the same in SQL; a test holds the two together.
    """
    text = _SEPARATOR.join((campaign, str(step), customer_id, occasion))
    return MessageKey(hashlib.sha256(text.encode()).hexdigest()[:32])


def key_of_test(text: str) -> MessageKey:
    """The key of a message that only shows what another one, or nobody's, would be: no plan and no ledger holds it.

    Its links and its coupon code are signed and as long as any other, and good for nothing.
    """
    return MessageKey(_OF_TESTS + hashlib.sha256(text.encode()).hexdigest()[: 32 - len(_OF_TESTS)])


def is_of_test(key: str) -> bool:
    """Whether a message was a test. A real key looks like one in a case of 2 to the power of 64."""
    return key.startswith(_OF_TESTS)


def read_message_key(text: object) -> MessageKey | None:
    """A message key from outside, or nothing when it does not look like one."""
    return MessageKey(text) if isinstance(text, str) and _KEY.fullmatch(text) else None


def address_key(address: str, secret: str) -> str:
    """Keyed hash of an address in normal form: recognises an address without holding it."""
    return _digest("address", address, secret).hex()[:32]


def customer_key(customer_id: str, secret: str) -> str:
    """Keyed hash of a customer id: what stays of somebody who was erased, and what the audit log says of people."""
    return _digest("customer", customer_id.strip(), secret).hex()[:32]


def stand_in(text: str, secret: str) -> str:
    """Keyed hash that takes the place of what would lead back to somebody who was erased, such as an order's id."""
    return _digest("erased", text, secret).hex()[:32]


def coupon_code(prefix: str, key: MessageKey, secret: str) -> str:
    """A coupon code that belongs to one message: ten letters and digits without look-alikes.

    Ten of 31 signs: among a million coupons, two are the same with a chance of one in 1,600.
    """
    signs = _digest("coupon", key, secret)[:10].translate(_SIGN_OF_BYTE).decode()
    return f"{prefix}-{signs[:5]}-{signs[5:]}"


class Link(NamedTuple):
    """What a link in a message says: which message it stands in, and the language it was written in, if it says so."""

    key: MessageKey
    locale: str | None


def link_token(purpose: str, key: MessageKey, locale: str, secret: str) -> str:
    """An opaque, signed token for a link in a message; holds the message's key and language and nothing personal."""
    body = _token_body(key, locale)
    return f"2.{body}.{_signature(_SECOND, purpose, body, secret)}"


@lru_cache(16)  # a message has several links
def _token_body(key: MessageKey, locale: str) -> str:
    return _for_links(binascii.unhexlify(key) + locale.encode("ascii"))


def read_link_token(purpose: str, token: str, secret: str) -> Link | None:
    """What a token says, or nothing when it is not one of ours. Tokens of every version are good for ever."""
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        return None
    version, _, rest = token.partition(".")
    body, _, signature = rest.partition(".")
    kind = _KINDS.get(version)
    if kind is None or not hmac.compare_digest(signature, _signature(kind, purpose, body, secret)):
        return None
    said = _from_links(body)
    return Link(MessageKey(said[:16].hex()), said[16:].decode("ascii") or None)


def signed_target(url: str, secret: str) -> str:
    """An address of the web that our messages lead to, signed, so that nobody else can have us lead there."""
    body = _for_links(url.encode())
    return f"{body}.{_signature(_SECOND, 'target', body, secret)}"


def read_signed_target(target: str, secret: str) -> str | None:
    """The address, or nothing when it is not signed by us."""
    body, _, signature = target.partition(".")
    if not target.isascii() or not hmac.compare_digest(
        signature, _signature(_SECOND, "target", body, secret)
    ):
        return None
    return _from_links(body).decode()


def _signature(kind: str, purpose: str, body: str, secret: str) -> str:
    return _for_links(_digest(f"{kind}{_SEPARATOR}{purpose}", body, secret)[:16])


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


def _from_links(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
