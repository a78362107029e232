from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from perennial.sample.history import NEVER, order_history, status_changes, to_local, to_utc

DAY = 86400
END = 400 * DAY


@pytest.fixture(scope="module")
def placed() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 360 * DAY, 20_000)


def test_orders_arrive_one_to_four_days_after_they_were_placed(placed: np.ndarray) -> None:
    history = order_history(placed, END, np.random.default_rng(7))
    arrived = history.delivered != NEVER
    took = (history.delivered - placed)[arrived]
    assert took.min() >= DAY
    assert took.max() <= 4 * DAY
    assert (history.shipped < history.delivered)[arrived].all()


def test_a_few_are_cancelled_and_a_few_refunded(placed: np.ndarray) -> None:
    history = order_history(placed, END, np.random.default_rng(7))
    cancelled, refunded = history.cancelled != NEVER, history.refunded != NEVER
    assert cancelled.mean() == pytest.approx(0.015, abs=0.004)
    assert refunded.mean() == pytest.approx(0.02, abs=0.004)
    assert (history.delivered[cancelled] == NEVER).all()
    assert (history.return_opened < history.refunded)[refunded].all()
    after = (history.refunded - history.delivered)[refunded]
    assert after.min() >= 3 * DAY
    assert after.max() <= 20 * DAY


def test_what_lies_after_the_end_has_not_happened(placed: np.ndarray) -> None:
    end = int(placed.max()) + 1
    changes = status_changes(order_history(placed, end, np.random.default_rng(7)))
    assert changes["changed_at"].max() < end
    assert set(changes["order"]) == set(range(len(placed)))
    assert set(changes.groupby("order")["status"].last()) >= {"placed", "shipped", "delivered"}


def test_changes_come_by_order_and_time(placed: np.ndarray) -> None:
    changes = status_changes(order_history(placed, END, np.random.default_rng(7)))
    assert (changes.groupby("order")["changed_at"].diff().dropna() > 0).all()
    assert (changes["order"].diff().dropna() >= 0).all()
    assert (changes.groupby("order")["status"].first() == "placed").all()
    returned = changes[changes["return_state"] == "open"]
    assert set(returned["status"]) == {"delivered"}


def test_wall_time_keeps_its_hour_across_a_change_of_clocks() -> None:
    local = pd.Series(pd.to_datetime(["2026-07-01 09:30:00", "2026-12-01 09:30:00"]))
    assert (to_local(to_utc(local)) == local.to_numpy()).all()


def test_an_hour_that_does_not_exist_is_the_next_and_one_that_exists_twice_the_first() -> None:
    gap_and_fold = pd.Series(pd.to_datetime(["2026-03-08 02:30:00", "2026-11-01 01:30:00"]))
    stamps = to_utc(gap_and_fold).astype("datetime64[s]").astype(str).tolist()
    assert stamps == ["2026-03-08T07:00:00", "2026-11-01T05:30:00"]
