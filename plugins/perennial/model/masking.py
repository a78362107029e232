"""Addresses as they may be shown: their owner recognises them, nobody else learns them."""

from __future__ import annotations

_DOTS = "•••"


def masked_email(address: str) -> str:
    """The first letter and the domain: a•••@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1].lower()}{_DOTS}@{domain.lower()}"


def masked_phone(number: str) -> str:
    """The last two digits of an E.164 number: +••• 67."""
    return f"+{_DOTS} {number[-2:]}"
