"""Orders, gaps, silence and the stage that follows from them, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from perennial.lake.duck import Engine
from shop_builder import DAY, TinyShop, noon


def ordered(tiny: TinyShop, *days_ago: float, customer: str = "ann") -> None:
    tiny.customer(customer)
    for days in days_ago:
        tiny.order(days, customer=customer)


def test_gaps_count_days_with_an_order_not_orders(engine: Engine, tiny: TinyShop) -> None:
    ordered(tiny, 50, 30, 30, 29.9, 20)

    ann = tiny.features(engine)["ann"]

    assert (ann["orders"], ann["order_gaps"], ann["usual_gap_days"]) == (5, 2, 15.0)
    assert ann["gap_spread_days"] == 5.0


def test_the_day_of_an_order_is_the_shops_day(engine: Engine, tiny: TinyShop) -> None:
    tiny.customer()
    tiny.order(ordered_at=datetime(2026, 11, 20, 4, 59, tzinfo=UTC))  # 23:59 on the 19th

    assert tiny.features(engine)["ann"]["last_order_on"] == date(2026, 11, 19)


def test_an_order_in_the_first_second_of_the_day_is_not_known_yet(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer()
    tiny.order(ordered_at=datetime(2026, 11, 21, 5, tzinfo=UTC))
    tiny.order(ordered_at=datetime(2026, 11, 21, 4, 59, 59, tzinfo=UTC))

    ann = tiny.features(engine)["ann"]

    assert (ann["orders"], ann["recency_days"]) == (1, 1)


def test_with_one_gap_the_usual_gap_is_empty_and_silence_goes_by_the_shop(
    engine: Engine, tiny: TinyShop
) -> None:
    ordered(tiny, 40, 30)
    ordered(tiny, 50, 30, 10, customer="bob")

    ann = tiny.features(engine)["ann"]

    assert (ann["usual_gap_days"], ann["gap_spread_days"]) == (None, None)
    # Gaps of the shop are 10, 20, 20: silence is told in units of 20 × 3 / 2.3 days.
    assert ann["silence_ratio"] == 1.15
    assert ann["lapsed_on"] == DAY + timedelta(days=30)


def test_in_a_shop_without_any_gap_thirty_days_stand_for_the_usual_gap(
    engine: Engine, tiny: TinyShop
) -> None:
    ordered(tiny, 90)

    ann = tiny.features(engine)["ann"]

    assert (ann["silence_ratio"], ann["lapsed_on"], ann["stage"]) == (2.3, DAY, "lapsed")


@pytest.mark.parametrize(
    ("silent_for", "stage"), [(14, "active"), (15, "at_risk"), (22, "at_risk"), (23, "lapsed")]
)
def test_the_stage_follows_the_customers_own_gap_of_ten_days(
    engine: Engine, tiny: TinyShop, silent_for: int, stage: str
) -> None:
    ordered(tiny, silent_for, silent_for + 10, silent_for + 20)

    ann = tiny.features(engine)["ann"]

    assert ann["stage"] == stage
    assert ann["lapsed_on"] == DAY + timedelta(days=23 - silent_for)


@pytest.mark.parametrize("gap", [1, 2, 7, 70, 90, 110])
def test_the_day_of_the_lapse_is_the_day_on_which_the_ratio_reaches_its_bound(
    engine: Engine, tiny: TinyShop, gap: int
) -> None:
    silent = -(-23 * gap // 10)
    ordered(tiny, silent, silent + gap, silent + 2 * gap)
    ordered(tiny, silent - 1, silent - 1 + gap, silent - 1 + 2 * gap, customer="bob")

    features = tiny.features(engine)

    assert (features["ann"]["stage"], features["ann"]["lapsed_on"]) == ("lapsed", DAY)
    assert features["bob"]["lapsed_on"] == DAY + timedelta(days=1)
    assert features["bob"]["silence_ratio"] < 2.3


def test_a_customer_without_orders_is_a_prospect_with_zeros_and_empty_scores(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer()
    tiny.order(5, status="cancelled")

    ann = tiny.features(engine)["ann"]

    assert (ann["stage"], ann["orders"], ann["revenue"]) == ("prospect", 0, Decimal(0))
    assert ann["silence_ratio"] is ann["average_order_value"] is ann["rfm_cell"] is None


def test_one_order_within_thirty_days_is_new_and_a_second_one_ends_it(
    engine: Engine, tiny: TinyShop
) -> None:
    ordered(tiny, 20)
    ordered(tiny, 20, 5, customer="bob")

    features = tiny.features(engine)

    assert (features["ann"]["stage"], features["bob"]["stage"]) == ("new", "active")


def test_two_years_without_an_order_are_lost(engine: Engine, tiny: TinyShop) -> None:
    ordered(tiny, 730)
    ordered(tiny, 729, customer="bob")

    features = tiny.features(engine)

    assert (features["ann"]["stage"], features["bob"]["stage"]) == ("lost", "lapsed")


def test_coming_back_after_a_lapse_is_won_back_for_thirty_days(
    engine: Engine, tiny: TinyShop
) -> None:
    ordered(tiny, 30, 130, 140, 150)
    ordered(tiny, 31, 131, 141, 151, customer="bob")

    features = tiny.features(engine)

    # Ann's gaps are 10, 10, 100: her usual gap is still 10, but the silence of 30 days is long again.
    assert features["ann"]["stage"] == "lapsed"
    tiny.order(2, customer="ann")
    tiny.order(2, customer="bob")
    features = tiny.features(engine)
    assert features["ann"]["stage"] == "won_back"
    assert features["bob"]["stage"] == "won_back"


def test_a_long_silence_does_not_hide_itself_by_stretching_the_usual_gap(
    engine: Engine, tiny: TinyShop
) -> None:
    ordered(tiny, 5, 105, 115, 125)
    ordered(tiny, 5, 105, 205, customer="bob")

    features = tiny.features(engine)

    assert features["ann"]["stage"] == "won_back"
    assert features["bob"]["stage"] == "active"


def test_refunded_orders_are_counted_apart_and_cancelled_ones_not_at_all(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer()
    for status in ("delivered", "shipped", "placed", "refunded", "cancelled"):
        tiny.order(10, status=status)

    ann = tiny.features(engine)["ann"]

    assert (ann["orders"], ann["refunds"], ann["refund_rate"]) == (3, 1, 0.25)
    assert ann["revenue"] == Decimal(30)


def test_foreign_money_is_left_out_of_sums_and_averages(engine: Engine, tiny: TinyShop) -> None:
    tiny.customer()
    tiny.order(10, total=Decimal("10.01"))
    tiny.order(11, total=Decimal("10.00"))
    tiny.order(12, total=Decimal("999.00"), currency="EUR")

    ann = tiny.features(engine)["ann"]

    assert (ann["orders"], ann["revenue"]) == (3, Decimal("20.01"))
    assert ann["average_order_value"] == Decimal("10.01")
    assert ann["revenue_30d"] == Decimal("20.01")


def test_the_last_thirty_days_reach_back_thirty_days(engine: Engine, tiny: TinyShop) -> None:
    ordered(tiny, 30, 31, 90, 91, 365, 366)

    ann = tiny.features(engine)["ann"]

    assert (ann["orders_30d"], ann["orders_90d"], ann["orders_365d"]) == (1, 3, 5)


def test_of_two_orders_at_one_instant_the_greater_id_is_the_last(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer()
    for order in ("b", "c", "a"):
        tiny.order(order_id=order, ordered_at=noon(3))

    assert tiny.features(engine)["ann"]["last_order_id"] == "c"


def test_the_last_delivery_is_not_the_delivery_of_the_last_order(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer()
    late = tiny.order(20, delivered_at=noon(1))
    tiny.order(10, delivered_at=noon(8))
    tiny.order(5, delivered_at=noon(-1))

    ann = tiny.features(engine)["ann"]

    assert ann["last_delivered_order_id"] == late
    assert ann["last_delivered_on"] == DAY - timedelta(days=1)


def test_the_usual_hour_is_on_the_customers_clock_and_ties_go_to_the_earlier(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer(zone="Europe/Madrid")
    for hour in (9, 9, 15, 15, 20):
        tiny.order(ordered_at=datetime(2026, 11, 10, hour, 30, tzinfo=UTC))

    assert tiny.features(engine)["ann"]["usual_order_hour"] == 10
