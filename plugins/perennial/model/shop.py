"""The shop itself: what customers see of it, and what it counts in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from perennial.model.words import SurveyScale


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
    """Identity, money and taste, from the head of shop.yaml."""

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
    points: Points = field(default_factory=Points)
    prices: Prices = field(default_factory=Prices)
    survey_scale: SurveyScale = SurveyScale.CSAT
    leap_day_on_1_march: bool = False
    discreet_departments: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    closed_days: tuple[str, ...] = ()
