"""A campaign is measured by those who were held out, not by what would have come anyway."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.ledger.arms import ARMS, CLICKS
from perennial.ledger.responding import DayResponses
from perennial.model.datasets import CUSTOMER_FEATURES, ORDERS
from perennial.pipeline.measuring import CampaignResults, measure_campaign
from plan_builder import A_SHOP

DAY, KNOWN = date(2026, 6, 10), date(2026, 8, 1)


class GivenLedger:
    """What a ledger would say of a campaign, given as rows."""

    def __init__(self, arms: list[dict[str, Any]], clicks: list[dict[str, Any]]) -> None:
        self._arms, self._clicks = arms, clicks

    def arms(self, *_: object) -> pa.Table:
        return pa.Table.from_pylist(self._arms, schema=ARMS)

    def clicks(self, *_: object) -> pa.Table:
        return pa.Table.from_pylist(self._clicks, schema=CLICKS)

    def plans_between(self, *_: object) -> list[Any]:
        return []

    def responses(self, *_: object) -> DayResponses:
        return DayResponses()


class Market:
    """People in two groups, and what they buy."""

    def __init__(self, root: Path) -> None:
        self.engine = Engine(Lake(root))
        self.arms: list[dict[str, Any]] = []
        self.clicks: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []
        self.said_before: list[dict[str, Any]] = []

    def said_anew(self, **changes: Any) -> None:
        """The last order was known otherwise to an earlier night."""
        self.said_before.append(self.orders[-1] | changes)

    def person(self, name: str, arm: str, *, day: date = DAY, occasion: str = "o1") -> None:
        self.arms.append({"person_id": name, "occasion": occasion, "arm": arm, "day": day})

    def buys(self, name: str, *, days: float = 3, total: str = "10.00", **more: Any) -> None:
        at = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC) + timedelta(days=days)
        self.orders.append(
            {
                "order_id": f"order-{len(self.orders)}",
                "customer_id": name,
                "ordered_at": at,
                "status": "delivered",
                "total": Decimal(total),
                **more,
            }
        )

    def clicked(self, name: str, *, days: float = 1) -> None:
        at = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC) + timedelta(days=days)
        self.clicks.append({"person_id": name, "at": at})

    def measured(self) -> CampaignResults:
        people = sorted({row["person_id"] for row in self.arms})
        accounts = [{"customer_id": name, "person_id": name} for name in people]
        accounts += [{"customer_id": f"{name}-second", "person_id": name} for name in people]
        _publish(
            self.engine,
            CUSTOMER_FEATURES,
            Partition(dataset="customer_features", day=KNOWN),
            accounts,
        )
        days = {KNOWN - timedelta(days=1): self.said_before, KNOWN: self.orders}
        for day, orders in days.items():
            _publish(self.engine, ORDERS, Partition(dataset="verified/orders", day=day), orders)
        ledger: Any = GivenLedger(self.arms, self.clicks)
        return measure_campaign(
            self.engine,
            ledger,
            campaign="win_back",
            since=DAY,
            until=DAY + timedelta(days=6),
            known_on=KNOWN,
            shop=A_SHOP,
        )


def _publish(
    engine: Engine, dataset: Any, partition: Partition, rows: list[dict[str, Any]]
) -> None:
    names = {name for row in rows for name in row}
    table = pa.Table.from_pylist(rows or [{"customer_id": None}])
    engine.register("given", table)
    columns = ", ".join(
        f'{c.name}::{c.type} as "{c.name}"' if c.name in names else f'null::{c.type} as "{c.name}"'
        for c in dataset.columns
    )
    where = "" if rows else " where false"
    engine.publish(partition, f"select {columns} from given{where}", order_by="1")
    engine.unregister("given")


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return Market(tmp_path)


def test_lift_is_the_difference_of_the_means_with_its_interval(market: Market) -> None:
    for n in range(100):
        market.person(f"t{n}", "treated")
        market.person(f"h{n}", "held_out")
    for n in range(30):
        market.buys(f"t{n}", total="20.00")
    for n in range(10):
        market.buys(f"h{n}", total="20.00")
    results = market.measured()

    assert (results.treated.people, results.treated.buyers, results.treated.orders) == (100, 30, 30)
    assert results.treated.revenue == Decimal("600.00")
    assert results.held_out.revenue_a_head == pytest.approx(2.0)
    assert results.orders_lift is not None
    assert results.orders_lift.value == pytest.approx(0.2)
    # By hand: variances 0.3 x 0.7 x 100/99 and 0.1 x 0.9 x 100/99, each over 100 people.
    reach = 1.959964 * ((0.21 + 0.09) * 100 / 99 / 100) ** 0.5
    assert results.orders_lift.low == pytest.approx(0.2 - reach)
    assert results.orders_lift.high == pytest.approx(0.2 + reach)
    assert results.orders_lift.tells
    assert results.revenue_lift is not None
    assert results.revenue_lift.value == pytest.approx(4.0)


def test_only_orders_within_the_window_count_and_no_refunded_ones(market: Market) -> None:
    market.person("ann", "treated")
    market.buys("ann", days=-1)
    market.buys("ann", days=31)
    market.buys("ann", days=2, status="refunded")
    market.buys("ann", days=2, status="cancelled")
    market.buys("ann", days=29.5, total="7.00")
    market.buys("ann-second", days=1, total="5.00")
    results = market.measured()

    assert (results.treated.orders, results.treated.revenue) == (2, Decimal("12.00"))


def test_of_an_order_the_last_word_counts_whoever_it_is_about(market: Market) -> None:
    market.person("ann", "treated")
    market.person("bob", "held_out")
    market.buys("ann", status="refunded", total="1.00")
    market.said_anew(status="delivered")
    market.buys("bob", total="2.00")
    market.said_anew(customer_id="ann")
    market.buys("nobody we wrote to", total="4.00")
    market.said_anew(customer_id="ann")
    market.buys("ann", total="8.00")
    market.said_anew(total=Decimal("80.00"))
    results = market.measured()

    assert (results.treated.orders, results.treated.revenue) == (1, Decimal("8.00"))
    assert (results.held_out.orders, results.held_out.revenue) == (1, Decimal("2.00"))


def test_attribution_claims_orders_after_a_followed_link_and_nothing_else(market: Market) -> None:
    for name in ("ann", "bob", "cy"):
        market.person(name, "treated")
        market.buys(name, days=3)
    market.clicked("ann", days=1)
    market.clicked("ann", days=2)
    market.clicked("bob", days=4)
    market.buys("ann", days=8)
    results = market.measured()

    assert (results.attributed_orders, results.attributed_revenue) == (1, Decimal("10.00"))


def test_too_few_people_tell_nothing(market: Market) -> None:
    for n in range(29):
        market.person(f"h{n}", "held_out")
    for n in range(500):
        market.person(f"t{n}", "treated")
    results = market.measured()

    assert results.orders_lift is None
    assert results.revenue_lift is None


def test_nobody_at_all_has_results_of_zero(market: Market) -> None:
    results = market.measured()

    assert (results.treated.people, results.held_out.people, results.running) == (0, 0, 0)
    assert results.attributed_orders == 0


def test_a_person_counts_once_an_occasion(market: Market) -> None:
    market.person("ann", "treated", occasion="o1")
    market.person("ann", "treated", occasion="o2", day=DAY + timedelta(days=2))
    market.buys("ann", days=5)
    results = market.measured()

    assert (results.treated.people, results.treated.orders) == (2, 2)


def test_a_campaign_that_changes_nothing_seldom_seems_to(tmp_path: Path) -> None:
    """Of draws in which both groups buy alike, about one in twenty intervals leaves out zero."""
    telling = 0
    for seed in range(12):
        chance, market = Random(seed), Market(tmp_path / str(seed))  # noqa: S311 - a drawn market
        for n in range(300):
            arm = "treated" if n % 3 else "held_out"
            market.person(f"p{n}", arm)
            if chance.random() < 0.2:
                market.buys(f"p{n}", total=f"{chance.randint(5, 80)}.00")
        lift = market.measured().orders_lift
        assert lift is not None
        telling += lift.tells
        market.engine.close()

    assert telling <= 3
