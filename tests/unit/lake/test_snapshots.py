"""A snapshot says what the increments said that it stands in for, and nothing once one of them says something else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.lake.duck import Engine
from perennial.lake.narrowing import open_day_of
from perennial.lake.partitions import Lake, Partition
from perennial.lake.snapshots import known_partitions, remove_broken_snapshots
from perennial.lake.taking_snapshots import take_snapshots
from perennial.model.datasets import ORDERS

FIRST = date(2026, 11, 1)
FOLDER = "verified/orders"
WHO = ("ann", "bob")

ORDERS_OF_A_DAY = st.dictionaries(
    st.sampled_from(("1", "2", "3")), st.sampled_from(WHO), max_size=3
)
# A night that publishes a day, perhaps anew, and the day on which snapshots are taken then.
NIGHTS = st.lists(
    st.tuples(st.integers(0, 3), ORDERS_OF_A_DAY, st.integers(0, 3)), min_size=3, max_size=6
)


def publish_orders(engine: Engine, day: date, orders: dict[str, str]) -> None:
    """Whose order each is, as said on a day."""
    empty = ", ".join(f"null::{c.type} as {c.name}" for c in ORDERS.columns)
    rows = [
        f"select * replace ('{order}'::varchar as order_id, '{who}' as customer_id,"
        f" 'of {day}' as status) from (select {empty})"
        for order, who in orders.items()
    ]
    query = " union all ".join([*rows, f"select {empty} from range(0) as t(n)"])
    engine.publish(Partition(dataset=FOLDER, day=day), query, order_by="order_id, customer_id")


def known(engine: Engine, day: date) -> list[str]:
    """What is known of orders on a day, to everybody and to a page about one person."""
    engine.open_day(day)
    everybody = engine.rows("select * from orders order by all")
    open_day_of(engine, day, ["ann"], ["orders"])
    return [str(row) for row in [*everybody, *engine.rows("select * from orders order by all")]]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(Lake(tmp_path)) as engine:
        yield engine


def snapshots(engine: Engine) -> list[date]:
    return [p.day for p in engine.lake.partitions("snapshots/orders")]


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(nights=NIGHTS)
def test_every_day_is_known_as_without_snapshots(
    tmp_path_factory: pytest.TempPathFactory,
    nights: list[tuple[int, dict[str, str], int]],
) -> None:
    with (
        Engine(Lake(tmp_path_factory.mktemp("with"))) as engine,
        Engine(Lake(tmp_path_factory.mktemp("without"))) as plain,
    ):
        for number, orders, taken_on in nights:
            day = FIRST + timedelta(days=number)
            publish_orders(engine, day, orders)
            publish_orders(plain, day, orders)
            take_snapshots(engine, FIRST + timedelta(days=taken_on), every=1)
        for number in range(4):
            day = FIRST + timedelta(days=number)

            assert known(engine, day) == known(plain, day)


def test_one_is_taken_when_more_nights_have_come_than_were_asked_for(engine: Engine) -> None:
    taken = []
    for number in range(12):
        day = FIRST + timedelta(days=number)
        publish_orders(engine, day, {str(number): "ann"})
        taken += [p.day for p in take_snapshots(engine, day, every=3)]

    assert taken == [FIRST + timedelta(days=n) for n in (3, 7, 11)]


def test_a_day_is_read_from_the_last_snapshot_and_what_came_after(engine: Engine) -> None:
    for number in range(6):
        publish_orders(engine, FIRST + timedelta(days=number), {"1": "ann"})
        if number == 3:
            take_snapshots(engine, FIRST + timedelta(days=3), every=1)

    read = known_partitions(engine.lake, FOLDER, FIRST + timedelta(days=5))

    assert [(p.dataset, p.day.day) for p in read] == [
        ("snapshots/orders", 4),
        (FOLDER, 5),
        (FOLDER, 6),
    ]


def test_an_earlier_day_is_not_read_from_a_later_snapshot(engine: Engine) -> None:
    for number in range(4):
        publish_orders(engine, FIRST + timedelta(days=number), {"1": "ann"})
    take_snapshots(engine, FIRST + timedelta(days=3), every=1)

    read = known_partitions(engine.lake, FOLDER, FIRST + timedelta(days=2))

    assert {p.dataset for p in read} == {FOLDER}


def test_only_the_newest_day_is_worth_a_snapshot(engine: Engine) -> None:
    for number in range(4):
        publish_orders(engine, FIRST + timedelta(days=number), {"1": "ann"})

    assert take_snapshots(engine, FIRST + timedelta(days=2), every=1) == []


def test_a_night_that_is_made_anew_breaks_what_was_made_of_it(engine: Engine) -> None:
    for number in range(3):
        publish_orders(engine, FIRST + timedelta(days=number), {"1": "ann"})
    last = FIRST + timedelta(days=2)
    take_snapshots(engine, last, every=1)
    publish_orders(engine, FIRST, {"2": "bob"})

    read = known_partitions(engine.lake, FOLDER, last)
    remove_broken_snapshots(engine.lake)

    assert {p.dataset for p in read} == {FOLDER}
    assert snapshots(engine) == []


def test_the_last_two_are_kept(engine: Engine) -> None:
    for number in range(8):
        day = FIRST + timedelta(days=number)
        publish_orders(engine, day, {str(number): "ann"})
        take_snapshots(engine, day, every=1)

    assert snapshots(engine) == [FIRST + timedelta(days=n) for n in (5, 7)]


def test_an_increment_that_changes_while_one_is_taken_leaves_none(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        publish_orders(engine, FIRST + timedelta(days=number), {"1": "ann"})
    open_day = engine.open_day

    def open_late(day: date) -> None:
        publish_orders(engine, FIRST, {"2": "bob"})
        open_day(day)

    monkeypatch.setattr(engine, "open_day", open_late)

    assert take_snapshots(engine, FIRST + timedelta(days=2), every=1) == []
    assert snapshots(engine) == []
