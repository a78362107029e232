"""What a campaign changed: those who were written to, held against those who were held out on purpose.

Lift is the difference of the means a head, with the 95 per cent interval of Welch's unequal variances (normal for the
sizes that matter). Plain attribution counts every order within five days of a followed link, and claims what would have
come anyway; it stands beside the lift so that the two can be told apart (see docs/how-to/read-results.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.arms import HELD_OUT, TREATED
from perennial.ledger.responding import DayResponses
from perennial.ledger.store import Ledger
from perennial.model.datasets import CUSTOMER_FEATURES, ORDERS
from perennial.model.shop import Shop
from perennial.pipeline.plan_reading import plan_partition

WINDOW = timedelta(days=30)
"""How long an order counts to a message, as most campaigns' goals say."""

ATTRIBUTION = timedelta(days=5)
_Z = 1.959964
_FEW = 30


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One of the two groups. `people` counts a person once an occasion; orders are those within the window."""

    people: int
    buyers: int
    orders: int
    revenue: Decimal
    orders_spread: float
    revenue_spread: float

    @property
    def orders_a_head(self) -> float:
        return self.orders / self.people if self.people else 0.0

    @property
    def revenue_a_head(self) -> float:
        return float(self.revenue) / self.people if self.people else 0.0


@dataclass(frozen=True, kw_only=True)
class Lift:
    """A difference a head, treated less held out, and the ends of its 95 per cent interval."""

    value: float
    low: float
    high: float

    @property
    def tells(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, kw_only=True)
class CampaignResults:
    """What came of a campaign's plans of some days, both included; orders as known on `known_on`.

    Without lifts one of the groups is too small to say anything, or nobody has ordered yet. `running` counts people
    whose window is still open.
    """

    campaign: str
    since: date
    until: date
    known_on: date
    planned: int
    responses: DayResponses
    treated: Arm
    held_out: Arm
    orders_lift: Lift | None
    revenue_lift: Lift | None
    attributed_orders: int
    attributed_revenue: Decimal
    cost: Decimal
    running: int

    def as_json(self) -> dict[str, Any]:
        """For machines: dates as text, money as text."""
        plain = asdict(self)
        return plain | {
            name: getattr(self, name).isoformat() for name in ("since", "until", "known_on")
        }


def measure_campaign(
    engine: Engine,
    ledger: Ledger,
    *,
    campaign: str,
    since: date,
    until: date,
    known_on: date,
    shop: Shop,
) -> CampaignResults:
    """The results of a campaign's plans from `since` to `until`, with what the shop was known to have sold by `known_on`.

    Raises:
        MissingPartition: the night of `known_on` has not been that far.
    """
    both = ledger.arms(campaign, since, until)
    followed = ledger.clicks(campaign, since, until)
    _open(engine, known_on, _day_starts(since, until, shop), both, followed)
    groups = {row.pop("arm"): Arm(**row) for row in engine.rows(_GROUPS)}
    nobody = Arm(
        people=0, buyers=0, orders=0, revenue=Decimal(0), orders_spread=0.0, revenue_spread=0.0
    )
    treated, held_out = groups.get(TREATED, nobody), groups.get(HELD_OUT, nobody)
    claimed = engine.rows(_ATTRIBUTED)[0]
    plans = [p for p in ledger.plans_between(since, until) if p.campaign == campaign]
    return CampaignResults(
        campaign=campaign,
        since=since,
        until=until,
        known_on=known_on,
        planned=sum(plan.counts["send"] for plan in plans),
        responses=ledger.responses(campaign, since, until),
        treated=treated,
        held_out=held_out,
        orders_lift=_lift(treated, held_out, "orders"),
        revenue_lift=_lift(treated, held_out, "revenue"),
        attributed_orders=claimed["orders"],
        attributed_revenue=claimed["revenue"],
        cost=_cost(engine, campaign, since, until),
        running=engine.scalar(_RUNNING, {"known_on": known_on}),
    )


def _open(
    engine: Engine, known_on: date, days: pa.Table, both: pa.Table, followed: pa.Table
) -> None:
    """Makes the orders of both groups readable, as known on a day.

    No night knows an order before it was placed; a day more, because days of the shop and of its orders' clock differ.
    """
    first = min(days["day"].to_pylist()) - timedelta(days=1)
    partitions = engine.lake.partitions(f"verified/{ORDERS.name}", since=first, until=known_on)
    columns = {c.name: c.type for c in ORDERS.columns if c.name in _SAID_OF_ORDERS}
    engine.stack("orders_said", columns, partitions, alike=True)
    engine.view("everybody", Partition(dataset=CUSTOMER_FEATURES.name, day=known_on))
    engine.register("both_arms", both)
    engine.register("link_clicks", followed)
    engine.register("day_starts", days)
    for query in (_ACCOUNTS, _CANDIDATES, _PURCHASES):
        engine.execute(query)


def _cost(engine: Engine, campaign: str, since: date, until: date) -> Decimal:
    """What the messages of those plans cost, if all of them left."""
    days = (since + timedelta(days=n) for n in range((until - since).days + 1))
    partitions = [p for d in days if engine.lake.exists(p := plan_partition(campaign, d))]
    engine.stack(
        "plans_of_days", {"outcome": "varchar", "cost": "decimal(12, 4)"}, partitions, alike=True
    )
    cost: Decimal = engine.scalar(_COST)
    return cost


def _day_starts(since: date, until: date, shop: Shop) -> pa.Table:
    """When each day begins where the shop is, and when its window ends."""
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    starts = [datetime.combine(day, time(), shop.zone) for day in days]
    ends = [datetime.combine(day + WINDOW, time(), shop.zone) for day in days]
    return pa.table({"day": days, "starts": starts, "ends": ends})


def _lift(treated: Arm, held_out: Arm, figure: str) -> Lift | None:
    """Nothing where a group is too small for its spread to mean anything, or where nobody has ordered yet."""
    if min(treated.people, held_out.people) < _FEW or not treated.orders + held_out.orders:
        return None
    difference: float = getattr(treated, f"{figure}_a_head") - getattr(held_out, f"{figure}_a_head")
    spread = sum(getattr(arm, f"{figure}_spread") / arm.people for arm in (treated, held_out))
    reach = _Z * math.sqrt(spread)
    return Lift(value=difference, low=difference - reach, high=difference + reach)


def results_table(results: CampaignResults) -> list[Mapping[str, Any]]:
    """The results as a table of two rows, for a file."""
    return [
        {
            "campaign": results.campaign,
            "since": results.since,
            "until": results.until,
            "group": name,
            "people": arm.people,
            "buyers": arm.buyers,
            "orders": arm.orders,
            "revenue": arm.revenue,
            "orders_a_head": round(arm.orders_a_head, 6),
            "revenue_a_head": round(arm.revenue_a_head, 4),
        }
        for name, arm in ((TREATED, results.treated), (HELD_OUT, results.held_out))
    ]


_SAID_OF_ORDERS = frozenset(("order_id", "customer_id", "ordered_at", "status", "total"))
# A person is all accounts together.
_ACCOUNTS = """
    create or replace temp table accounts as
    select customer_id, person_id from everybody where person_id in (select person_id from both_arms)
"""
# Refunded and cancelled orders are no purchases.
_CANDIDATES = """
    create or replace temp table candidates as
    select accounts.person_id, orders.order_id, orders.ordered_at, orders.total, orders.day
    from orders_said as orders
    join accounts using (customer_id)
    where orders.status not in ('cancelled', 'refunded')
        and orders.ordered_at >= (select min(starts) from day_starts)
        and orders.ordered_at < (select max(ends) from day_starts)
"""
# Only of these it is asked whether something was said of them later: of everybody's, it takes twice as long.
_PURCHASES = """
    create or replace temp table purchases as
    select person_id, order_id, ordered_at, total
    from candidates
    where not exists (
        select 1 from orders_said as later
        where later.order_id = candidates.order_id and later.day > candidates.day
    )
"""
_GROUPS = """
    with each_one as (
        select both_arms.arm, count(purchases.order_id) as orders, coalesce(sum(purchases.total), 0) as revenue
        from both_arms
        join day_starts using (day)
        left join purchases
            on purchases.person_id = both_arms.person_id
            and purchases.ordered_at >= day_starts.starts and purchases.ordered_at < day_starts.ends
        group by both_arms.arm, both_arms.person_id, both_arms.occasion
    )
    select arm, count(*) as people, count(*) filter (where orders > 0) as buyers, sum(orders)::bigint as orders,
        sum(revenue)::decimal(18, 2) as revenue,
        coalesce(var_samp(orders), 0)::double as orders_spread,
        coalesce(var_samp(revenue::double), 0)::double as revenue_spread
    from each_one group by arm
"""
_ATTRIBUTED = f"""
    select count(*) as orders, coalesce(sum(total), 0)::decimal(18, 2) as revenue
    from purchases
    where exists (
        select 1 from link_clicks
        where link_clicks.person_id = purchases.person_id and purchases.ordered_at >= link_clicks.at
            and purchases.ordered_at < link_clicks.at + interval {ATTRIBUTION.days} day
    )
"""
_COST = """
    select coalesce(sum(cost), 0)::decimal(18, 2) from plans_of_days where outcome = 'send'
"""
_RUNNING = f"""
    select count(*) from both_arms where arm = '{TREATED}' and day + {WINDOW.days} > $known_on
"""
