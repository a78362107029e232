"""Days on which the shop is closed, and what their nights, and those around them, are told."""

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
from perennial.pipeline.closed_days import Calendar, calendar_of_night, keep_closed_days
from perennial.pipeline.learning import keep_figures, past_of
from perennial.pipeline.verifying import publish_night
from perennial.validation.usual import Trade
from perennial.validation.verdicts import Action, Verdict

NEXT = DAY + timedelta(days=1)
EMPTY: dict[str, list[Any]] = {"orders": [], "order_lines": [], "points_entries": []}
USUAL = {"rows": 40.0, "sum(total)": 359.6, "mean(total)": 8.99}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[ShopNights]:
    """A shop that knows eight weeks of forty orders a night."""
    with Engine(Lake(tmp_path / "lake")) as engine:
        for dataset in EMPTY:
            for n in range(1, 57):
                keep_figures(engine.lake, dataset, DAY - timedelta(days=n), USUAL)
        yield ShopNights(engine)


def _told(verdict: Verdict) -> list[tuple[str, Action]]:
    return [(finding.rule, finding.action) for finding in verdict.findings]


def _orders(count: int, day: date = DAY) -> list[dict[str, str | None]]:
    at = f"{day - timedelta(days=1)}T20:00:00Z"
    return [
        another("orders", n, order_id=f"{day}-{n}", updated_at=at, delivered_at=None)
        | {"ordered_at": f"{day - timedelta(days=1)}T10:00:{n:02d}Z"}
        for n in range(count)
    ]


@pytest.mark.parametrize("named", ["11-20", "2026-11-20"])
def test_a_closed_day_tells_one_sentence_and_stops_nothing(nights: ShopNights, named: str) -> None:
    nights.shop = replace(SHOP, closed_days=(named,))

    verdicts = nights.validate(**EMPTY)

    for dataset in EMPTY:
        assert _told(verdicts[dataset]) == [("closed_day", Action.WARN)]
    assert str(verdicts["orders"].findings[0]) == (
        "orders: The shop is closed on this day, 2026-11-20: nothing is expected of it, and nothing learned from it."
    )
    publish_night(nights.engine, DAY)


def test_days_that_the_shops_own_table_names_are_closed_too(nights: ShopNights) -> None:
    keep_closed_days(nights.engine.lake, DAY, ["2026-11-20"])

    assert _told(nights.validate(**EMPTY)["orders"]) == [("closed_day", Action.WARN)]


def test_an_empty_day_that_is_not_said_to_be_closed_stops_and_tells_how_to_say_so(
    nights: ShopNights,
) -> None:
    nights.shop = replace(SHOP, closed_days=("11-21", "2025-11-20"))

    nights.validate(**EMPTY)

    with pytest.raises(NightStopped) as caught:
        publish_night(nights.engine, DAY)
    advice = "If the shop was closed on 2026-11-20, name that day in `closed_days` of shop.yaml and run the night again."
    assert str(caught.value).count(advice) == 1
    assert "rows is 0, usually 40" in str(caught.value)


def test_naming_the_day_lets_the_stopped_night_pass(nights: ShopNights) -> None:
    nights.validate(**EMPTY)
    with pytest.raises(NightStopped):
        publish_night(nights.engine, DAY)

    nights.shop = replace(SHOP, closed_days=("2026-11-20",))
    nights.verdicts()

    publish_night(nights.engine, DAY)


def test_rows_that_come_on_a_closed_day_are_checked_one_by_one(nights: ShopNights) -> None:
    nights.shop = replace(SHOP, closed_days=("11-20",))
    rows = [row("orders", order_id="good"), row("orders", order_id="bad", total="-1")]

    verdict = nights.validate(**{**EMPTY, "orders": rows})["orders"]

    assert ("total_not_negative", Action.QUARANTINE) in _told(verdict)
    assert ("closed_day", Action.WARN) in _told(verdict)
    assert (verdict.accepted, verdict.quarantined, verdict.stopped) == (1, 1, False)


def test_many_bad_rows_stop_the_night_of_a_closed_day(nights: ShopNights) -> None:
    nights.shop = replace(SHOP, closed_days=("11-20",))

    rows = [r | {"total": "-1"} for r in _orders(20)]
    assert nights.validate(**{**EMPTY, "orders": rows})["orders"].stopped


def test_the_day_after_a_closed_day_passes_and_has_not_learned_from_it(nights: ShopNights) -> None:
    nights.shop = replace(SHOP, closed_days=("11-20",))
    nights.validate(**EMPTY)
    publish_night(nights.engine, DAY)

    after = nights.validate(NEXT, **{**EMPTY, "orders": _orders(40, NEXT)})["orders"]

    assert not after.stopped
    usual = next(measure for measure in after.measures if measure.figure == "rows")
    assert usual.usual == 40
    calendar = calendar_of_night(nights.engine.lake, NEXT, nights.shop)
    assert DAY not in past_of(nights.engine.lake, "orders", NEXT, calendar=calendar).nights


def test_a_night_that_takes_in_a_closed_day_has_to_bring_the_open_one_alone(
    nights: ShopNights,
) -> None:
    calendar = Calendar(closed=["2026-11-20"])
    both = past_of(nights.engine.lake, "orders", NEXT, days=[DAY, NEXT], calendar=calendar)

    assert both.days == (NEXT,)
    assert DAY not in both.nights


def test_a_closed_day_does_not_hide_a_stopped_night_before_it(nights: ShopNights) -> None:
    nights.validate(**EMPTY)
    nights.shop = replace(SHOP, closed_days=("11-21",))

    assert nights.validate(NEXT, **EMPTY)["orders"].stopped


def test_closed_days_are_passed_over_when_nights_without_orders_are_counted(
    tmp_path: Path,
) -> None:
    with Engine(Lake(tmp_path / "new")) as engine:
        nights = ShopNights(engine, replace(SHOP, closed_days=("11-22", "11-23")))
        told = []
        for n in range(6):
            day = DAY + timedelta(days=n)
            verdict = nights.validate(day, orders=[] if n else [row("orders")])["orders"]
            told.append(_told(verdict))
            if not verdict.stopped:
                publish_night(engine, day)

    closed, missing = ("closed_day", Action.WARN), ("orders_arrive", Action.WARN)
    assert told == [[], [missing], [closed], [closed], [missing], [("orders_arrive", Action.STOP)]]


def test_a_closed_day_is_closed_whatever_else_it_is() -> None:
    calendar = Calendar(closed=["11-20"], holidays=["11-20", "11-21"])

    assert [calendar.trade(DAY + timedelta(days=n)) for n in range(3)] == [
        Trade.CLOSED,
        Trade.HOLIDAY,
        Trade.USUAL,
    ]
