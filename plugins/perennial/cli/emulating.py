"""What `perennial emulate` prints: the settings that lead messages to it, ready to be pasted into a shell."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def settings_of(account: Mapping[str, Any]) -> Mapping[str, str]:
    """The settings with which Perennial sends by an emulator, by their names in the environment."""
    return {
        "PERENNIAL_EMAIL_TRANSPORT": "sendgrid",
        "PERENNIAL_SENDGRID_HOST": account["url"],
        "PERENNIAL_SENDGRID_API_KEY": account["sendgrid_key"],
        "PERENNIAL_SMS_TRANSPORT": "twilio",
        "PERENNIAL_TWILIO_HOST": account["url"],
        "PERENNIAL_TWILIO_ACCOUNT_SID": account["account_sid"],
        "PERENNIAL_TWILIO_AUTH_TOKEN": account["auth_token"],
        "PERENNIAL_TWILIO_MESSAGING_SERVICE": account["messaging_services"][0],
    }


def announce(account: Mapping[str, Any], *, as_json: bool) -> None:
    """Says on stdout, at once, how to reach the emulator: JSON, or lines for a shell."""
    lines = [f"export {name}={value}" for name, value in settings_of(account).items()]
    sys.stdout.write((json.dumps(account) if as_json else "\n".join(lines)) + "\n")
    sys.stdout.flush()
