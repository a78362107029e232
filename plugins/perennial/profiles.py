"""What kinds of installation there are, and whom each of them may talk to."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

# Twilio knows it with test credentials only; with others it refuses every message.
TEST_SENDER = "+15005550006"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LIVE_DOMAINS = (".sendgrid.com", ".twilio.com")


class Profile(StrEnum):
    """What kind of installation this is."""

    DEMO = "demo"
    STAGING = "staging"
    PRODUCTION = "production"


def fault_of_host(url: str, profile: Profile, *, harmless: bool) -> str | None:
    """Why a profile may not talk to a host of the providers' APIs, or nothing; `harmless`: it sends nothing there."""
    address = urlsplit(url)
    host = address.hostname or ""
    if host in _LOOPBACK and address.scheme in {"http", "https"}:
        return None
    if address.scheme != "https" or not host:
        return "give it as https://…; plain http is for this machine only (127.0.0.1)"
    if profile is Profile.DEMO:
        return f"{host} is refused: the demo profile talks to an emulator on this machine only"
    live = f".{host.rstrip('.')}".endswith(_LIVE_DOMAINS)
    if profile is Profile.STAGING and live and not harmless:
        return (
            f"{host} would write to real people: the staging profile wants an emulator, PERENNIAL_SENDGRID_SANDBOX=true,"
            f" or Twilio's test credentials with PERENNIAL_TWILIO_FROM={TEST_SENDER}"
        )
    return None
