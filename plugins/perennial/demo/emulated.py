"""How an installation and an emulator of its providers find each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def settings_of(account: Mapping[str, Any], *, public: str) -> Mapping[str, str]:
    """The settings with which Perennial sends by an emulator and believes its events, by their names in the environment.

    `public` is the address of the web app as the world knows it.
    """
    return {
        "PERENNIAL_EMAIL_TRANSPORT": "sendgrid",
        "PERENNIAL_SENDGRID_HOST": account["url"],
        "PERENNIAL_SENDGRID_API_KEY": account["sendgrid_key"],
        "PERENNIAL_SENDGRID_WEBHOOK_KEY": account["event_public_key"],
        "PERENNIAL_SMS_TRANSPORT": "twilio",
        "PERENNIAL_TWILIO_HOST": account["url"],
        "PERENNIAL_TWILIO_ACCOUNT_SID": account["account_sid"],
        "PERENNIAL_TWILIO_AUTH_TOKEN": account["auth_token"],
        "PERENNIAL_TWILIO_MESSAGING_SERVICE": account["messaging_services"][0],
        "PERENNIAL_EDGE_URL": public,
    }


def event_url_of(edge: str) -> str:
    """Where SendGrid's events go, for a web app that answers at `edge`."""
    from perennial.events import sendgrid_events

    return edge.rstrip("/") + sendgrid_events.PATH


def inbound_url_of(public: str) -> str:
    """Where texts go that people answer with: Twilio signs the address that the world knows."""
    from perennial.events import inbound_texts

    return public.rstrip("/") + inbound_texts.PATH


def forwarded(public: str, *, edge: str) -> Mapping[str, str]:
    """Which public address leads where on this machine."""
    return {public.rstrip("/"): edge.rstrip("/")}
