"""What holds for every kind of API, shown on WooCommerce."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot

from api_shop import UNTIL, OpenShop
from perennial.errors import SourceError
from perennial.model.datasets import SHOP_DATASETS
from perennial.sources.http.api_map import Kind, built_in_queries
from perennial.sources.http.api_source import ApiSource
from perennial.sources.http.client import Patience
from perennial.sources.source_map import RECENT_BUYERS, wrong_columns
from shop_api_answers import Lists, play_woocommerce, woocommerce_lists
from shop_api_server import Reply

ORDERS = "/wp-json/wc/v3/orders"


@pytest.fixture
def lists() -> Lists:
    return woocommerce_lists()


def test_two_datasets_of_one_list_share_what_was_asked_for(
    open_shop: OpenShop, lists: Lists
) -> None:
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists))

    shop.rows("orders")
    shop.rows("order_lines")

    assert shop.server.paths() == [ORDERS]


def test_a_night_that_is_read_again_asks_again(open_shop: OpenShop, lists: Lists) -> None:
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists))
    shop.rows("orders")
    lists["orders"][0]["status"] = "refunded"

    assert shop.by("orders", "status")["727"] == "refunded"
    assert shop.by("order_lines", "amount")
    assert shop.server.paths() == [ORDERS] * 2


def test_another_interval_is_asked_for(open_shop: OpenShop, lists: Lists) -> None:
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists))

    shop.rows("orders")
    shop.rows("order_lines", since=None)

    assert shop.server.paths() == [ORDERS] * 2


def test_a_query_of_ones_own_replaces_a_built_in_one(open_shop: OpenShop, lists: Lists) -> None:
    own = """
        select id as customer_id, upper(first_name) as first_name, json_extract_string(item, '$.role') as region,
               date_created_gmt as signed_up_at, coalesce(date_modified_gmt, date_created_gmt) as updated_at
        from customers
        where coalesce(date_modified_gmt, date_created_gmt)::timestamptz >= :since
    """
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists), customers=own)

    ana = shop.rows("customers")[0]

    assert (ana["first_name"], ana["region"], ana["email"]) == ("ANA", "customer", None)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select nothing as customer_id from customers", "its query cannot be run on the lists of"),
        ("select id as customer_number from customers", "its query selects `customer_number`"),
        ("select id as customer_id from read_csv('/etc/passwd')", "its query cannot be run on"),
    ],
)
def test_a_query_that_cannot_be_run_is_said_so(
    open_shop: OpenShop, lists: Lists, sql: str, said: str
) -> None:
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists), customers=sql)

    with pytest.raises(SourceError, match=f"^customers: {said}"):
        shop.rows("customers")


@pytest.mark.parametrize("kind", Kind)
def test_every_built_in_query_selects_a_contracts_columns(kind: Kind) -> None:
    for name, sql in built_in_queries(kind).items():
        columns = sqlglot.parse_one(sql, dialect="duckdb").named_selects
        if name == RECENT_BUYERS:
            assert columns == ["customer_id"]
        else:
            assert wrong_columns(name, columns) is None, (kind, name)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_maps_what_a_shop_cannot_do_without(kind: Kind) -> None:
    needed = {"customers", "orders", "order_lines", "products", RECENT_BUYERS}

    assert needed <= set(built_in_queries(kind)) <= {*SHOP_DATASETS, RECENT_BUYERS}


def test_a_night_that_fails_in_the_middle_leaves_no_rows_and_can_be_read_again(
    open_shop: OpenShop, lists: Lists
) -> None:
    lists["orders"] = [lists["orders"][0] | {"id": n} for n in range(1, 251)]
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists))
    shop.server.faults.extend([None, Reply(status=401)])

    with pytest.raises(SourceError, match="the key is refused"):
        next(shop.source.extract(SHOP_DATASETS["orders"], since=None, until=UNTIL))
    assert len(shop.rows("orders")) == 250


def test_a_list_that_takes_too_long_is_given_up(
    open_shop: OpenShop, lists: Lists, tmp_path: Path
) -> None:
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists))
    seconds = iter([0.0, 7_201.0])
    slow = ApiSource(
        shop.source._map,
        shop.source._api,
        scratch=tmp_path,
        patience=Patience(table=7_200),
        clock=lambda: next(seconds),
    )

    with pytest.raises(SourceError, match="is not read to its end after 2 hours"):
        list(slow.extract(SHOP_DATASETS["customers"], since=None, until=UNTIL))


def test_nothing_of_people_is_left_on_disk(
    open_shop: OpenShop, lists: Lists, tmp_path: Path
) -> None:
    """Case 47."""
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists))
    shop.rows("customers")

    shop.source.close()

    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
