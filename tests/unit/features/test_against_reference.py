"""Every column of customer_features equals a second, independent working-out in plain Python."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feature_reference import expected
from perennial.features import slices
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import CUSTOMER_FEATURES
from random_shops import fill
from shop_builder import DAY, TinyShop, a_shop

FEATURES = Partition(dataset=CUSTOMER_FEATURES.name, day=DAY)


def same(left: Any, right: Any) -> bool:
    if isinstance(right, float):
        return left is not None and abs(left - right) < 1e-9
    return left == right


@pytest.mark.parametrize("seed", range(12))
def test_every_column_equals_the_working_out_in_plain_python(engine: Engine, seed: int) -> None:
    tiny = TinyShop()
    fill(tiny, random.Random(seed))  # noqa: S311 - examples, not secrets

    found = tiny.features(engine)

    wanted = expected(tiny.rows, DAY, tiny.shop)
    assert found.keys() == wanted.keys()
    different = {
        (name, column): (row[column], wanted[name][column])
        for name, row in found.items()
        for column in CUSTOMER_FEATURES.column_names
        if not same(row[column], wanted[name][column])
    }
    assert different == {}


@pytest.mark.parametrize("rows", [3, 7])
def test_it_makes_no_difference_in_how_many_slices_a_shop_is_read(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    tiny = TinyShop()
    fill(tiny, random.Random(rows))  # noqa: S311 - examples, not secrets
    in_one = tiny.features(engine), engine.content_hash(FEATURES)
    for size in ("CUSTOMERS_A_SLICE", "ORDERS_A_SLICE", "LINES_A_SLICE", "ORDERS_A_RANGE"):
        monkeypatch.setattr(slices, size, rows)

    assert (tiny.features(engine), engine.content_hash(FEATURES)) == in_one


def test_every_column_is_right_for_a_shop_whose_clock_is_about_to_change(engine: Engine) -> None:
    tiny = TinyShop(shop=a_shop(zone=ZoneInfo("Pacific/Auckland")))
    fill(tiny, random.Random(99))  # noqa: S311 - examples, not secrets
    for hour in range(30):
        at = datetime(2026, 9, 26, 0, tzinfo=UTC) + timedelta(hours=hour)
        tiny.order(customer="c01", ordered_at=at)
    wanted = expected(tiny.rows, DAY, tiny.shop)

    found = tiny.features(engine)

    for name, row in found.items():
        assert {c: row[c] for c in row if not same(row[c], wanted[name][c])} == {}
