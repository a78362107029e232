"""Links to products by way of the web app, which notes who followed them and leads on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from perennial.messages.values import Product
from perennial.model.keys import link_token, signed_target
from perennial.model.message import PlannedMessage

# A shop has far fewer products than messages.
_signed = lru_cache(16_384)(signed_target)


def through_us(
    values: Mapping[str, Any], planned: PlannedMessage, *, edge_url: str, secret: str
) -> dict[str, Any]:
    """The values with products whose links lead by way of the web app."""
    token = link_token("click", planned.key, planned.locale, secret)
    base = f"{edge_url.rstrip('/')}/c/{token}"

    def led(value: object) -> object:
        if isinstance(value, Product) and value.url is not None:
            return replace(value, url=f"{base}/{_signed(value.url, secret)}")
        return tuple(map(led, value)) if isinstance(value, tuple) else value

    return {name: led(value) for name, value in values.items()}
