from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from api_shop import OpenShop
from perennial.errors import SourceError
from perennial.sources.http.api_key import ApiKey
from perennial.sources.http.api_map import Kind
from shop_api_answers import Lists, at, play_woocommerce, woocommerce_lists
from shop_api_server import Question, Reply

OFFERS = """
    select id || '-email-offers' as consent_id, id as customer_id, 'email' as channel, 'offers' as topic,
           case when meta->>'$.value' = 'yes' then 'granted' else 'withdrawn' end as state,
           date_created_gmt as happened_at, coalesce(date_modified_gmt, date_created_gmt) as updated_at
    from (select *, unnest(meta_data::json[]) as meta from customers)
    where meta->>'$.key' = 'newsletter'
"""


@pytest.fixture
def lists() -> Lists:
    return woocommerce_lists()


def test_customers_come_with_the_address_that_they_have(open_shop: OpenShop, lists: Lists) -> None:
    ana, bo = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists)).rows("customers")

    assert ana == {
        "customer_id": "25",
        "first_name": "Ana",
        "last_name": "Ruiz",
        "email": "ana@people.example",
        "phone": "(555) 010-0001",
        "birth_date": None,
        "language": None,
        "timezone": None,
        "country": "US",
        "region": "CA",
        "postal_code": "94103",
        "preferred_channel": None,
        "signed_up_at": "2025-03-21T19:09:28+00:00",
        "updated_at": "2026-11-20T19:09:30+00:00",
    }
    assert (bo["first_name"], bo["country"], bo["region"]) == (None, "PT", None)
    assert bo["updated_at"] == bo["signed_up_at"] == "2026-11-20T08:00:00+00:00"


def test_orders_have_our_words_for_their_status_and_those_of_guests_stay_away(
    open_shop: OpenShop, lists: Lists
) -> None:
    rows = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists)).rows("orders")

    assert {r["order_id"]: r["status"] for r in rows} == {
        "727": "delivered",
        "728": "placed",
        "730": "awaiting-shipment",
        "731": "cancelled",
    }
    assert rows[0] == {
        "order_id": "727",
        "customer_id": "25",
        "ordered_at": "2026-11-10T08:00:00+00:00",
        "status": "delivered",
        "delivered_at": "2026-11-15T11:00:00+00:00",
        "return_state": None,
        "currency": "USD",
        "discount": "5.00",
        "total": "29.35",
        "updated_at": "2026-11-20T12:08:40+00:00",
    }


def test_a_line_costs_what_was_paid_with_its_tax(open_shop: OpenShop, lists: Lists) -> None:
    rows = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists)).rows("order_lines")

    first = [r for r in rows if r["order_id"] == "727"]
    assert [(r["line_no"], r["product_id"], r["quantity"], r["amount"]) for r in first] == [
        ("1", "794", "2", "21.3500"),
        ("2", "795", "1", "8.0000"),
    ]
    assert {r["order_id"] for r in rows} == {"727", "728", "730", "731"}


def test_products_have_plain_names_and_the_outermost_category(
    open_shop: OpenShop, lists: Lists
) -> None:
    fish, surprise = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists)).rows("products")

    assert (fish["name"], fish["category"], fish["department"], fish["price"]) == (
        "Fish & chips",
        "Fried & hot",
        "Food & drink",
        "21.99",
    )
    assert (surprise["category"], surprise["department"], surprise["price"]) == (None, None, None)


def test_woocommerce_knows_no_consents_until_a_query_finds_them(
    open_shop: OpenShop, lists: Lists
) -> None:
    assert open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists)).rows("consents") == []

    found = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists), consents=OFFERS).rows("consents")

    assert [(c["consent_id"], c["state"]) for c in found] == [("25-email-offers", "granted")]


def test_only_what_was_written_in_the_interval_comes(open_shop: OpenShop, lists: Lists) -> None:
    lists["customers"][0]["date_modified_gmt"] = "2026-11-21T00:00:00"
    lists["orders"][0]["date_modified_gmt"] = "2026-11-20T00:00:00"
    lists["orders"][1]["date_modified_gmt"] = "2026-11-19T23:59:59"
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists))

    assert [r["customer_id"] for r in shop.rows("customers")] == ["26"]
    assert set(shop.by("orders", "status")) == {"727", "730", "731"}
    customers, orders = shop.server.asked[0].params, shop.server.asked[-1].params
    assert "modified_after" not in customers
    assert orders["modified_after"] == "2026-11-19T23:59:59"
    assert orders["modified_before"] == "2026-11-21T00:00:01"
    assert (orders["dates_are_gmt"], orders["status"], orders["orderby"]) == ("true", "any", "id")


def test_an_old_version_that_ignores_the_bounds_still_gives_the_interval_alone(
    open_shop: OpenShop, lists: Lists
) -> None:
    lists["orders"][0]["date_modified_gmt"] = "2026-10-01T00:00:00"
    play = play_woocommerce(lists)

    def deaf(question: Question) -> Reply:
        heard = {k: v for k, v in question.params.items() if not k.startswith("modified_")}
        return play(replace(question, params=heard))

    assert "727" not in open_shop(Kind.WOOCOMMERCE, deaf).by("orders", "status")


def test_recent_buyers_are_asked_by_when_orders_were_placed(
    open_shop: OpenShop, lists: Lists
) -> None:
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists))

    assert shop.source.recent_buyers(at("2026-11-20T08:00:00")) == {"25", "26"}
    assert shop.source.recent_buyers(at("2026-11-20T08:00:01")) == {"25"}
    params = shop.server.asked[0].params
    assert params["after"] == "2026-11-20T07:59:59"
    assert "modified_after" not in params


@pytest.mark.parametrize("says_total", [True, False])
def test_orders_that_move_up_a_page_while_it_is_read_are_not_lost(
    open_shop: OpenShop, lists: Lists, *, says_total: bool
) -> None:
    one = lists["orders"][0]
    lists["orders"] = [one | {"id": n} for n in range(1, 351)]
    play = play_woocommerce(lists, says_total=says_total)

    def changing(question: Question) -> Reply:
        reply = play(question)
        # The first ten go to the bin after each page: everything behind them moves up.
        del lists["orders"][:10]
        return reply

    found = open_shop(Kind.WOOCOMMERCE, changing).by("orders", "status")

    assert {str(n) for n in range(101, 351)} <= set(found)


def test_an_empty_shop_is_no_error(open_shop: OpenShop) -> None:
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce({}))

    datasets = ("customers", "orders", "order_lines", "products")
    assert [shop.rows(name, since=None) for name in datasets] == [[]] * 4
    assert shop.source.recent_buyers(at("2026-11-20T00:00:00")) == set()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(data={"orders": []}), "the answer is no list"),
        (Reply(data=["727"]), "an entry of the list is a plain value where an object is expected"),
        (Reply(data=[{"id": 1}]), "the field `status` is missing"),
    ],
)
def test_an_answer_of_another_shape_is_refused(
    open_shop: OpenShop, answer: Reply, said: str
) -> None:
    shop = open_shop(Kind.WOOCOMMERCE, lambda _: answer)

    with pytest.raises(SourceError, match=f"^WooCommerce /wp-json/wc/v3/orders: {said}"):
        shop.rows("orders")


def test_a_plugin_that_keeps_giving_the_first_page_is_found_out(
    open_shop: OpenShop, lists: Lists
) -> None:
    lists["orders"] = [lists["orders"][0] | {"id": n} for n in range(300)]
    play = play_woocommerce(lists)

    def deaf(question: Question) -> Reply:
        heard: dict[str, Any] = {k: v for k, v in question.params.items() if k != "offset"}
        return play(replace(question, params=heard))

    with pytest.raises(SourceError, match="pages do not come to an end"):
        open_shop(Kind.WOOCOMMERCE, deaf).rows("orders")


def test_a_wrong_key_ends_the_night_with_one_question(open_shop: OpenShop, lists: Lists) -> None:
    key = ApiKey(key=SecretStr("ck_old"), secret=SecretStr("cs_old"))
    shop = open_shop(Kind.WOOCOMMERCE, play_woocommerce(lists), key=key)

    with pytest.raises(SourceError, match=r"answered 401: the key is refused") as refused:
        shop.rows("customers")
    assert len(shop.server.asked) == 1
    assert "cs_old" not in str(refused.value)
