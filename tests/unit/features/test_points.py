"""Points: lots are used up in the order in which they expire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from perennial.lake.duck import Engine
from shop_builder import DAY, TinyShop


@pytest.fixture
def tiny(tiny: TinyShop) -> TinyShop:
    tiny.customer()
    return tiny


def balance(tiny: TinyShop, engine: Engine) -> tuple[Any, Any, Any]:
    ann = tiny.features(engine)["ann"]
    return ann["points_balance"], ann["points_expiring"], ann["points_expire_on"]


def test_nothing_earned_is_a_balance_of_nothing(engine: Engine, tiny: TinyShop) -> None:
    assert balance(tiny, engine) == (0, 0, None)


def test_redeemed_points_come_out_of_the_lot_that_expires_first(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.points(300, 50, expires_in=200)
    tiny.points(400, 60, expires_in=20)
    tiny.points(-250, 5)

    assert balance(tiny, engine) == (450, 150, DAY + timedelta(days=20))


def test_a_lot_that_is_used_up_is_not_announced(engine: Engine, tiny: TinyShop) -> None:
    tiny.points(200, 60, expires_in=10)
    tiny.points(300, 50, expires_in=25)
    tiny.points(-200, 5)

    assert balance(tiny, engine) == (300, 300, DAY + timedelta(days=25))


@pytest.mark.parametrize(
    ("expires_in", "counts", "soon"), [(-1, 0, 0), (0, 100, 100), (30, 100, 100), (31, 100, 0)]
)
def test_a_lot_counts_until_its_last_day_included(
    engine: Engine, tiny: TinyShop, expires_in: int, counts: int, soon: int
) -> None:
    tiny.points(100, 50, expires_in=expires_in)

    last = DAY + timedelta(days=expires_in) if soon else None
    assert balance(tiny, engine) == (counts, soon, last)


def test_points_without_a_last_day_never_expire(engine: Engine, tiny: TinyShop) -> None:
    tiny.points(100, 5000)
    tiny.points(50, 50, expires_in=3)
    tiny.points(-30, 1)

    assert balance(tiny, engine) == (120, 20, DAY + timedelta(days=3))


@pytest.mark.parametrize("booked", [True, False])
def test_an_expiry_counts_once_whether_the_shop_books_it_or_not(
    engine: Engine, tiny: TinyShop, *, booked: bool
) -> None:
    tiny.points(500, 400, expires_in=-20)
    tiny.points(1000, 100, expires_in=100)
    tiny.points(-100, 50)
    if booked:
        tiny.points(-400, 19, kind="expired")
    tiny.points(-300, 10)

    assert balance(tiny, engine) == (700, 0, None)


def test_an_adjustment_takes_and_gives_like_any_other_entry(engine: Engine, tiny: TinyShop) -> None:
    tiny.points(500, 50, expires_in=100)
    tiny.points(-120, 20, kind="adjusted")
    tiny.points(40, 10, kind="adjusted")

    assert balance(tiny, engine) == (420, 0, None)


def test_an_overdrawn_account_has_nothing(engine: Engine, tiny: TinyShop) -> None:
    tiny.points(100, 50, expires_in=10)
    tiny.points(-150, 20)

    assert balance(tiny, engine) == (0, 0, None)


def test_the_reward_is_the_largest_step_that_the_balance_reaches(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.points(999, 50)
    tiny.points(1, 3)

    ann = tiny.features(engine)["ann"]

    assert ann["reward_points"] == 1000
    assert ann["reward_reached_on"] == DAY - timedelta(days=3)


def test_a_reward_is_reached_on_the_last_day_the_balance_came_from_below(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.points(600, 50)
    tiny.points(-200, 40)
    tiny.points(200, 30)
    tiny.points(200, 20)

    assert tiny.features(engine)["ann"]["reward_reached_on"] == DAY - timedelta(days=30)


def test_below_every_step_there_is_no_reward(engine: Engine, tiny: TinyShop) -> None:
    tiny.points(499, 3)

    ann = tiny.features(engine)["ann"]

    assert (ann["reward_points"], ann["reward_reached_on"]) == (0, None)


def test_entries_after_the_day_began_are_not_known_yet(engine: Engine, tiny: TinyShop) -> None:
    tiny.points(600, 50)
    tiny.points(-600, -1)

    assert balance(tiny, engine)[0] == 600
