"""What nights came to, and what later nights make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from night_samples import DAY, SHOP, ShopNights, another, row
from perennial.errors import NightStopped
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.pipeline.closed_days import Calendar
from perennial.pipeline.learning import FIGURES, keep_figures, past_of
from perennial.pipeline.verifying import publish_night
from perennial.validation.verdicts import Action, Verdict

NEXT = DAY + timedelta(days=1)
USUAL_ORDERS = {
    "rows": 400.0,
    "sum(total)": 400_000.0,
    "mean(total)": 1_000.0,
    "different(customer_id)": 0.9,
    "age_hours(updated_at)": 0.2,
    "share(status=delivered)": 0.9,
    "share(status=refunded)": 0.01,
    "empty(delivered_at)": 0.1,
}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[ShopNights]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield ShopNights(engine)


def _teach(nights: ShopNights, dataset: str, figures: dict[str, float], weeks: int = 8) -> None:
    for n in range(1, weeks * 7 + 1):
        keep_figures(nights.engine.lake, dataset, DAY - timedelta(days=n), figures)


def _refunds(count: int = 40) -> list[dict[str, str | None]]:
    """Orders of one customer, all refunded in the morning."""
    return [
        another("orders", n, order_id=f"o{n}", status="refunded", updated_at="2026-11-20T12:00:00Z")
        for n in range(count)
    ]


def _found(verdict: Verdict, action: Action) -> set[str]:
    return {finding.rule for finding in verdict.findings if finding.action is action}


def _known(nights: ShopNights, name: str, day: date) -> dict[str, Any]:
    return dict(past_of(nights.engine.lake, name, day + timedelta(days=1)).nights.get(day, {}))


FAR_OFF = {
    "volume_far_off", "revenue_far_off", "order_value_far_off", "customers_differ", "not_all_refunded",
    "orders_not_stale",
}  # fmt: skip


def test_a_night_far_from_its_past_stops_and_says_how_far(nights: ShopNights) -> None:
    _teach(nights, "orders", USUAL_ORDERS)
    verdict = nights.validate(orders=_refunds())["orders"]

    assert _found(verdict, Action.STOP) == FAR_OFF
    assert {"volume_usual", "revenue_usual", "orders_fresh"} <= _found(verdict, Action.WARN)
    assert "rows is 40, usually 400; expected is at least 133 and at most 1,200." in str(
        next(f for f in verdict.findings if f.rule == "volume_far_off")
    )
    with pytest.raises(NightStopped, match=r"orders break `volume_far_off`: .* usually 400"):
        publish_night(nights.engine, DAY)
    assert _known(nights, "orders", DAY) == {}


def test_a_person_who_releases_a_night_teaches_by_it(nights: ShopNights) -> None:
    nights.validate(DAY)
    publish_night(nights.engine, DAY)
    nights.validate(NEXT, orders=_refunds())
    publish_night(nights.engine, NEXT, released=True)

    assert _known(nights, "orders", NEXT)["rows"] == 40


def test_an_absurd_total_that_is_put_aside_moves_no_figure(nights: ShopNights) -> None:
    _teach(nights, "orders", USUAL_ORDERS | {"rows": 40.0, "sum(total)": 360.0, "mean(total)": 9.0})
    absurd = another("orders", 99, order_id="absurd", total="99999999.99")
    good = [another("orders", n, order_id=f"o{n}") for n in range(40)]

    verdict = nights.validate(orders=[*good, absurd])["orders"]

    assert _found(verdict, Action.QUARANTINE) == {"total_plausible"}
    assert not _found(verdict, Action.STOP) & {"revenue_far_off", "order_value_far_off"}
    assert verdict.figures["rows"] == 41
    assert verdict.figures["mean(total)"] == 8.99


def test_without_a_past_nothing_is_unusual(nights: ShopNights) -> None:
    _teach(nights, "orders", USUAL_ORDERS, weeks=0)
    verdict = nights.validate(orders=_refunds())["orders"]

    assert verdict.findings == ()
    assert verdict.figures["rows"] == 40
    assert [m.figure for m in verdict.measures] == ["repeated"]


def test_after_a_holiday_what_is_unusual_is_told_and_stops_nothing(nights: ShopNights) -> None:
    nights.shop = replace(SHOP, holidays=("11-20",))
    _teach(nights, "orders", USUAL_ORDERS)

    verdict = nights.validate(orders=_refunds())["orders"]

    assert not verdict.stopped
    assert _found(verdict, Action.WARN) >= FAR_OFF


def test_a_holiday_or_a_closed_day_teaches_nothing(nights: ShopNights) -> None:
    lake = nights.engine.lake
    keep_figures(lake, "orders", DAY, {"rows": 3})

    assert past_of(lake, "orders", NEXT).nights == {DAY: {"rows": 3}}
    for holiday in ("11-20", "2026-11-20"):
        for calendar in (Calendar(holidays=[holiday]), Calendar(closed=[holiday])):
            assert past_of(lake, "orders", NEXT, calendar=calendar).nights == {}
    other = Calendar(holidays=["2025-11-20"], closed=["2025-11-20"])
    assert past_of(lake, "orders", NEXT, calendar=other).nights != {}


def test_the_first_night_brings_the_whole_past_and_teaches_nothing(nights: ShopNights) -> None:
    nights.validate(DAY)
    publish_night(nights.engine, DAY)
    nights.validate(NEXT, orders=[row("orders", order_id="o2")])
    publish_night(nights.engine, NEXT)

    assert _known(nights, "orders", DAY) == {}
    assert _known(nights, "orders", NEXT)["sum(total)"] == 8.99


def test_a_night_that_takes_in_a_stopped_one_teaches_nothing(nights: ShopNights) -> None:
    unreadable = row("consents", consent_id="k2", state="revoked")
    for day in (DAY - timedelta(days=1), DAY):
        nights.validate(day)
        publish_night(nights.engine, day)
    nights.validate(NEXT, consents=[unreadable])
    with pytest.raises(NightStopped):
        publish_night(nights.engine, NEXT)
    mended = row("consents", consent_id="k2", updated_at="2026-11-23T00:00:00Z")
    nights.validate(NEXT + timedelta(days=1), consents=[mended])
    publish_night(nights.engine, NEXT + timedelta(days=1))

    assert _known(nights, "consents", DAY)
    assert _known(nights, "consents", NEXT + timedelta(days=1)) == {}


def test_a_night_that_was_loaded_twice_is_told_of_and_used_once(nights: ShopNights) -> None:
    orders = [another("orders", n, order_id=f"o{n}") for n in range(10)]
    verdict = nights.validate(orders=[*orders, *orders])["orders"]

    assert _found(verdict, Action.WARN) == {"rows_come_once"}
    assert (verdict.accepted, verdict.duplicates) == (10, 10)


def test_reading_the_shop_again_is_no_double_load(nights: ShopNights) -> None:
    nights.extract()
    verdict = nights.validate()["orders"]

    assert (verdict.findings, verdict.duplicates) == ((), 1)


def test_a_night_that_comes_again_under_other_keys_stops(nights: ShopNights) -> None:
    def orders(prefix: str) -> list[dict[str, str | None]]:
        return [another("orders", n, order_id=f"{prefix}{n}") for n in range(30)]

    nights.validate(DAY, orders=orders("o"))
    publish_night(nights.engine, DAY)
    again = nights.validate(NEXT, orders=orders("again"))["orders"]

    assert _found(again, Action.STOP) == {"known_by_one_key"}
    assert again.findings[0].failed_rows == 30


def test_figures_hold_nothing_personal(nights: ShopNights) -> None:
    mixed_up = row("customers", country="ann@people.test", language="+1 513 555 0134" * 4)
    nights.validate(customers=[mixed_up])
    publish_night(nights.engine, DAY)

    kept = "".join(p.read_text() for p in (nights.engine.lake.root / FIGURES).rglob("*.json"))
    assert "different(email)" in kept
    for personal in ("ann@", "people.test", "555", "Reed", "Ann"):
        assert personal not in kept


def test_judging_again_gives_the_same_verdict_and_the_same_figures(nights: ShopNights) -> None:
    _teach(nights, "orders", USUAL_ORDERS)
    first = nights.validate(orders=_refunds())
    publish_night(nights.engine, DAY, released=True)
    figures = {p: p.read_text() for p in (nights.engine.lake.root / FIGURES).rglob("*.json")}

    assert nights.verdicts() == first
    publish_night(nights.engine, DAY, released=True)
    assert figures == {
        p: p.read_text() for p in (nights.engine.lake.root / FIGURES).rglob("*.json")
    }
