"""The merge fields: every word that a template may use, what it means and an example of it.

A template that uses any other word is refused with the nearest right one. `Origin.PLAN` fields travel in the
`values` column of the decisions as JSON (money, dates and moments as text); `Origin.COMPOSE` fields are made
from the message key and the shop when the message is composed, so that no link or code lies in the lake.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """How a value is read from JSON, and what templates may do with it."""

    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"
    DATE = "date"
    MOMENT = "moment"
    PRODUCT = "product"
    PRODUCTS = "products"
    OFFER = "offer"
    URL = "url"
    URLS = "urls"


class Origin(StrEnum):
    """Where the value comes from."""

    PLAN = "plan"
    COMPOSE = "compose"


@dataclass(frozen=True, kw_only=True)
class MergeField:
    """One word of the templates."""

    name: str
    type: FieldType
    origin: Origin
    meaning: str
    example: object
    optional: bool = False


_PRODUCT = {
    "name": "Dark roast coffee",
    "category": "Coffee",
    "price": "8.99",
    "url": "https://juniperandrye.example/p/1029743",
}


def _plan(
    name: str, type_: FieldType, meaning: str, example: object, *, optional: bool = False
) -> MergeField:
    return MergeField(
        name=name,
        type=type_,
        origin=Origin.PLAN,
        meaning=meaning,
        example=example,
        optional=optional,
    )


def _compose(name: str, type_: FieldType, meaning: str, example: object) -> MergeField:
    return MergeField(
        name=name, type=type_, origin=Origin.COMPOSE, meaning=meaning, example=example
    )


_FIELDS = (
    _plan("first_name", FieldType.TEXT, "Fit to greet with; may be missing.", "Ann", optional=True),
    _plan(
        "consented_on",
        FieldType.DATE,
        "When the customer agreed to the topic; missing where an order stands in for it.",
        "2025-03-14",
    ),
    _plan(
        "soft_opt_in_on",
        FieldType.DATE,
        "Day of the order that stands in for a consent; missing where the customer agreed.",
        "2026-10-18",
        optional=True,
    ),
    _plan("offer", FieldType.OFFER, "What the step offers.", {"kind": "percent", "value": "10"}),
    _plan("coupon_expires_on", FieldType.DATE, "Last day of the coupon.", "2026-12-05"),
    _plan(
        "product",
        FieldType.PRODUCT,
        "One idea from what they buy; may be missing.",
        _PRODUCT,
        optional=True,
    ),
    _plan(
        "liked",
        FieldType.PRODUCTS,
        "Up to three products they bought most; may be none.",
        [_PRODUCT],
    ),
    _plan(
        "favourite_category",
        FieldType.TEXT,
        "What they buy most; may be missing.",
        "Coffee",
        optional=True,
    ),
    _plan("days_since_order", FieldType.INTEGER, "Days since the last order.", 34),
    _plan("last_order_on", FieldType.DATE, "Day of the last order.", "2026-10-18"),
    _plan("points_balance", FieldType.INTEGER, "Points that can be used.", 1240),
    _plan("points_value", FieldType.MONEY, "What they are worth.", "12.40"),
    _plan("points_expiring", FieldType.INTEGER, "Points that expire first; 0 when none.", 620),
    _plan("points_expiring_value", FieldType.MONEY, "What those are worth.", "6.20"),
    _plan(
        "points_expire_on",
        FieldType.DATE,
        "Last day of the points that expire first; missing when none do.",
        "2026-12-11",
        optional=True,
    ),
    _plan(
        "reward_points",
        FieldType.INTEGER,
        "Reward step that the balance reaches; 0 when none.",
        1000,
    ),
    _plan("reward_value", FieldType.MONEY, "What that reward takes off.", "10.00"),
    _plan(
        "points_as_of",
        FieldType.MOMENT,
        "The minute for which the figures hold.",
        "2026-11-21T05:00:00+00:00",
    ),
    _plan("ordered_on", FieldType.DATE, "Day of the order.", "2026-11-09"),
    _plan(
        "delivered_on",
        FieldType.DATE,
        "Day of its delivery; may be missing.",
        "2026-11-12",
        optional=True,
    ),
    _plan("order_products", FieldType.PRODUCTS, "Up to three products of the order.", [_PRODUCT]),
    _compose("coupon_code", FieldType.TEXT, "This message's own code.", "BDAY-K7TWQ-4MZXP"),
    _compose(
        "unsubscribe_url",
        FieldType.URL,
        "Stops messages of this kind.",
        "https://shop.example/u/1.abc.def",
    ),
    _compose(
        "preferences_url",
        FieldType.URL,
        "Chooses what to hear about.",
        "https://shop.example/p/1.abc.def",
    ),
    _compose(
        "confirm_url",
        FieldType.URL,
        "Where somebody confirms that the address is theirs; for campaigns on the occasion `pending_consent`.",
        "https://shop.example/o/1.abc.def",
    ),
    _compose(
        "survey_url",
        FieldType.URL,
        "Opens the survey with no score chosen yet.",
        "https://shop.example/s/1.abc.def",
    ),
    _compose(
        "score_urls",
        FieldType.URLS,
        "One link for each score of the shop's `survey_scale`, the lowest first.",
        [f"https://shop.example/s/1.abc.def?score={n}" for n in range(1, 6)],
    ),
)

MERGE_FIELDS: dict[str, MergeField] = {field.name: field for field in _FIELDS}
