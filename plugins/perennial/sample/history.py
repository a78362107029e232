"""What becomes of each order, and of the points it earned: drawn from the seed, told as of the last day.

Times are seconds since 1970 in UTC. Whatever would happen after the end of the data has not happened yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from perennial.sample.baskets import SHOP_ZONE

Seconds = npt.NDArray[np.int64]
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
CANCELLED_SHARE, REFUNDED_SHARE = 0.015, 0.02
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class OrderHistory:
    """When each order reached each stage; NEVER where it did not, or not before the end."""

    placed: Seconds
    shipped: Seconds
    delivered: Seconds
    cancelled: Seconds
    return_opened: Seconds
    refunded: Seconds


def order_history(placed: Seconds, end: int, rng: np.random.Generator) -> OrderHistory:
    """Shipped within a day, delivered 1 to 4 days after; a few cancelled within a day, a few refunded later."""
    count = len(placed)
    fate = rng.random(count)
    cancelled = fate < CANCELLED_SHARE
    refunded = (fate >= CANCELLED_SHARE) & (fate < CANCELLED_SHARE + REFUNDED_SHARE)
    shipped = placed + _between(rng, count, 2 * _HOUR, 20 * _HOUR)
    delivered = placed + _between(rng, count, _DAY, 4 * _DAY)
    until_refund = _between(rng, count, 3 * _DAY, 20 * _DAY)
    opened = delivered + (until_refund * rng.uniform(0.2, 0.8, count)).astype(np.int64)
    cancelled_at = placed + _between(rng, count, 10 * _MINUTE, _DAY)

    def happened(when: Seconds, to: npt.NDArray[np.bool_]) -> Seconds:
        return np.where(to & (when < end), when, NEVER)

    return OrderHistory(
        placed=placed,
        shipped=happened(shipped, ~cancelled),
        delivered=happened(delivered, ~cancelled),
        cancelled=happened(cancelled_at, cancelled),
        return_opened=happened(opened, refunded),
        refunded=happened(delivered + until_refund, refunded),
    )


def status_changes(history: OrderHistory) -> pd.DataFrame:
    """Every change of every order: order (position), status, return_state, changed_at; by order and time."""
    stages = (
        ("placed", None, history.placed),
        ("shipped", None, history.shipped),
        ("delivered", None, history.delivered),
        ("cancelled", None, history.cancelled),
        ("delivered", "open", history.return_opened),
        ("refunded", "closed", history.refunded),
    )
    changes = [
        pd.DataFrame(
            {
                "order": np.flatnonzero(when != NEVER),
                "status": status,
                "return_state": return_state,
                "changed_at": when[when != NEVER],
            }
        )
        for status, return_state, when in stages
    ]
    together = pd.concat(changes, ignore_index=True)
    return together.sort_values(["order", "changed_at"], ignore_index=True)


def to_utc(local: pd.Series) -> Seconds:
    """Shop wall time as seconds; an hour that exists twice means the first, one that does not, the next that does."""
    twice_is_first = np.ones(len(local), dtype=bool)
    zoned = local.dt.tz_localize(
        SHOP_ZONE, ambiguous=twice_is_first, nonexistent="shift_forward"
    ).dt.tz_convert("UTC")
    seconds: Seconds = (
        zoned.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    )
    return seconds


def to_local(seconds: Seconds) -> npt.NDArray[np.datetime64]:
    """Seconds as shop wall time."""
    stamps = pd.Series(seconds.astype("datetime64[s]")).dt.tz_localize("UTC")
    return stamps.dt.tz_convert(SHOP_ZONE).dt.tz_localize(None).to_numpy().astype("datetime64[s]")


def _between(rng: np.random.Generator, count: int, low: int, high: int) -> Seconds:
    return rng.integers(low, high, count, dtype=np.int64)
