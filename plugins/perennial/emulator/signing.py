"""How the providers sign what they post, written from their descriptions and not by their packages."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urldefrag

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"


class EventSigner:
    """SendGrid's signature over timestamp and raw body; the same seed has the same key."""

    def __init__(self, seed: int) -> None:
        number = int.from_bytes(hashlib.sha256(f"event webhook {seed}".encode()).digest()) >> 1
        self._key = ec.derive_private_key(number or 1, ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """The key as SendGrid shows it: base64 of the SubjectPublicKeyInfo, without PEM lines."""
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode()

    def headers(self, body: bytes, *, at: float) -> Mapping[str, str]:
        """The two headers of a post."""
        timestamp = str(int(at))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
            TIMESTAMP_HEADER: timestamp,
        }


def twilio_signature(url: str, form: Mapping[str, str], token: str) -> str:
    """The value of X-Twilio-Signature: over the address as configured, without its fragment, and the sorted form."""
    text = urldefrag(url).url + "".join(f"{name}{form[name]}" for name in sorted(form))
    mac = hmac.new(token.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()
