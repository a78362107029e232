"""One copy of the shop's customers and what they ordered.

Copy 0 has the real baskets of every household. Each further copy gives every household another person, who keeps
nine in ten of its baskets, each moved by up to three days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from perennial.sample.baskets import SHOP_ZONE, Baskets
from perennial.sample.columns import CUSTOMER_WIDTH, ORDER_WIDTH, ids
from perennial.sample.history import OrderHistory, order_history, to_utc

KEPT_SHARE, JITTER_DAYS = 0.9, 3
_CUSTOMERS_A_COPY, _ORDERS_A_COPY = 10_000, 10**11


@dataclass(frozen=True, kw_only=True)
class CopyPlan:
    """Which copy, from which seed, and where its year lies."""

    seed: int
    number: int
    shift_days: int
    last_day: date

    def rng(self, purpose: str) -> np.random.Generator:
        """A stream of its own for each purpose, so that one part may change without the others."""
        return np.random.default_rng([self.seed, self.number, *purpose.encode()])

    @property
    def end(self) -> int:
        """The first moment after the last day; what would come later is not known yet."""
        midnight = datetime.combine(self.last_day + timedelta(days=1), time(), tzinfo=SHOP_ZONE)
        return int(midnight.timestamp())


@dataclass(frozen=True, kw_only=True)
class Orders:
    """The orders of one copy; every array has one element an order, in the order of their ids.

    `kept` says which baskets of the source they are; `customers` and `customer_of` number the people.
    """

    kept: npt.NDArray[np.bool_]
    order_ids: list[str]
    households: npt.NDArray[np.int64]
    customer_ids: list[str]
    customer_of: npt.NDArray[np.int64]
    history: OrderHistory
    total: npt.NDArray[np.int64]
    discount: npt.NDArray[np.int64]


def orders_of(source: Baskets, plan: CopyPlan) -> Orders:
    """The orders of a copy, with what became of each."""
    kept = _kept(source.baskets, plan)
    baskets = source.baskets[kept].reset_index(drop=True)
    local = baskets["local"] + pd.to_timedelta(plan.shift_days, unit="D")
    placed = to_utc(_jittered(local, plan) if plan.number else local)
    households, customer_of = np.unique(baskets["household_id"].to_numpy(), return_inverse=True)
    order_numbers = baskets["basket_id"].to_numpy() + plan.number * _ORDERS_A_COPY
    return Orders(
        kept=kept,
        order_ids=ids(order_numbers, ORDER_WIDTH),
        households=households,
        customer_ids=ids(households + plan.number * _CUSTOMERS_A_COPY, CUSTOMER_WIDTH),
        customer_of=customer_of,
        history=order_history(placed, plan.end, plan.rng("history")),
        total=baskets["total"].to_numpy(),
        discount=baskets["discount"].to_numpy(),
    )


def _kept(baskets: pd.DataFrame, plan: CopyPlan) -> npt.NDArray[np.bool_]:
    if plan.number == 0:
        return np.ones(len(baskets), dtype=bool)
    first_of_household = ~baskets["household_id"].duplicated().to_numpy()
    kept: npt.NDArray[np.bool_] = plan.rng("kept").random(len(baskets)) < KEPT_SHARE
    return kept | first_of_household


def _jittered(local: pd.Series, plan: CopyPlan) -> pd.Series:
    """Moved by days; what would leave the year is reflected back into it."""
    day = local.dt.normalize()
    first, last = day.min(), pd.Timestamp(plan.last_day)
    moves = plan.rng("days").integers(-JITTER_DAYS, JITTER_DAYS + 1, len(local))
    moved = day + pd.to_timedelta(moves, unit="D")
    moved = moved.where(moved <= last, last - (moved - last))
    moved = moved.where(moved >= first, first + (first - moved))
    jittered: pd.Series = moved + (local - day)
    return jittered
