"""What is missing in a shop for its campaigns: which cannot run, and which say less than they might."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from perennial.campaigns.choices import Occasion
from perennial.campaigns.definition import Campaign
from perennial.campaigns.predicate import parts_of_where
from perennial.campaigns.reading import load_sound_campaigns
from perennial.errors import DefinitionError
from perennial.messages.templates import Templates, load_templates
from perennial.model.datasets import SHOP_DATASETS
from perennial.model.words import Channel
from perennial.sources.shop_file import read_shop

_ADDRESS_OF = {
    Channel.EMAIL: "customers.email",
    Channel.SMS: "customers.phone",
    Channel.WHATSAPP: "customers.phone",
}
_PRODUCTS = ("order_lines.product_id", "products.name")
_POINTS = ("points_entries.points",)
MADE_OF: Mapping[str, tuple[str, ...]] = {
    "language": ("customers.language",),
    "country": ("customers.country",),
    "region": ("customers.region",),
    "preferred_channel": ("customers.preferred_channel",),
    "birth_date": ("customers.birth_date",),
    "age_years": ("customers.birth_date",),
    "age_band": ("customers.birth_date",),
    "signed_up_on": ("customers.signed_up_at",),
    "customer_for_days": ("customers.signed_up_at",),
    "refunds": ("orders.status",),
    "refund_rate": ("orders.status",),
    "discount_share": ("orders.discount",),
    "favourite_category": ("order_lines.product_id", "products.category"),
    "favourite_product_id": _PRODUCTS,
    "favourite_product": _PRODUCTS,
    "last_delivered_order_id": ("orders.status", "orders.delivered_at"),
    "last_delivered_on": ("orders.status", "orders.delivered_at"),
    "points_balance": _POINTS,
    "points_expiring": (*_POINTS, "points_entries.expires_on"),
    "points_expire_on": (*_POINTS, "points_entries.expires_on"),
    "reward_points": _POINTS,
    "reward_reached_on": _POINTS,
    "first_name": ("customers.first_name",),
    "product": _PRODUCTS,
    "liked": _PRODUCTS,
    "order_products": _PRODUCTS,
    "points_value": _POINTS,
    "points_expiring_value": (*_POINTS, "points_entries.expires_on"),
    "reward_value": _POINTS,
    "points_as_of": _POINTS,
    "delivered_on": ("orders.delivered_at",),
    "consented_on": ("consents.happened_at",),
    "soft_opt_in_on": ("orders.ordered_at",),
}
"""What features and merge fields are made of, beside the columns without which there is no shop at all."""

OCCASIONS: Mapping[str, tuple[str, ...]] = {
    Occasion.BIRTHDAY: ("customers.birth_date",),
    Occasion.POINTS_EXPIRY: (*_POINTS, "points_entries.expires_on"),
    Occasion.DELIVERED_ORDER: ("orders.status",),
    Occasion.PENDING_CONSENT: ("consents.state",),
}
"""What occasions are made of."""

_BASE = frozenset(
    ("customers.customer_id", "orders.order_id", "orders.customer_id", "orders.ordered_at")
)


@dataclass(frozen=True, kw_only=True)
class CampaignNeeds:
    """What a campaign lacks: `without` it cannot run, `less` is what it goes without."""

    campaign: str
    title: str
    without: tuple[str, ...]
    less: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def campaign_needs(project: Path, missing: Collection[str]) -> list[CampaignNeeds]:
    """What each campaign of a project lacks where columns, as `dataset.column`, are missing; those that are sound."""
    campaigns, _ = load_sound_campaigns(project / "campaigns")
    templates = _templates(project)
    return [_needs(campaign, templates, frozenset(missing)) for campaign in campaigns]


def _needs(
    campaign: Campaign, templates: Templates | None, missing: frozenset[str]
) -> CampaignNeeds:
    asked = OCCASIONS.get(campaign.audience.occasion, MADE_OF.get(campaign.audience.occasion, ()))
    features = [c for *_, columns in parts_of_where(campaign.audience.where) for c in columns]
    needed = [*sorted(_BASE), *asked, *_of(features)]
    if campaign.needed_consent:
        needed.append("consents.state")
    addresses = [_ADDRESS_OF[channel] for channel in campaign.channels]
    if set(addresses) <= missing:
        needed += addresses
    used, required = _words(campaign, templates)
    needed += _of(required)
    without = _missing(needed, missing)
    less = _missing([*addresses, *_of(used)], missing - set(needed))
    return CampaignNeeds(campaign=campaign.name, title=campaign.title, without=without, less=less)


def _words(campaign: Campaign, templates: Templates | None) -> tuple[list[str], list[str]]:
    """The merge fields that a campaign's words use, and those without which nothing can be said."""
    used: set[str] = set()
    required: set[str] = set()
    for step in campaign.steps:
        for channel in campaign.channels:
            if templates and step.template in templates.names(channel):
                used |= templates.fields(step.template, channel)
                required |= templates.required(step.template, channel)
    return sorted(used), sorted(required)


def _of(names: Iterable[str]) -> Iterator[str]:
    return (column for name in names for column in MADE_OF.get(name, ()))


def _missing(columns: Iterable[str], missing: Collection[str]) -> tuple[str, ...]:
    """The columns that are missing, each once; a dataset that is missing as a whole stands for its columns."""
    absent = {
        dataset.name
        for dataset in SHOP_DATASETS.values()
        if all(f"{dataset.name}.{column}" in missing for column in dataset.column_names)
    }
    named = (column for column in columns if column in missing)
    return tuple(
        dict.fromkeys(
            d if (d := column.partition(".")[0]) in absent else column for column in named
        )
    )


def _templates(project: Path) -> Templates | None:
    """The words, where they can be read; without them only what a campaign's file says is known."""
    try:
        return load_templates(project / "templates", read_shop(project / "shop.yaml"))
    except DefinitionError:
        return None
