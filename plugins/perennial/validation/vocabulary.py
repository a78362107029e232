"""The words that suites may use beside a dataset's own columns: facts, figures and parameters.

A fact is a column that `facts/<dataset>.sql` works out for the checks alone, because it needs other rows or other
datasets. A figure is a number that the whole night comes to, such as `rows` or `share(status=refunded)`; its bounds may
come from the past (usual.py). A parameter is a value that is known only when the night runs; a suite writes
{"$parameter": "night_end"}.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from perennial.model.datasets import SHOP_DATASETS, Dataset
from perennial.model.shop import Shop
from perennial.validation.garbling import GARBLED

_EVERYWHERE = {
    "wrong_type": "Columns whose text is no value of the contract's type, such as `total, ordered_at`; empty when all are.",
    "is_only_version": "The shop says one thing about this row, not two different ones with the same updated_at.",
}
_ONCE = {
    "is_only_key": "No row of the same content has another key, tonight or in the seven nights before."
}
_CUSTOMER = {"customer_is_known": "The customer was accepted, tonight or before."}

FACTS: Mapping[str, Mapping[str, str]] = {
    "customers": _EVERYWHERE | _ONCE,
    "orders": _EVERYWHERE | _CUSTOMER | _ONCE,
    "order_lines": _EVERYWHERE
    | {
        "order_is_known": "The order was accepted, tonight or before.",
        "product_is_known": "The product was accepted, tonight or before.",
    },
    "products": _EVERYWHERE,
    "points_entries": _EVERYWHERE
    | _CUSTOMER
    | _ONCE
    | {
        "sign_fits_kind": "Earned points are added, redeemed and expired ones are taken, adjustments change something.",
        "expiry_is_given": "Earned points say until when they can be used.",
        "expires_after_earning": "Points do not expire before they were earned.",
    },
    "consents": _EVERYWHERE
    | _CUSTOMER
    | _ONCE
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

# Columns of few values, none of them personal, whose shares are counted; never more than `MOST_VALUES` of each.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "customers": ("language", "country", "preferred_channel", "timezone"),
    "products": ("category", "department"),
    "orders": ("status", "return_state", "currency"),
    "order_lines": (),
    "points_entries": ("kind",),
    "consents": ("channel", "topic", "state", "source"),
}
MOST_VALUES = 30

_TOLD_APART = ("customer_id", "product_id", "order_id", "email", "phone", "birth_date", "name")
FIGURE = "FIGURE"
FIGURES: Mapping[str, str] = {
    "rows": "Rows that the shop delivered for the night, copies included.",
    "repeated": "Share of them that are copies of another row of the same extract.",
    "empty(column)": "Share of rows without a value in the column.",
    "different(column)": "Different ids, addresses, numbers, names or birth dates, as a share of the rows that have one.",
    "sum(column)": "Sum of a column of numbers.",
    "mean(column)": "Its mean.",
    "share(column=value)": "Share of rows with the value, for columns of few values.",
    "age_hours(column)": "Hours from the latest instant of the column to the end of the night.",
}

AUDIENCE = Dataset(name="audience", meaning="One campaign's members on a day.", key=(), columns=())
AUDIENCE_FIGURES: Mapping[str, str] = {
    "members": "Members of the campaign's audience.",
    "persons": "People behind them.",
    "customers": "Customers of the shop, members or not.",
    "share(members)": "Members as a share of the customers.",
    "agreed": "Members who have agreed to the campaign's topic on one of its channels.",
    "share(agreed)": "The same as a share of the members.",
}
SUITES: Mapping[str, Dataset] = SHOP_DATASETS | {AUDIENCE.name: AUDIENCE}

PARAMETERS: Mapping[str, str] = {
    "shop_currency": "The shop's currency, ISO 4217.",
    "night_end": "00:00 of the day in the shop's zone: what is later has not happened yet.",
    "day": "The day the night belongs to.",
    "iana_zones": "Every zone that the installed zone data knows.",
    "garbled": "A regular expression that finds text that was read in a wrong character set.",
}

# Stand-ins of the right types, for reading a suite without a night.
EXAMPLES: Mapping[str, Any] = {
    "shop_currency": "EUR",
    "night_end": datetime(2026, 1, 1, tzinfo=UTC),
    "day": date(2026, 1, 1),
    "iana_zones": ["UTC"],
    "garbled": GARBLED,
}


def columns_of(dataset: Dataset) -> dict[str, str]:
    """Names and types that a suite of the dataset may use; `share(status)` stands for each of its values."""
    if dataset is AUDIENCE:
        return dict.fromkeys(AUDIENCE_FIGURES, FIGURE)
    types = {column.name: column.type for column in dataset.columns}
    facts = dict.fromkeys(FACTS[dataset.name], "BOOLEAN")
    figures = dict.fromkeys(("rows", "repeated", *map(_figure, figures_of(dataset))), FIGURE)
    return types | facts | {"wrong_type": "VARCHAR"} | figures


def figures_of(dataset: Dataset) -> list[tuple[str, str]]:
    """What a night counts of each column: the kind of the figure, and the column."""
    figures = [("empty", c.name) for c in dataset.columns if c.name not in dataset.key]
    for column in dataset.columns:
        if column.type.startswith(("DECIMAL", "BIGINT")):
            figures += [("sum", column.name), ("mean", column.name)]
        if column.type == "TIMESTAMPTZ":
            figures.append(("age_hours", column.name))
        if column.name in _TOLD_APART and dataset.key != (column.name,):
            figures.append(("different", column.name))
    return [*figures, *(("share", name) for name in CATEGORIES[dataset.name])]


def _figure(parts: tuple[str, str]) -> str:
    kind, column = parts
    return f"{kind}({column})"


def parameters_for(shop: Shop, day: date) -> dict[str, Any]:
    """The values of the parameters for a night."""
    return {
        "shop_currency": shop.currency,
        "night_end": night_end(day, shop.zone),
        "day": day,
        "iana_zones": iana_zones(),
        "garbled": GARBLED,
    }


def night_end(day: date, zone: ZoneInfo) -> datetime:
    """The instant up to which night D knows the shop."""
    return datetime.combine(day, time(), tzinfo=zone)


@cache
def iana_zones() -> list[str]:
    """Names of the zones that people can live by."""
    return sorted(available_timezones() - {"Factory", "localtime"})
