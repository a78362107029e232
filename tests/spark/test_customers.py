"""Spark works out every column of every customer as DuckDB does, for shops made up at random."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from perennial.features import runner, slices
from perennial.features.runner import build_features
from perennial.lake.duck import Engine
from perennial.lake.engines import LakeEngine
from perennial.lake.partitions import Partition
from perennial.lake.spark.engine import SparkEngine
from perennial.model.datasets import CUSTOMER_FEATURES, PREFERENCES, SHOP_DATASETS
from random_shops import fill
from shop_builder import DAY, TinyShop, a_shop, lay, noon

pytestmark = [pytest.mark.spark, pytest.mark.timeout(1800)]
FEATURES = Partition(dataset=CUSTOMER_FEATURES.name, day=DAY)


def features(
    engine: LakeEngine, duck: Engine, tiny: TinyShop
) -> tuple[str, list[dict[str, object]]]:
    engine.open_day(DAY)
    build_features(engine, DAY, tiny.shop)
    duck.view("made", FEATURES)
    return duck.content_hash(FEATURES), duck.rows("select * from made order by customer_id")


def assert_alike(duck: Engine, spark: SparkEngine, tiny: TinyShop) -> None:
    expected, theirs = features(duck, duck, tiny)
    found, ours = features(spark, duck, tiny)

    different = {
        (row["customer_id"], column): (row[column], other[column])
        for row, other in zip(theirs, ours, strict=True)
        for column in CUSTOMER_FEATURES.column_names
        if row[column] != other[column]
    }
    assert different == {}
    assert found == expected  # types and order, too


@pytest.mark.parametrize("seed", range(3))
def test_every_column_of_every_customer_is_the_same(
    duck: Engine, spark: SparkEngine, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - examples, not secrets
    tiny = TinyShop(shop=a_shop(discreet_departments=("Secret",)))
    fill(tiny, chance)
    tiny.product("p90", 'Odd\'s \\ "end"', department="Secret")
    tiny.order(customer="c01", lines=["p90"] * 9)
    tiny.lay(duck)
    said = [
        {"customer_id": f"c{n:02}", "person_id": f"c{n:02}", "preference": what, "value": value}
        | {"since": noon(chance.randrange(1, 9))}
        for n in range(20)
        for what, value in [("language", chance.choice(["ru", None])), ("birth_date", "1984-02-29")]
    ]
    lay(duck, PREFERENCES, DAY, said)

    assert_alike(duck, spark, tiny)


def test_a_shop_that_is_read_in_slices_is_the_same(
    duck: Engine, spark: SparkEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in ("CUSTOMERS_A_SLICE", "ORDERS_A_RANGE"):
        monkeypatch.setattr(slices, size, 12)
    tiny = TinyShop()
    fill(tiny, random.Random(3))  # noqa: S311 - examples, not secrets
    tiny.lay(duck)

    assert_alike(duck, spark, tiny)


def test_figures_that_one_engine_has_written_are_carried_on_by_the_other(
    duck: Engine,
    spark: SparkEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for size in ("CUSTOMERS_A_SLICE", "CUSTOMERS_A_PART"):
        monkeypatch.setattr(slices, size, 12)
    monkeypatch.setattr(runner, "_WORTH_CARRYING", 2)
    monkeypatch.setattr(runner, "_ONE_IN", 5)
    tiny = TinyShop()
    fill(tiny, random.Random(4))  # noqa: S311 - examples, not secrets
    tiny.lay(duck)
    next_day = DAY + timedelta(days=1)
    changed = [row | {"status": "refunded"} for row in tiny.rows["orders"][:4]]
    lay(duck, SHOP_DATASETS["orders"], next_day, changed, folder="verified/")
    hashes = set()
    for first, second in ((duck, spark), (spark, duck)):
        for engine, day in ((first, DAY), (second, next_day)):
            engine.open_day(day)
            published = build_features(engine, day, tiny.shop)
        hashes.add(duck.content_hash(published.partition))
    build_features(duck, next_day, tiny.shop, carrying=False)

    assert hashes == {duck.content_hash(published.partition)}
    assert not [text for text in caplog.messages if "carried" in text]


def test_a_shop_that_has_nothing_yet_is_the_same(duck: Engine, spark: SparkEngine) -> None:
    tiny = TinyShop()
    tiny.customer("ann")
    tiny.lay(duck)

    assert_alike(duck, spark, tiny)


def test_a_later_version_of_a_row_goes_before_an_earlier_one(
    duck: Engine, spark: SparkEngine
) -> None:
    tiny = TinyShop()
    tiny.customer("ann")
    order = tiny.order(5, status="placed")
    tiny.order(50)
    tiny.lay(duck, DAY - timedelta(days=1))
    tiny.rows["orders"] = [
        row | {"status": "cancelled"} for row in tiny.rows["orders"] if row["order_id"] == order
    ]
    lay(duck, SHOP_DATASETS["orders"], DAY, tiny.rows["orders"], folder="verified/")

    assert_alike(duck, spark, tiny)
    assert duck.scalar("select orders from made") == 1
