"""What `perennial emulate` prints: the settings that lead messages to it, ready to be pasted into a shell."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from perennial.events import sendgrid_events


def event_url_of(chosen: str | None, *, edge: str | None) -> str | None:
    """Where SendGrid's events go."""
    return chosen or (edge and edge.rstrip("/") + sendgrid_events.PATH)


def forwarded(public: str, *, edge: str | None) -> Mapping[str, str]:
    """Which public address leads where on this machine: Twilio signs the one and posts to the other."""
    return {public.rstrip("/"): edge.rstrip("/")} if edge else {}


def settings_of(account: Mapping[str, Any], *, public: str) -> Mapping[str, str]:
    """The settings with which Perennial sends by an emulator and believes its events, by their names in the environment."""
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


def announce(account: Mapping[str, Any], *, public: str, as_json: bool) -> None:
    """Says on stdout, at once, how to reach the emulator: JSON, or lines for a shell."""
    lines = [
        f"export {name}={value}" for name, value in settings_of(account, public=public).items()
    ]
    sys.stdout.write((json.dumps(account) if as_json else "\n".join(lines)) + "\n")
    sys.stdout.flush()
