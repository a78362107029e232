"""Spark finds the same audiences as DuckDB: every occasion, and everything that a condition may say."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from perennial.audience.confirming import PENDING
from perennial.audience.memberships import build_memberships
from perennial.campaigns.choices import Occasion
from perennial.campaigns.definition import Audience, Campaign
from perennial.campaigns.predicate import compile_where
from perennial.features.runner import build_features
from perennial.lake.duck import Engine
from perennial.lake.engines import LakeEngine
from perennial.lake.partitions import Partition
from perennial.lake.spark.engine import SparkEngine
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.model.policy import DoubleOptIn, Policy
from plan_builder import a_campaign
from random_shops import fill
from shop_builder import DAY, TinyShop

pytestmark = [pytest.mark.spark, pytest.mark.timeout(1800)]
MEMBERS = Partition(dataset=MEMBERSHIPS.name, day=DAY)
POLICY = Policy(double_opt_in=DoubleOptIn(starts_on=DAY - timedelta(days=20)))
CONDITIONS = (
    "silence_ratio >= 0.5 and orders >= 2",
    "revenue / orders > 20 or refund_rate > 0.1",
    "round(revenue / orders, 1) between 20.1 and 99.9",
    "round(discount_share, 3) <= 0.01",
    "favourite_category in ('Tea', 'Bread') and stage <> 'prospect'",
    "last_order_on >= '2026-01-31' and birth_date is not null",
    "signed_up_on + interval 30 days < last_order_on",
    "coalesce(points_balance, 0) + reward_points * 2 > 500",
    "lower(favourite_product) like '%p1%' and length(favourite_product_id) = 3",
    "greatest(orders_30d, orders_90d) > least(orders_365d, 2)",
    "not (stage = 'lost' or abs(recency_days - usual_gap_days) > 30)",
)


def audiences() -> tuple[list[Campaign], dict[str, str]]:
    """A campaign for each occasion, and one for each condition with the facts that it looks at."""
    campaigns = [a_campaign(o, audience=Audience(occasion=o, open_for=30)) for o in Occasion]
    rules = {}
    for number, condition in enumerate(CONDITIONS):
        name = f"condition_{number}"
        campaigns.append(a_campaign(name, audience=Audience(occasion="stage", where=condition)))
        rules[name] = compile_where(condition)
    return campaigns, rules


def pending() -> pa.Table:
    said = [
        {"customer_id": f"c{n:02}", "person_id": f"c{n:02}", "topic": topic, "consent_id": None}
        | {"happened_at": datetime(2026, 11, 19, n, 30, n, 120 * n, tzinfo=UTC)}
        for n in range(1, 20)
        for topic in ("offers", "loyalty")[: n % 2 + 1]
    ]
    return pa.Table.from_pylist(said, schema=PENDING)


def members(
    engine: LakeEngine, duck: Engine, tiny: TinyShop
) -> tuple[str, list[dict[str, object]]]:
    engine.open_day(DAY)
    engine.view(CUSTOMER_FEATURES.name, Partition(dataset=CUSTOMER_FEATURES.name, day=DAY))
    build_memberships(engine, DAY, tiny.shop, POLICY, *audiences(), pending())
    duck.view("made", MEMBERS)
    rows = duck.rows("select * from made order by campaign, customer_id, occasion")
    return duck.content_hash(MEMBERS), rows


def test_every_occasion_and_every_condition_find_the_same_members(
    duck: Engine, spark: SparkEngine
) -> None:
    tiny = TinyShop()
    fill(tiny, random.Random(5))  # noqa: S311 - examples, not secrets
    tiny.customer("born", birth_date=DAY.replace(year=1990))
    tiny.customer("leap", birth_date=DAY.replace(year=1990) + timedelta(days=1))
    tiny.order(5, customer="c02", delivered_at=None)
    tiny.points(700, 2, customer="c03", expires_in=12)
    tiny.lay(duck)
    duck.open_day(DAY)
    build_features(duck, DAY, tiny.shop)

    expected, theirs = members(duck, duck, tiny)
    found, ours = members(spark, duck, tiny)

    campaigns = {row["campaign"] for row in theirs}
    assert {str(o) for o in Occasion} <= campaigns, "an occasion that nobody has shows nothing"
    assert ours == theirs
    assert found == expected
