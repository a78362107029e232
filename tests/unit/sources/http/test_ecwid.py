from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from api_shop import OpenShop
from perennial.errors import SourceError
from perennial.sources.http.api_key import ApiKey
from perennial.sources.http.api_map import Kind
from shop_api_answers import Lists, at, ecwid_lists, play_ecwid
from shop_api_server import Question, Reply

NURIA, CHER = "177737165", "177737166"


@pytest.fixture
def lists() -> Lists:
    return ecwid_lists()


def test_customers_come_with_the_contact_that_they_prefer(
    open_shop: OpenShop, lists: Lists
) -> None:
    nuria, cher = open_shop(Kind.ECWID, play_ecwid(lists)).rows("customers")

    assert nuria == {
        "customer_id": NURIA,
        "first_name": "Nuria",
        "last_name": "Prada",
        "email": "nuria@people.example",
        "phone": "+34 600 000 002",
        "birth_date": None,
        "language": "es",
        "timezone": None,
        "country": "ES",
        "region": "M",
        "postal_code": "28004",
        "preferred_channel": None,
        "signed_up_at": "2025-12-21T06:05:58+00:00",
        "updated_at": "2026-11-20T21:15:10+00:00",
    }
    assert (cher["first_name"], cher["last_name"], cher["phone"]) == ("Cher", None, None)
    assert cher["signed_up_at"] == "2026-11-20T09:00:00+04:00"


def test_a_yes_counts_from_the_first_day_and_a_no_from_the_last_change(
    open_shop: OpenShop, lists: Lists
) -> None:
    yes, no = open_shop(Kind.ECWID, play_ecwid(lists)).rows("consents")

    assert (yes["state"], yes["happened_at"]) == ("granted", "2025-12-21T06:05:58+00:00")
    assert (no["state"], no["happened_at"]) == ("withdrawn", "2026-11-20T10:00:00+00:00")
    assert {(c["channel"], c["topic"]) for c in (yes, no)} == {("email", "offers")}


def test_nobody_agreed_whom_the_shop_did_not_ask(open_shop: OpenShop, lists: Lists) -> None:
    del lists["customers"][0]["acceptMarketing"]

    states = open_shop(Kind.ECWID, play_ecwid(lists)).by("consents", "state")

    assert states[f"{NURIA}-email-offers"] == "withdrawn"


def test_orders_have_our_words_for_their_status_and_the_stores_currency(
    open_shop: OpenShop, lists: Lists
) -> None:
    rows = open_shop(Kind.ECWID, play_ecwid(lists)).rows("orders")

    assert {r["order_id"]: r["status"] for r in rows} == {
        "EBJFT": "delivered",
        "EBJFU": "placed",
        "EBJFV": "custom_fulfillment_status_1",
    }
    delivered = rows[0]
    assert (delivered["currency"], delivered["total"], delivered["discount"]) == (
        "EUR",
        "37.39",
        "4.3500",
    )
    assert delivered["delivered_at"] == "2026-11-20T12:00:00+00:00"


@pytest.mark.parametrize(
    ("payment", "fulfilment", "status"),
    [
        ("PAID", "SHIPPED", "shipped"),
        ("PAID", "OUT_FOR_DELIVERY", "shipped"),
        ("PAID", "PROCESSING", "placed"),
        ("PAID", "WILL_NOT_DELIVER", "cancelled"),
        ("CANCELLED", "SHIPPED", "cancelled"),
        ("REFUNDED", "RETURNED", "refunded"),
        ("PARTIALLY_REFUNDED", "DELIVERED", "delivered"),
    ],
)
def test_payment_goes_before_fulfilment(
    open_shop: OpenShop, lists: Lists, payment: str, fulfilment: str, status: str
) -> None:
    lists["orders"][0] |= {"paymentStatus": payment, "fulfillmentStatus": fulfilment}

    assert open_shop(Kind.ECWID, play_ecwid(lists)).by("orders", "status")["EBJFT"] == status


def test_an_order_that_is_touched_much_later_was_not_delivered_then(
    open_shop: OpenShop, lists: Lists
) -> None:
    lists["orders"][0]["createDate"] = "2025-01-10 08:00:00 +0000"

    assert open_shop(Kind.ECWID, play_ecwid(lists)).by("orders", "delivered_at")["EBJFT"] is None


def test_a_line_costs_what_is_left_after_coupon_and_discounts(
    open_shop: OpenShop, lists: Lists
) -> None:
    rows = open_shop(Kind.ECWID, play_ecwid(lists)).rows("order_lines")

    first = [r for r in rows if r["order_id"] == "EBJFT"]
    assert [(r["line_no"], r["product_id"], r["quantity"], r["amount"]) for r in first] == [
        ("1", "439710255", "2", "20.6500"),
        ("2", "439710256", "1", "5.0000"),
    ]
    assert {r["order_id"] for r in rows} == {"EBJFT", "EBJFU", "EBJFV"}


def test_a_product_belongs_to_the_outermost_of_its_categories(
    open_shop: OpenShop, lists: Lists
) -> None:
    pizza, card = open_shop(Kind.ECWID, play_ecwid(lists)).rows("products")

    assert (pizza["name"], pizza["category"], pizza["department"]) == ("Pizza", "Italian", "Food")
    assert pizza["price"] == "12.5"
    assert (card["category"], card["department"]) == (None, None)


def test_only_what_was_written_in_the_interval_comes(open_shop: OpenShop, lists: Lists) -> None:
    lists["customers"][0]["updated"] = "2026-11-21 00:00:00 +0000"
    lists["customers"][1]["updated"] = "2026-11-20 00:00:00 +0000"
    shop = open_shop(Kind.ECWID, play_ecwid(lists))

    assert [r["customer_id"] for r in shop.rows("customers")] == [CHER]
    params = shop.server.asked[0].params
    assert params["sortBy"] == "REGISTERED_DATE_ASC"
    assert (params["updatedFrom"], params["updatedTo"]) == ("1795132799", "1795219201")


def test_the_first_night_takes_everything_before_its_end(open_shop: OpenShop, lists: Lists) -> None:
    shop = open_shop(Kind.ECWID, play_ecwid(lists))

    assert len(shop.rows("orders", since=None)) == 3
    assert "updatedFrom" not in shop.server.asked[0].params


def test_recent_buyers_are_asked_by_when_orders_were_placed(
    open_shop: OpenShop, lists: Lists
) -> None:
    shop = open_shop(Kind.ECWID, play_ecwid(lists))
    since, until = at("2026-11-20T07:30:00"), at("2026-11-20T08:30:00")

    assert shop.source.recent_buyers(since, until=until) == {CHER}
    assert shop.source.recent_buyers(since) == {CHER}
    lists["orders"].append(
        lists["orders"][0] | {"id": "NEW", "createDate": "2026-11-20 09:00:00 +0000"}
    )
    assert shop.source.recent_buyers(since) == {CHER, NURIA}


@pytest.mark.parametrize("largest", [100, 30])
def test_a_long_list_is_read_to_its_end_while_orders_leave_it(
    open_shop: OpenShop, lists: Lists, largest: int
) -> None:
    one = lists["orders"][0]
    moments = [f"2026-11-{1 + n // 60:02d} 08:{n % 60:02d}:00 +0000" for n in range(350)]
    lists["orders"] = [one | {"id": f"O{n}", "createDate": at} for n, at in enumerate(moments)]
    play = play_ecwid(lists, largest_page=largest)

    def changing(question: Question) -> Reply:
        reply = play(question)
        # An order that is changed meanwhile is written after the interval, and leaves the list.
        if question.path.endswith("/orders") and len(lists["orders"]) > 300:
            lists["orders"].pop()
        return reply

    found = open_shop(Kind.ECWID, changing).by("orders", "status")

    assert {f"O{n}" for n in range(300)} <= set(found)


def test_an_empty_store_is_no_error(open_shop: OpenShop) -> None:
    lists: Lists = {"profile": ecwid_lists()["profile"]}
    shop = open_shop(Kind.ECWID, play_ecwid(lists))

    datasets = ("customers", "consents", "orders", "order_lines", "products", "points_entries")
    assert [shop.rows(name, since=None) for name in datasets] == [[]] * 6
    assert shop.source.recent_buyers(at("2026-11-20T00:00:00")) == set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fulfillmentStatus": ...}, "the field `fulfillmentStatus` is missing"),
        ({"items": {}}, "the field `items` is an object where a list is expected"),
        (
            {"billingPerson": "ana@people.example"},
            "the field `billingPerson` is a plain value where",
        ),
        (
            {"total": {"amount": 3}},
            "the field `total` is an object where a plain value is expected",
        ),
        ({"id": None}, "the field `id` is missing or empty"),
    ],
)
def test_a_list_of_another_shape_is_refused_by_api_path_and_field(
    open_shop: OpenShop, lists: Lists, change: dict[str, Any], said: str
) -> None:
    changed = lists["orders"][1] | change
    lists["orders"][1] = {k: v for k, v in changed.items() if v is not ...}

    with pytest.raises(SourceError, match=f"^Ecwid /orders: {said}") as refused:
        open_shop(Kind.ECWID, play_ecwid(lists)).rows("orders")
    assert "people.example" not in str(refused.value)


def test_a_value_of_another_type_is_left_to_the_checks(open_shop: OpenShop, lists: Lists) -> None:
    lists["orders"][1]["total"] = "many"
    lists["orders"][1]["updateDate"] = "yesterday"
    shop = open_shop(Kind.ECWID, lambda q: play_ecwid(lists)(_unfiltered(q)))

    with pytest.raises(AssertionError, match=r"yesterday|many"):
        shop.rows("orders")


def _unfiltered(question: Question) -> Question:
    return replace(question, params={})


def test_an_answer_without_its_list_is_refused(open_shop: OpenShop) -> None:
    shop = open_shop(Kind.ECWID, lambda _: Reply(data={"total": 3}))

    with pytest.raises(SourceError, match=r"^Ecwid /customers: the field `items` is missing"):
        shop.rows("customers")


def test_an_expired_token_ends_the_night_with_one_question(
    open_shop: OpenShop, lists: Lists
) -> None:
    shop = open_shop(Kind.ECWID, play_ecwid(lists), key=ApiKey(secret=SecretStr("expired")))

    with pytest.raises(SourceError, match=r"^Ecwid /customers: answered 403: the key is refused"):
        shop.rows("customers")
    assert len(shop.server.asked) == 1
