"""shop.yaml, the head: who the shop is to its customers, and what it counts in."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from perennial.errors import ShopError
from perennial.model.shop import Points, Prices, Shop
from perennial.sources.located_yaml import LocatedYaml, Reader, value_place
from perennial.sources.shop_values import (
    amount,
    calendar_days,
    colour,
    country,
    currency,
    departments,
    email_address,
    locale,
    locales,
    rewards,
    survey_scale,
    text,
    web_address,
    whole,
    yes_or_no,
    zone,
)

TOP_LEVEL = ("shop", "sources")
_RENAMED = {"zone": "timezone"}
_BLOCKS = {"points": Points, "prices": Prices}
_REQUIRED = tuple(
    _RENAMED.get(f.name, f.name)
    for f in fields(Shop)
    if f.default is MISSING and f.default_factory is MISSING
)


def read_shop(path: Path) -> Shop:
    """The shop that a file describes.

    Raises:
        ShopError: names every mistake with its line and column.
    """
    file = LocatedYaml(path, ShopError)
    refuse_other_sections(file)
    head = file.section("shop", hint="It names the shop; see docs/reference/shop.md.")
    values = file.fields(head, _readers(file), of="shop", required=_REQUIRED if head else ())
    _check_together(file, head, values)
    file.refuse_if_wrong()
    blocks = {name: cls(**values.pop(name)) for name, cls in _BLOCKS.items() if name in values}
    return Shop(zone=values.pop("timezone"), **values, **blocks)


def refuse_other_sections(file: LocatedYaml) -> None:
    """Notes every top-level key that means nothing."""
    for key in file.root:
        if key not in TOP_LEVEL:
            file.unknown(file.root, key, of="shop.yaml", choices=TOP_LEVEL)


def _readers(file: LocatedYaml) -> dict[str, Reader]:
    return {
        "name": text,
        "timezone": zone,
        "currency": currency,
        "country": country,
        "default_locale": locale,
        "locales": locales,
        "website": web_address,
        "postal_address": text,
        "from_address": email_address,
        "reply_to": email_address,
        "sms_name": text,
        "colours": file.mapping(
            dict.fromkeys(("brand", "accent", "paper", "ink"), colour), of="shop.colours"
        ),
        "points": file.mapping(
            {"value": amount, "redemption_minimum": whole(1), "rewards": rewards},
            of="shop.points",
        ),
        "prices": file.mapping(
            dict.fromkeys(("email", "sms_segment", "whatsapp"), amount), of="shop.prices"
        ),
        "survey_scale": survey_scale,
        "leap_day_on_1_march": yes_or_no,
        "discreet_departments": departments,
        "holidays": calendar_days,
        "closed_days": calendar_days,
    }


def _check_together(file: LocatedYaml, head: CommentedMap, values: dict[str, Any]) -> None:
    spoken = values.get("locales", () if "locales" in head else Shop.locales)
    if spoken and values.get("default_locale", spoken[0]) not in spoken:
        file.fault(
            f"shop.default_locale is `{values['default_locale']}`, which is not among shop.locales.",
            value_place(head, "default_locale"),
            f"Choose one of {', '.join(spoken)}, or add it to `locales:`.",
        )
