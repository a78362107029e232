"""The people whom every message is tried on: known by name, nameless, and with the longest name there may be."""

from __future__ import annotations

from typing import Any

from perennial.messages.values import read_values
from perennial.model.fields import MERGE_FIELDS

# Forty characters, and not a space among them to break a line at.
_LONG = "Wolfeschlegelsteinhausenbergerdorffwelch"
_EXAMPLES: dict[str, Any] = {name: field.example for name, field in MERGE_FIELDS.items()}
_LONG_PRODUCT = _EXAMPLES["product"] | {"name": f"{_LONG} 🎂", "category": _LONG}
_CHANGES: dict[str, dict[str, Any]] = {
    "known by name": {"order_products": _EXAMPLES["order_products"] * 3},
    "nameless": {
        "first_name": None,
        "product": None,
        "favourite_category": None,
        "liked": [],
        "order_products": [],
        "delivered_on": None,
        "points_expire_on": None,
        "points_expiring": 0,
    },
    "long-named": {
        "first_name": _LONG,
        "product": _LONG_PRODUCT,
        "liked": [_LONG_PRODUCT] * 3,
        "order_products": [_LONG_PRODUCT] * 3,
        "favourite_category": _LONG,
        "coupon_code": "WELCOME-K7TWQ-4MZPX",
        "points_balance": 1_240_000,
    },
}
READERS = tuple(_CHANGES)


def values_of(reader: str, **changes: object) -> dict[str, Any]:
    """The merge fields as they are for one of the readers."""
    return read_values(_EXAMPLES | _CHANGES[reader] | changes)
