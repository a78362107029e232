"""What `perennial emulate` prints: the settings that lead messages to it, ready to be pasted into a shell."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from perennial.demo import emulated
from perennial.demo.emulated import settings_of

__all__ = ["announce", "event_url_of", "forwarded", "inbound_url_of", "settings_of"]


def event_url_of(chosen: str | None, *, edge: str | None) -> str | None:
    """Where SendGrid's events go."""
    return chosen or (emulated.event_url_of(edge) if edge else None)


def inbound_url_of(chosen: str | None, *, public: str, edge: str | None) -> str | None:
    """Where texts go that people answer with."""
    return chosen or (emulated.inbound_url_of(public) if edge else None)


def forwarded(public: str, *, edge: str | None) -> Mapping[str, str]:
    """Which public address leads where on this machine: Twilio signs the one and posts to the other."""
    return emulated.forwarded(public, edge=edge) if edge else {}


def announce(account: Mapping[str, Any], *, public: str, as_json: bool) -> None:
    """Says on stdout, at once, how to reach the emulator: JSON, or lines for a shell."""
    lines = [
        f"export {name}={value}" for name, value in settings_of(account, public=public).items()
    ]
    sys.stdout.write((json.dumps(account) if as_json else "\n".join(lines)) + "\n")
    sys.stdout.flush()
