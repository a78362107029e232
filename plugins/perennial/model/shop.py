"""The shop itself: what customers see of it, and the rules it keeps for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """Messages leave from `opens` (included) to `closes` (excluded), on the customer's clock."""

    opens: time = time(9)
    closes: time = time(20)


@dataclass(frozen=True, kw_only=True)
class Caps:
    """How many messages a person may get, rolling, over all campaigns and channels."""

    promotional_per_day: int = 1
    promotional_per_week: int = 3
    days_between_surveys: int = 60


@dataclass(frozen=True, kw_only=True)
class Points:
    """What loyalty points are worth."""

    value: Decimal = Decimal("0.01")
    redemption_minimum: int = 500
    rewards: tuple[int, ...] = (500, 1000, 2500)


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a message costs the shop, in the shop's currency."""

    email: Decimal = Decimal("0.0008")
    sms_segment: Decimal = Decimal("0.0079")
    whatsapp: Decimal = Decimal("0.03")


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Identity and house rules, from the head of shop.yaml."""

    name: str
    zone: ZoneInfo
    currency: str
    country: str
    default_locale: str
    postal_address: str
    website: str
    from_address: str
    sms_name: str
    locales: tuple[str, ...] = ("en", "es", "ru")
    reply_to: str | None = None
    colours: Mapping[str, str] = field(default_factory=dict)
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    caps: Caps = field(default_factory=Caps)
    points: Points = field(default_factory=Points)
    prices: Prices = field(default_factory=Prices)
    global_holdout: Decimal = Decimal("0.05")
    leap_day_on_1_march: bool = False
    discreet_departments: tuple[str, ...] = ()
