"""The suites that ship: each lets a good night pass and names the fault of each bad one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from night_samples import DAY, GOOD, SUITES, ShopNights, another, row
from perennial.errors import NightStopped
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.model.datasets import SHOP_DATASETS
from perennial.pipeline.verifying import judge, publish_night
from perennial.validation.suites import check_suites
from perennial.validation.verdicts import Action
from perennial.validation.vocabulary import FACTS


def test_the_suites_have_no_faults() -> None:
    assert check_suites(SUITES) == []


def test_every_dataset_has_a_suite_and_every_suite_a_dataset() -> None:
    assert {path.stem for path in SUITES.glob("*.json")} == set(SHOP_DATASETS) | {"audience"}


@pytest.mark.parametrize("dataset", SHOP_DATASETS)
def test_every_required_column_must_be_given_and_every_fact_is_used(dataset: str) -> None:
    suite = json.loads((SUITES / f"{dataset}.json").read_text(encoding="utf-8"))
    never_empty = {
        e["kwargs"]["column"]
        for e in suite["expectations"]
        if e["type"] == "expect_column_values_to_not_be_null" and "mostly" not in e["kwargs"]
    }
    used = {e["kwargs"].get("column") for e in suite["expectations"]}

    required = {c.name for c in SHOP_DATASETS[dataset].columns if c.required}
    assert required <= never_empty
    assert set(FACTS[dataset]) <= used


def test_a_good_night_passes_without_a_finding(nights: ShopNights) -> None:
    verdicts = nights.validate()

    assert set(verdicts) == set(SHOP_DATASETS)
    for name, verdict in verdicts.items():
        assert verdict.findings == ()
        assert (verdict.rows, verdict.accepted, verdict.quarantined) == (1, 1, 0)
        assert nights.read(f"quarantine/{name}") == []


PUT_ASIDE = [
    ("customers", {"customer_id": None}, "customer_id_given"),
    ("customers", {"signed_up_at": "2026-11-22T00:00:00Z"}, "signed_up_by_now"),
    ("customers", {"birth_date": "31/12/1980"}, "wrong_type(birth_date)"),
    ("products", {"name": "  "}, "name_given"),
    ("products", {"price": "-0.01"}, "price_not_negative"),
    ("products", {"price": "99999999.99"}, "price_plausible"),
    ("products", {"name": "caf\ufffd"}, "name_readable"),
    ("products", {"name": "CafÃƒÂ©"}, "name_readable"),
    ("orders", {"total": "-1.00"}, "total_not_negative"),
    ("orders", {"total": "99999999.99"}, "total_plausible"),
    ("orders", {"discount": "-1.00"}, "discount_not_negative"),
    ("orders", {"currency": "EUR"}, "currency_known"),
    ("orders", {"currency": None}, "currency_given"),
    ("orders", {"status": "paid"}, "status_known"),
    ("orders", {"ordered_at": "2026-11-21T05:00:01Z", "delivered_at": None}, "ordered_in_time"),
    ("orders", {"ordered_at": "1999-12-31T23:59:59Z"}, "ordered_in_time"),
    ("orders", {"delivered_at": "2026-11-20T09:59:59Z"}, "delivered_after_ordered"),
    ("orders", {"return_state": "pending"}, "return_state_known"),
    ("orders", {"customer_id": "nobody"}, "customer_is_known"),
    ("orders", {"total": "nine"}, "wrong_type(total)"),
    ("orders", {"total": "8.995"}, "wrong_type(total)"),
    ("orders", {"total": "8.995", "ordered_at": "soon"}, "wrong_type(ordered_at, total)"),
    ("orders", {"total": "nine", "currency": "EUR"}, "wrong_type(total); currency_known"),
    ("orders", {"updated_at": None}, "updated_at_given"),
    ("order_lines", {"order_id": "nothing"}, "order_is_known"),
    ("order_lines", {"line_no": "0"}, "line_no_positive"),
    ("order_lines", {"quantity": "0"}, "quantity_positive"),
    ("order_lines", {"quantity": "2147483648"}, "quantity_plausible"),
    ("order_lines", {"amount": "9999999.00"}, "amount_plausible"),
    ("order_lines", {"quantity": "1.5"}, "wrong_type(quantity)"),
    ("order_lines", {"amount": "-1"}, "amount_not_negative"),
    ("points_entries", {"kind": "gift"}, "kind_known"),
    ("points_entries", {"points": "9999999"}, "points_plausible"),
    ("points_entries", {"points": "-5"}, "sign_fits_kind"),
    ("points_entries", {"kind": "redeemed"}, "sign_fits_kind"),
    ("points_entries", {"kind": "adjusted", "points": "0"}, "sign_fits_kind"),
    ("points_entries", {"expires_on": "2026-11-19"}, "expires_after_earning"),
    ("points_entries", {"happened_at": "2026-12-01T00:00:00Z"}, "happened_in_time"),
    ("points_entries", {"customer_id": "nobody"}, "customer_is_known"),
    ("consents", {"happened_at": "2026-12-01T00:00:00Z"}, "grant_has_happened"),
    ("consents", {"customer_id": "nobody"}, "customer_is_known"),
]  # fmt: skip


@pytest.fixture(scope="module")
def bad_night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One night with every bad row at once, beside good ones: the reason under each bad row's number."""
    rows: dict[str, list[dict[str, str | None]]] = {name: [dict(GOOD[name])] for name in GOOD}
    for number, (dataset, fault, _) in enumerate(PUT_ASIDE, start=100):
        key = SHOP_DATASETS[dataset].key[-1]
        rows[dataset].append(another(dataset, number, **{key: str(number), **fault}))
    with Engine(Lake(tmp_path_factory.mktemp("bad") / "lake")) as engine:
        nights = ShopNights(engine)
        verdicts = nights.validate(**rows)
        assert {name: v.accepted for name, v in verdicts.items()} == dict.fromkeys(GOOD, 1)
        assert not any(v.stopped for v in verdicts.values())
        yield {
            f"{name} {r['extract_row']}": r["reason"]
            for name in GOOD
            for r in nights.read(f"quarantine/{name}")
        }


@pytest.mark.parametrize("number", range(len(PUT_ASIDE)))
def test_a_bad_row_is_put_aside_with_its_reason(bad_night: dict[str, str], number: int) -> None:
    dataset, fault, reason = PUT_ASIDE[number]
    place = sum(1 for name, _, _ in PUT_ASIDE[: number + 1] if name == dataset)

    assert bad_night[f"{dataset} {place}"] == reason, fault


WARNED = [
    ("customers", {"birth_date": "1900-01-01"}, "birth_date_plausible"),
    ("customers", {"birth_date": "2026-11-22"}, "birth_date_plausible"),
    ("customers", {"first_name": "JosÃ©"}, "first_name_readable"),
    ("customers", {"last_name": "Mu?oz"}, "last_name_readable"),
    ("customers", {"email": "ann at home"}, "email_well_formed"),
    ("customers", {"phone": "ask Ann"}, "phone_well_formed"),
    ("customers", {"signed_up_at": "1970-01-01T00:00:00Z"}, "signed_up_plausible"),
    ("customers", {"timezone": "Mars/Base"}, "timezone_known"),
    ("customers", {"country": "usa"}, "country_well_formed"),
    ("customers", {"language": "español"}, "language_well_formed"),
    ("customers", {"preferred_channel": "fax"}, "preferred_channel_known"),
    ("products", {"url": "javascript:alert(1)"}, "url_well_formed"),
    ("products", {"category": "comercio electr¨®nico"}, "category_readable"),
    ("orders", {"delivered_at": "2026-12-24T00:00:00Z"}, "delivered_by_now"),
    ("order_lines", {"product_id": "p99"}, "product_is_known"),
    ("points_entries", {"expires_on": None}, "expiry_is_given"),
    ("consents", {"source": None}, "source_given"),
]


def test_odd_rows_are_used_and_told_of(nights: ShopNights) -> None:
    rows: dict[str, list[dict[str, str | None]]] = {name: [dict(GOOD[name])] for name in GOOD}
    for number, (dataset, oddity, _) in enumerate(WARNED, start=100):
        key = SHOP_DATASETS[dataset].key[-1]
        rows[dataset].append(another(dataset, number, **{key: str(number), **oddity}))

    verdicts = nights.validate(**rows)

    found = {(f.dataset, f.rule) for v in verdicts.values() for f in v.findings}
    assert found == {(dataset, rule) for dataset, _, rule in WARNED}
    assert {f.action for v in verdicts.values() for f in v.findings} == {Action.WARN}
    assert all(v.accepted == v.rows for v in verdicts.values())


def test_a_column_that_is_suddenly_empty_is_told_of(nights: ShopNights) -> None:
    some = [another("customers", n, customer_id=str(n), email="a@b.example") for n in range(3)]
    none = [another("customers", n, customer_id=str(n), email=None) for n in range(3, 10)]

    fair = nights.validate(DAY, customers=[row("customers"), *some, *none])["customers"]
    publish_night(nights.engine, DAY)
    poor = nights.validate(DAY + timedelta(days=1), customers=none)["customers"]

    assert fair.findings == ()
    assert [(f.rule, f.failed_rows) for f in poor.findings] == [("email_usually_given", 7)]


UNREADABLE = [
    ({"state": "revoked"}, "state_known"),
    ({"topic": "news"}, "topic_known"),
    ({"channel": "fax"}, "channel_known"),
    ({"happened_at": "yesterday"}, "wrong_type"),
    ({"happened_at": None}, "happened_at_given"),
    ({"customer_id": None}, "customer_id_given"),
]


def test_a_consent_that_cannot_be_read_might_be_a_withdrawal_and_stops_the_night(
    nights: ShopNights,
) -> None:
    good = [another("consents", n, consent_id=f"k{n}") for n in range(200)]
    bad = [row("consents", consent_id=f"bad{n}", **f) for n, (f, _) in enumerate(UNREADABLE)]

    verdict = nights.validate(consents=[*good, *bad])["consents"]

    assert {f.rule for f in verdict.findings if f.action is Action.STOP} == {
        rule for _, rule in UNREADABLE
    }
    with pytest.raises(NightStopped, match="might be a withdrawal"):
        judge([verdict])


def test_a_withdrawal_from_the_future_holds_at_once(nights: ShopNights) -> None:
    withdrawal = row("consents", state="withdrawn", happened_at="2026-12-01T00:00:00Z")

    assert nights.validate(consents=[withdrawal])["consents"].accepted == 1


def test_one_night_without_orders_may_be_a_closed_day_and_three_are_a_fault(
    nights: ShopNights,
) -> None:
    actions = []
    for night in range(4):
        day = DAY + timedelta(days=night)
        orders = [row("orders")] if night == 0 else []
        verdict = nights.validate(day, orders=orders)["orders"]
        found = verdict.findings
        if not verdict.stopped:
            publish_night(nights.engine, day)
        actions.append([(f.rule, str(f.action)) for f in found])

    assert actions == [
        [],
        [("orders_arrive", "warn")],
        [("orders_arrive", "warn")],
        [("orders_arrive", "stop")],
    ]


def test_a_few_bad_rows_are_put_aside_and_many_stop_the_night(nights: ShopNights) -> None:
    def orders(bad: int) -> list[dict[str, str | None]]:
        totals = ["-1" if n < bad else "1" for n in range(200)]
        return [another("orders", n, order_id=f"o{n}", total=t) for n, t in enumerate(totals)]

    few = nights.validate(DAY, orders=orders(10))["orders"]
    publish_night(nights.engine, DAY)
    many = nights.validate(DAY + timedelta(days=1), orders=orders(11))["orders"]

    assert [str(f.action) for f in few.findings] == ["quarantine"]
    assert [str(f.action) for f in many.findings] == ["stop"]
    assert many.sentence == (
        "11 rows of orders (5.5%) break `total_not_negative`: No total is below zero."
        " For example order_id=o0, order_id=o1, order_id=o10."
    )


def test_a_join_that_multiplies_rows_is_noticed(nights: ShopNights) -> None:
    rows = [another("orders", n, order_id=f"o{n}", total=str(t)) for n in range(20) for t in (1, 2)]

    verdict = nights.validate(orders=rows)["orders"]

    assert [(f.rule, f.action) for f in verdict.findings] == [("said_once", Action.STOP)]


def test_the_end_of_the_night_is_the_shops_midnight(nights: ShopNights) -> None:
    last = row("orders", ordered_at="2026-11-21T04:59:59Z", delivered_at=None)
    late = row("orders", order_id="o2", ordered_at="2026-11-21T05:00:01Z", delivered_at=None)

    nights.validate(orders=[last, late])

    assert [r["order_id"] for r in nights.read("checked/orders")] == ["o1"]
    assert date(2026, 11, 21) == DAY
