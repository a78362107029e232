"""The words that suites may use beside a dataset's own columns: facts and parameters.

A fact is a column that `facts/<dataset>.sql` works out for the checks alone, because it needs other rows or other
datasets. A parameter is a value that is known only when the night runs; a suite writes {"$parameter": "night_end"}.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from perennial.model.datasets import Dataset
from perennial.model.shop import Shop

_EVERYWHERE = {
    "wrong_type": "Columns whose text is no value of the contract's type, such as `total, ordered_at`; empty when all are.",
    "is_only_version": "The shop says one thing about this row, not two different ones with the same updated_at.",
}
_CUSTOMER = {"customer_is_known": "The customer was accepted, tonight or before."}

FACTS: Mapping[str, Mapping[str, str]] = {
    "customers": _EVERYWHERE,
    "orders": _EVERYWHERE | _CUSTOMER,
    "order_lines": _EVERYWHERE
    | {
        "order_is_known": "The order was accepted, tonight or before.",
        "product_is_known": "The product was accepted, tonight or before.",
    },
    "products": _EVERYWHERE,
    "points_entries": _EVERYWHERE
    | _CUSTOMER
    | {
        "sign_fits_kind": "Earned points are added, redeemed and expired ones are taken, adjustments change something.",
        "expiry_is_given": "Earned points say until when they can be used.",
        "expires_after_earning": "Points do not expire before they were earned.",
    },
    "consents": _EVERYWHERE
    | _CUSTOMER
    | {
        "grant_has_happened": "An agreement is not dated after the end of the night; a withdrawal holds whatever its date.",
    },
}

# Which datasets a dataset refers to: these are judged first. The order is the order of publishing, too.
REFERENCES: Mapping[str, tuple[str, ...]] = {
    "customers": (),
    "products": (),
    "orders": ("customers",),
    "order_lines": ("orders", "products"),
    "points_entries": ("customers",),
    "consents": ("customers",),
}

PARAMETERS: Mapping[str, str] = {
    "shop_currency": "The shop's currency, ISO 4217.",
    "night_end": "00:00 of the day in the shop's zone: what is later has not happened yet.",
    "day": "The day the night belongs to.",
    "iana_zones": "Every zone that the installed zone data knows.",
}

# Stand-ins of the right types, for reading a suite without a night.
EXAMPLES: Mapping[str, Any] = {
    "shop_currency": "EUR",
    "night_end": datetime(2026, 1, 1, tzinfo=UTC),
    "day": date(2026, 1, 1),
    "iana_zones": ["UTC"],
}


def columns_of(dataset: Dataset) -> dict[str, str]:
    """Names and types that a suite of the dataset may use."""
    types = {column.name: column.type for column in dataset.columns}
    facts = dict.fromkeys(FACTS[dataset.name], "BOOLEAN")
    return types | facts | {"wrong_type": "VARCHAR"}


def parameters_for(shop: Shop, day: date) -> dict[str, Any]:
    """The values of the parameters for a night."""
    return {
        "shop_currency": shop.currency,
        "night_end": night_end(day, shop.zone),
        "day": day,
        "iana_zones": iana_zones(),
    }


def night_end(day: date, zone: ZoneInfo) -> datetime:
    """The instant up to which night D knows the shop."""
    return datetime.combine(day, time(), tzinfo=zone)


@cache
def iana_zones() -> list[str]:
    """Names of the zones that people can live by."""
    return sorted(available_timezones() - {"Factory", "localtime"})
