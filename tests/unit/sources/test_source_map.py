from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from perennial.errors import ShopError
from perennial.model.datasets import SHOP_DATASETS
from perennial.settings import PROJECT
from perennial.sources.source_map import SourceMap, parameters_of, read_source_map

CUSTOMERS = "select customer_id, signed_up_at, updated_at from people where updated_at < :until"
ORDERS = (
    "select order_id, customer_id, ordered_at, status, currency, discount, total, updated_at from o"
)
BUYERS = "select distinct customer_id from o where ordered_at >= :since"


def source_file(tmp_path: Path, **changes: str | None) -> Path:
    queries = {"customers": CUSTOMERS, "orders": ORDERS, "recent_buyers": BUYERS} | changes
    lines = ["sources:"]
    for name, sql in queries.items():
        lines += [] if sql is None else [f"  {name}:", "    sql: |", f"      {sql}"]
    path = tmp_path / "shop.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ShopError) as caught:
        read_source_map(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_the_queries_of_the_repository_map_every_dataset() -> None:
    source_map = read_source_map(PROJECT / "shop.yaml")
    assert set(source_map.queries) == set(SHOP_DATASETS)
    assert parameters_of(source_map.recent_buyers) == ("since", "until")


def test_a_dataset_without_a_query_is_allowed(tmp_path: Path) -> None:
    assert read_source_map(source_file(tmp_path)) == SourceMap(
        queries={"customers": CUSTOMERS, "orders": ORDERS},
        recent_buyers=BUYERS,
        zone=ZoneInfo("UTC"),
    )


def test_a_query_for_closed_days_is_no_dataset(tmp_path: Path) -> None:
    source_map = read_source_map(source_file(tmp_path, closed_days="select day from calendar"))
    assert source_map.closed_days == "select day from calendar"
    assert set(source_map.queries) == {"customers", "orders"}


def test_customers_orders_and_recent_buyers_must_be_mapped(tmp_path: Path) -> None:
    path = source_file(tmp_path, customers=None, recent_buyers=None)
    assert [fault.split(" Add")[0] for fault in faults_of(path)] == [
        "2:3: sources.customers is missing.",
        "2:3: sources.recent_buyers is missing.",
    ]


def test_a_column_outside_the_contract_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    path = source_file(tmp_path, customers=CUSTOMERS.replace("signed_up_at", "signed_at"))
    assert " ".join(faults_of(path)) == (
        "3:10: sources.customers.sql selects `signed_at`, which customers does not have."
        " Did you mean `signed_up_at`?"
    )


def test_a_required_column_that_is_not_selected_is_named(tmp_path: Path) -> None:
    (fault,) = faults_of(source_file(tmp_path, orders="select order_id, total from o"))
    assert "does not select customer_id, ordered_at, status, currency, discount" in fault


def test_a_column_selected_twice_is_named(tmp_path: Path) -> None:
    sql = CUSTOMERS.replace("select ", "select country, state as country, ")
    (fault,) = faults_of(source_file(tmp_path, customers=sql))
    assert "selects `country` twice." in fault


@pytest.mark.parametrize("sql", ["select * from people", "exec dbo.people @since = :since"])
def test_columns_that_cannot_be_told_beforehand_are_left_to_the_night(
    tmp_path: Path, sql: str
) -> None:
    assert read_source_map(source_file(tmp_path, customers=sql)).queries["customers"] == sql


def test_a_parameter_that_no_night_fills_is_refused(tmp_path: Path) -> None:
    path = source_file(tmp_path, customers=CUSTOMERS.replace(":until", ":untill"))
    (fault,) = faults_of(path)
    assert fault.endswith("uses :untill, which no night gives a value. Did you mean `until`?")


def test_an_unknown_dataset_is_met_with_the_nearest(tmp_path: Path) -> None:
    (fault,) = faults_of(source_file(tmp_path, order_line="select 1"))
    assert fault.endswith("`sources` knows no `order_line`. Did you mean `order_lines`?")


def test_a_query_in_the_wrong_place_is_explained(tmp_path: Path) -> None:
    path = source_file(tmp_path, customers=None)
    path.write_text(path.read_text() + "  customers: select 1\n")
    (fault,) = faults_of(path)
    assert "is not a mapping. Write `sql: |` under it" in fault


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("a >= :since and a < :until and b > :since", ("since", "until")),
        ("a::text = '09:30' and b = c::date", ()),
        (r"a = '\:since'", ()),
    ],
)
def test_only_parameters_count_as_parameters(sql: str, parameters: tuple[str, ...]) -> None:
    assert parameters_of(sql) == parameters
