"""From the day's verified data to customers understood and audiences formed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from perennial.audience.memberships import build_memberships
from perennial.campaigns.definition import Campaign
from perennial.campaigns.predicate import compile_where
from perennial.features.runner import build_features
from perennial.lake.duck import Engine, Published
from perennial.lake.engines import LakeEngine
from perennial.lake.partitions import Partition
from perennial.ledger.store import Ledger
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.pipeline.confirming import keep_pending


def understand_customers(engine: LakeEngine, day: date, shop: Shop) -> Published:
    """Writes `customer_features` of a day from what was known when it began."""
    engine.open_day(day)
    return build_features(engine, day, shop)


def form_audiences(
    engine: Engine,
    day: date,
    shop: Shop,
    policy: Policy,
    campaigns: Sequence[Campaign],
    *,
    ledger: Ledger | None = None,
    on: LakeEngine | None = None,
) -> Published:
    """Writes `memberships` of a day: every campaign's audience. `on` works them out, if it is not the engine itself.

    Without a ledger nobody is asked to confirm a consent.

    Raises:
        MissingPartition: the day's features have not been built.
        CampaignError: a campaign's `where` cannot be understood.
    """
    rules = {c.name: compile_where(c.audience.where) for c in campaigns if c.audience.where}
    pending = None
    if ledger and policy.double_opt_in:
        _open(engine, day)
        pending = keep_pending(engine, ledger, day, shop, policy)
    chosen = on or engine
    _open(chosen, day)
    return build_memberships(chosen, day, shop, policy, campaigns, rules, pending)


def _open(engine: LakeEngine, day: date) -> None:
    engine.open_day(day)
    engine.view(CUSTOMER_FEATURES.name, Partition(dataset=CUSTOMER_FEATURES.name, day=day))
