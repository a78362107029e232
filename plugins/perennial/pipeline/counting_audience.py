"""How many customers an audience would hold, while its rule is still being written: counted in the last night's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from perennial.audience.memberships import count_members, needs_day
from perennial.campaigns.choices import Occasion
from perennial.campaigns.definition import Campaign
from perennial.campaigns.predicate import compile_where
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.policy import Policy
from perennial.model.shop import Shop


@dataclass(frozen=True, kw_only=True)
class AudienceCount:
    """Of all customers, how many meet the condition, and how many of those have the occasion on the day as well.

    `members` is empty where the occasion is found in the ledger, which only a night asks.
    """

    day: date
    customers: int
    meet: int
    members: int | None

    @property
    def sentence(self) -> str:
        told = f"{self.meet:,} of {self.customers:,} customers meet the condition on {self.day}"
        if self.members is None:
            return f"{told}."
        return f"{told}; {self.members:,} of them are in the audience."


def last_features(lake: Lake) -> Partition | None:
    """The figures of the last night; nothing before the first one."""
    days = lake.days(CUSTOMER_FEATURES.name)
    return Partition(dataset=CUSTOMER_FEATURES.name, day=days[-1]) if days else None


def count_audience(
    engine: Engine, shop: Shop, policy: Policy, campaign: Campaign
) -> AudienceCount | None:
    """The audience of a campaign as it is written now, on the last night; nothing before the first one."""
    night = last_features(engine.lake)
    if night is None:
        return None
    day = night.day
    rule = compile_where(campaign.audience.where) if campaign.audience.where else "true"
    if needs_day(campaign.audience.occasion):
        engine.open_day(day)
    engine.view(CUSTOMER_FEATURES.name, night)
    (counted,) = engine.rows(
        f"select count(*) as customers, count(*) filter (where {rule}) as meet from customer_features"
    )
    members = None
    if campaign.audience.occasion != Occasion.PENDING_CONSENT:
        members = count_members(engine, day, shop, policy, campaign, rule)
    return AudienceCount(day=day, members=members, **counted)
