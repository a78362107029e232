"""Who customers are, which accounts are one person, what they like, and their place among all."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from perennial.features import runner, slices
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import CUSTOMER_FEATURES
from shop_builder import DAY, TinyShop, a_shop


def people(tiny: TinyShop, engine: Engine) -> dict[str, str]:
    return {name: row["person_id"] for name, row in tiny.features(engine).items()}


def test_accounts_that_share_an_address_are_one_person(engine: Engine, tiny: TinyShop) -> None:
    """Case 43."""
    tiny.customer("7", email_key="x")
    tiny.customer("30", email_key="x", phone_key="y")
    tiny.customer("4", phone_key="y")
    tiny.customer("5", phone_key="z")

    assert people(tiny, engine) == {"30": "30", "7": "30", "4": "30", "5": "5"}


def test_an_email_key_and_a_phone_key_never_match_each_other(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer("a", email_key="same")
    tiny.customer("b", phone_key="same")

    assert people(tiny, engine) == {"a": "a", "b": "b"}


def test_a_long_chain_of_shared_addresses_is_one_person(engine: Engine, tiny: TinyShop) -> None:
    for number in range(300):
        order = f"c{(number * 37) % 300:03}"
        tiny.customer(order, email_key=f"e{number // 2}", phone_key=f"p{(number + 1) // 2}")

    assert set(people(tiny, engine).values()) == {"c000"}


def test_a_customer_without_a_contact_lives_by_the_shops_clock(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer(contact=False)

    ann = tiny.features(engine)["ann"]

    assert (ann["zone"], ann["zone_source"]) == ("America/New_York", "shop")


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (date(1900, 12, 31), None),
        (date(1915, 11, 21), None),
        (date(1915, 11, 22), 110),
        (date(2026, 11, 22), None),
        (date(2008, 11, 21), 18),
        (date(2008, 11, 22), 17),
    ],
)
def test_birth_dates_that_cannot_be_true_are_empty(
    engine: Engine, tiny: TinyShop, born: date, age: int | None
) -> None:
    tiny.customer(birth_date=born)

    ann = tiny.features(engine)["ann"]

    assert ann["age_years"] == age
    assert ann["birth_date"] == (None if age is None else born)
    assert ann["age_band"] == {110: "65+", 18: "18-24"}.get(age or 0)


def test_favourites_count_lines_of_the_last_year_and_ties_go_by_name(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer()
    tiny.product("1", "Tea", "Green tea")
    tiny.product("2", "Bread", "Rye bread")
    tiny.product("3", "Bread", "White bread")
    tiny.product("4", None, "Gift card")
    tiny.order(10, lines=["1", "1", "4", "4"])
    tiny.order(20, lines=["2", "3"])
    tiny.order(366, lines=["3", "3", "3"])
    tiny.order(5, lines=["3", "3"], status="refunded")

    ann = tiny.features(engine)["ann"]

    assert ann["favourite_category"] == "Bread"
    assert (ann["favourite_product_id"], ann["favourite_product"]) == ("1", "Green tea")


def test_what_the_shop_keeps_discreet_is_nobodys_favourite(engine: Engine) -> None:
    tiny = TinyShop(shop=a_shop(discreet_departments=("Tobacco",)))
    tiny.customer()
    tiny.product("1", "Cigars", "Long cigar", department="Tobacco")
    tiny.product("2", "Bread", "Rye bread", department="Bakery")
    tiny.order(10, lines=["1", "1", "1", "2"])

    ann = tiny.features(engine)["ann"]

    assert (ann["favourite_category"], ann["favourite_product"]) == ("Bread", "Rye bread")


def test_favourites_are_the_same_however_many_slices_they_are_found_in(
    engine: Engine, tiny: TinyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for product in "abcdef":
        tiny.product(product, product.upper())
    for number in range(40):
        tiny.customer(f"{number}")
        tiny.order(9, customer=f"{number}", lines=["abcdef"[(number * n) % 6] for n in range(1, 9)])
    whole = tiny.features(engine)

    monkeypatch.setattr(slices, "LINES_A_SLICE", 20)
    sliced = tiny.features(engine)

    assert {row["favourite_product_id"] for row in whole.values()} >= {"a", "b", "c"}
    assert sliced == whole


def test_customers_with_the_same_figures_have_the_same_scores(
    engine: Engine, tiny: TinyShop
) -> None:
    for number in range(10):
        tiny.customer(f"{number}")
        tiny.order(10 if number < 9 else 200, customer=f"{number}", total=Decimal(5))

    features = tiny.features(engine)

    assert {features[f"{n}"]["recency_score"] for n in range(9)} == {5}
    assert features["9"]["recency_score"] == 1


def test_quintiles_part_five_customers_into_five_scores(engine: Engine, tiny: TinyShop) -> None:
    for number in range(1, 6):
        tiny.customer(f"{number}")
        for order in range(number):
            tiny.order(10 * number + order, customer=f"{number}", total=Decimal(number))

    features = tiny.features(engine)

    scores = [
        tuple(features[f"{n}"][f"{s}_score"] for s in ("recency", "frequency", "monetary"))
        for n in range(1, 6)
    ]
    assert scores == [(5, 1, 1), (4, 2, 2), (3, 3, 3), (2, 4, 4), (1, 5, 5)]
    assert [features[f"{n}"]["rfm_cell"] for n in range(1, 6)] == [
        "new",
        "potential_loyal",
        "needs_attention",
        "at_risk",
        "cannot_lose",
    ]


def test_the_partition_is_what_the_contract_says(engine: Engine, tiny: TinyShop) -> None:
    tiny.customer()
    tiny.features(engine)

    path = engine.lake.existing(Partition(dataset="customer_features", day=DAY))
    found = engine.rows(f"describe select * from read_parquet('{path}', hive_partitioning = false)")

    assert [(row["column_name"], row["column_type"]) for row in found] == [
        (column.name, column.type) for column in CUSTOMER_FEATURES.columns
    ]


def test_a_shop_that_has_delivered_nothing_has_an_empty_partition(
    engine: Engine, tiny: TinyShop
) -> None:
    assert tiny.features(engine) == {}


def test_two_runs_write_the_same_rows_in_the_same_order(engine: Engine, tiny: TinyShop) -> None:
    partition = Partition(dataset="customer_features", day=DAY)
    for number in (3, 1, 2):
        tiny.customer(f"{number}")
        tiny.order(number, customer=f"{number}")
    tiny.features(engine)
    first = engine.content_hash(partition)

    tiny.features(engine)

    assert engine.content_hash(partition) == first


def test_an_earlier_day_knows_only_what_had_happened_by_then(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer()
    tiny.order(10, lines=[])
    tiny.order(3)
    tiny.lay(engine, DAY - timedelta(days=8))
    engine.open_day(DAY - timedelta(days=8))

    published = runner.build_features(engine, DAY - timedelta(days=8), tiny.shop)

    rows = engine.rows(f"select orders, recency_days from read_parquet('{published.location}')")
    assert rows == [{"orders": 1, "recency_days": 2}]


@pytest.mark.parametrize("customers_a_slice", [1000, 1])
def test_a_run_leaves_no_table_and_no_file_behind(
    engine: Engine, tiny: TinyShop, monkeypatch: pytest.MonkeyPatch, customers_a_slice: int
) -> None:
    monkeypatch.setattr(slices, "CUSTOMERS_A_SLICE", customers_a_slice)
    for customer in ("ann", "bob"):
        tiny.customer(customer)
        tiny.order(9, customer=customer)
    tiny.features(engine)

    assert engine.rows("select table_name from duckdb_tables()") == []
    views = [row["view_name"] for row in engine.rows("select view_name from duckdb_views()")]
    assert not {"purchases", "bought_lines"} & set(views)
    assert not list(engine.lake.root.glob(".spill/*/*"))


def test_a_run_that_fails_among_its_slices_leaves_nothing_behind_either(
    engine: Engine, tiny: TinyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "CUSTOMERS_A_SLICE", 1)
    monkeypatch.setattr(runner, "_OF_ORDERS", ("dated", "no such file"))
    for customer in ("ann", "bob"):
        tiny.customer(customer)
        tiny.order(9, customer=customer)

    with pytest.raises(FileNotFoundError):
        tiny.features(engine)

    assert engine.rows("select table_name from duckdb_tables()") == []
    assert not list(engine.lake.root.glob(".spill/*/*"))
