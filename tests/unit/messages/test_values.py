from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.campaigns.choices import OfferKind
from perennial.errors import RenderError
from perennial.messages.values import Offer, Product, example_values, read_values
from perennial.model.fields import MERGE_FIELDS


def test_values_are_typed_by_their_fields() -> None:
    values = read_values(
        json.dumps(
            {
                "first_name": " Ann ",
                "points_value": "12.40",
                "coupon_expires_on": "2026-12-05",
                "points_as_of": "2026-11-21T05:00:00+00:00",
                "days_since_order": 34,
                "offer": {"kind": "percent", "value": "10"},
                "liked": [{"name": "Tea", "category": None, "price": "3.50", "url": None}],
            }
        )
    )

    assert values["first_name"] == "Ann"
    assert values["points_value"] == Decimal("12.40")
    assert values["coupon_expires_on"] == date(2026, 12, 5)
    assert values["points_as_of"] == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert values["days_since_order"] == 34
    assert values["offer"] == Offer(kind=OfferKind.PERCENT, value=Decimal(10))
    assert values["liked"] == (Product(name="Tea", price=Decimal("3.50")),)


def test_what_is_missing_is_none() -> None:
    values = read_values({})

    assert values == dict.fromkeys(MERGE_FIELDS)


def test_what_is_no_merge_field_is_left_out() -> None:
    assert "shoe_size" not in read_values({"shoe_size": 42})


def test_a_missing_required_value_is_named() -> None:
    with pytest.raises(RenderError, match="coupon_expires_on"):
        read_values({"first_name": "Ann"}, required={"coupon_expires_on"})


def test_reading_twice_changes_nothing() -> None:
    once = example_values()

    assert read_values(once) == once


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points_value", "NaN"),
        ("points_value", "Infinity"),
        ("points_value", "twelve"),
        ("points_value", True),
        ("days_since_order", "34 days"),
        ("days_since_order", 34.5),
        ("coupon_expires_on", "05/12/2026"),
        ("coupon_expires_on", "2026-13-01"),
        ("points_as_of", "2026-11-21T05:00:00"),
        ("offer", {"kind": "gift", "value": "10"}),
        ("offer", {"kind": "percent"}),
        ("liked", "Tea"),
        ("product", {"price": "1"}),
        ("first_name", 7),
        ("unsubscribe_url", "javascript:alert(1)"),
    ],
)
def test_a_value_of_another_type_is_refused_without_being_shown(name: str, value: object) -> None:
    with pytest.raises(RenderError, match=f"^{name}: the value is not ") as caught:
        read_values({name: value})

    assert str(value) not in str(caught.value)


@pytest.mark.parametrize("text", ["not json", "[]", '"Ann"'])
def test_values_that_are_no_json_object_are_refused(text: str) -> None:
    with pytest.raises(RenderError):
        read_values(text)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil", 'https://a"b']
)
def test_a_product_loses_a_link_that_is_no_web_link(url: str) -> None:
    product = read_values({"product": {"name": "Tea", "url": url}})["product"]

    assert product == Product(name="Tea")


def test_a_product_without_a_name_is_no_product() -> None:
    values = read_values({"product": {"name": " "}, "liked": [{"name": ""}, {"name": "Tea"}]})

    assert values["product"] is None
    assert values["liked"] == (Product(name="Tea"),)


def test_the_sparse_examples_leave_out_what_may_be_missing() -> None:
    values = example_values(sparse=True)

    assert values["first_name"] is None
    assert values["liked"] == ()
    assert values["points_balance"] == 1240


@given(st.text())
def test_no_name_ends_a_line(name: str) -> None:
    cleaned = read_values({"first_name": name})["first_name"]

    assert cleaned is None or len(cleaned.splitlines()) == 1


@given(st.text(max_size=300))
def test_cleaning_a_product_name_twice_changes_nothing(name: str) -> None:
    once = read_values({"product": {"name": name}})["product"]

    assert once is None or read_values({"product": {"name": once.name}})["product"] == once
