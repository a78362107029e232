"""Figures that are carried from night to night are those that would be worked out anew."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from object_storage import Bucket
from perennial.features import carrying, runner, slices
from perennial.features.carrying import (
    earlier_figures,
    holding_figures,
)
from perennial.features.runner import build_features
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.lake.rewriting import rewrite
from perennial.lake.taking_snapshots import take_snapshots
from perennial.model.datasets import CONTACTS, SHOP_DATASETS
from random_shops import ZONES, add_customer, fill
from shop_builder import DAY, TinyShop, a_shop, lay, noon

DATASETS = SHOP_DATASETS | {CONTACTS.name: CONTACTS}
NEXT_DAY = DAY + timedelta(days=1)
# Its clock changes at midnight.
SANTIAGO = ZoneInfo("America/Santiago")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop of two dozen customers is a large one, and worth carrying whatever happens."""
    sizes = {
        "CUSTOMERS_A_SLICE": 7,
        "ORDERS_A_SLICE": 30,
        "CUSTOMERS_A_PART": 12,
        "LINES_A_SLICE": 20,
        "ORDERS_A_RANGE": 15,
    }
    for size, rows in sizes.items():
        monkeypatch.setattr(slices, size, rows)
    monkeypatch.setattr(runner, "_WORTH_CARRYING", 2)


@dataclass(kw_only=True)
class Nights:
    """A shop from night to night: what changes comes to the lake with the next one."""

    engine: Engine
    tiny: TinyShop = field(default_factory=TinyShop)
    day: date = DAY
    _laid: dict[str, dict[Any, Mapping[str, Any]]] = field(default_factory=dict)

    def night(self, *, after: int = 0) -> None:
        """Lays the rows that are new or other than they were when some nights have gone by."""
        self.day += timedelta(days=after)
        for name, dataset in DATASETS.items():
            rows = {tuple(row[k] for k in dataset.key): row for row in self.tiny.rows[name]}
            laid = self._laid.get(name, {})
            come = [row for key, row in rows.items() if laid.get(key) != row]
            if come or not laid:
                folder = "" if name == CONTACTS.name else "verified/"
                lay(self.engine, dataset, self.day, come, folder=folder)
            self._laid[name] = {key: dict(row) for key, row in rows.items()}

    def features(self, *, carried: bool = True) -> dict[str, dict[str, Any]]:
        self.engine.open_day(self.day)
        published = build_features(self.engine, self.day, self.tiny.shop, carrying=carried)
        place = f"read_parquet('{published.location}')"
        rows = self.engine.rows(f"select * exclude (day) from {place} order by customer_id")
        return {row["customer_id"]: row for row in rows}


@pytest.fixture
def nights(engine: Engine) -> Nights:
    return Nights(engine=engine)


def _an_order(shop: Nights, chance: random.Random) -> None:
    at = datetime.combine(shop.day, time(), UTC) + timedelta(hours=chance.randrange(30))
    shop.tiny.order(
        customer=f"c{chance.randrange(26):02}",
        ordered_at=at,
        delivered_at=at + timedelta(days=chance.randrange(1, 9)),
        total=Decimal(chance.randrange(9000)) / 100,
        lines=[f"p{chance.randrange(32):02}" for _ in range(3)],
    )


def _an_account(shop: Nights, chance: random.Random) -> None:
    number = len(shop.tiny.rows["customers"])
    add_customer(shop.tiny, chance.choice(["a", "c5", "d"]) + str(number), chance)


def _another(dataset: str, column: str, values: Callable[[random.Random], Any]) -> Happening:
    def happens(shop: Nights, chance: random.Random) -> None:
        chance.choice(shop.tiny.rows[dataset])[column] = values(chance)

    return happens


Happening = Callable[[Nights, random.Random], None]
HAPPENINGS: list[Happening] = [
    _an_order,
    _an_order,
    _an_account,
    lambda shop, chance: shop.tiny.product(
        f"p{len(shop.tiny.rows['products']):02}", chance.choice(["Tea", "Jam"])
    ),
    _another("orders", "status", lambda c: c.choice(["cancelled", "refunded", "delivered"])),
    _another("orders", "delivered_at", lambda c: noon(c.randrange(-5, 5))),
    _another("orders", "customer_id", lambda c: f"c{c.randrange(26):02}"),
    _another("order_lines", "product_id", lambda c: f"p{c.randrange(31):02}"),
    _another("products", "category", lambda c: c.choice([None, "", "Tea", "Bread", "Cake"])),
    _another("products", "department", lambda c: c.choice(["Secret", None])),
    _another("products", "name", lambda c: f"New {c.random()}"),
    _another("contacts", "zone", lambda c: c.choice(ZONES)),
]


@pytest.mark.parametrize("seed", range(12))
def test_figures_that_are_carried_are_those_that_are_worked_out(
    engine: Engine, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(seed)  # noqa: S311 - examples, not secrets
    zone = chance.choice([SANTIAGO, a_shop().zone])
    shop = Nights(
        engine=engine,
        tiny=TinyShop(shop=a_shop(zone=zone, discreet_departments=("Secret",))),
        day=chance.choice([DAY, date(2026, 9, 3), date(2026, 4, 2)]),
    )
    fill(shop.tiny, chance)
    shop.tiny.order(12, customer="c25", lines=["p01", "p31"])
    shop.night()
    shop.features()

    for _ in range(5):
        for _ in range(chance.choice([0, 1, 1, 2, 5])):
            chance.choice(HAPPENINGS)(shop, chance)
        shop.night(after=chance.choice([1, 1, 1, 2, 5, 30]))
        if chance.random() < 0.3:
            take_snapshots(engine, shop.day, every=1)
        assert earlier_figures(engine.lake, shop.day, shop.tiny.shop) is not None
        assert shop.features() == shop.features(carried=False)

    assert caplog.messages == []


def _row(dataset: str, number: int, **changes: Any) -> Callable[[Nights], None]:
    return lambda shop: shop.tiny.rows[dataset][number].update(changes)


def _dan_opens_an_account(shop: Nights) -> None:
    shop.tiny.customer("dan", contact=False)


# What happens before the next night, who and what is other by that, and what was there before.
STIRRED: dict[str, tuple[Callable[[Nights], object], str, str, object]] = {
    "an order comes": (lambda s: s.tiny.order(0, customer="cat"), "cat", "orders", 2),
    "an order is cancelled": (_row("orders", 0, status="cancelled"), "ann", "orders", 0),
    "an order turns out to be another's": (
        _row("orders", 0, customer_id="cat"),
        "ann",
        "orders",
        0,
    ),
    "an order turns out to be one's own": (
        _row("orders", 0, customer_id="cat"),
        "cat",
        "orders",
        2,
    ),
    "a line is of another product": (
        _row("order_lines", 0, product_id="2"),
        "ann",
        "favourite_product_id",
        "2",
    ),
    "a product changes its category": (
        _row("products", 0, category="Coffee"),
        "ann",
        "favourite_category",
        "Coffee",
    ),
    "a product becomes discreet": (
        _row("products", 1, department="Secret"),
        "cat",
        "favourite_product_id",
        None,
    ),
    "a product that was bought becomes known": (
        lambda s: s.tiny.product("9"),
        "bob",
        "favourite_product_id",
        "9",
    ),
    "a product gets another name": (
        _row("products", 0, name="Oolong"),
        "ann",
        "favourite_product",
        "Oolong",
    ),
    "somebody moves": (_row("contacts", 0, zone="Asia/Kolkata"), "ann", "usual_order_hour", 22),
    "who has ordered becomes known": (_dan_opens_an_account, "dan", "orders", 1),
    "an order becomes older than 30 days": (lambda _: None, "old 30", "orders_30d", 0),
    "an order becomes older than 90 days": (lambda _: None, "old 90", "orders_90d", 0),
    "an order becomes older than a year": (lambda _: None, "old 365", "orders_365d", 0),
    "what was bought becomes older than a year": (
        lambda _: None,
        "old 365",
        "favourite_product_id",
        None,
    ),
    "an order that was dated ahead is placed": (lambda _: None, "ahead", "orders", 1),
    "an order arrives": (lambda _: None, "waits", "last_delivered_on", DAY),
}


@pytest.mark.parametrize("what", STIRRED)
def test_whoever_is_concerned_is_worked_out_anew(nights: Nights, what: str) -> None:
    happens, customer, column, expected = STIRRED[what]
    tiny = nights.tiny
    tiny.shop = a_shop(discreet_departments=("Secret",))
    for each in ("ann", "bob", "cat", "ahead", "waits", "old 30", "old 90", "old 365"):
        tiny.customer(each)
    for number in range(12):
        tiny.customer(f"x{number:02}")
    tiny.product("1", "Tea")
    tiny.product("2")
    tiny.order(9, customer="ann", lines=["1"])
    tiny.order(9, customer="bob", lines=["9"])
    tiny.order(9, customer="cat", lines=["2"])
    tiny.order(9, customer="dan")
    for days in (30, 90, 365):
        tiny.order(days, customer=f"old {days}", lines=["1"])
    tiny.order(0, customer="ahead")
    tiny.order(3, customer="waits", delivered_at=noon(0))
    nights.night()
    before = nights.features()

    happens(nights)
    nights.night(after=1)

    assert before.get(customer, {}).get(column) != expected
    carried = nights.features()
    assert carried[customer][column] == expected
    assert carried == nights.features(carried=False)


@pytest.fixture
def filled(nights: Nights) -> Nights:
    """A shop whose first night is over."""
    fill(nights.tiny, random.Random(1))  # noqa: S311 - examples, not secrets
    nights.night()
    nights.features()
    return nights


def _days(engine: Engine) -> list[date]:
    return sorted({p.day for p in engine.lake.partitions("figures")})


def _parts(engine: Engine, day: date) -> list[Partition]:
    files = engine.lake.partitions("figures", since=day, until=day)
    return [file for file in files if file.name.startswith("part")]


def _lying(table: pa.Table) -> pa.Table:
    """A file that says of everybody that they have ordered a thousand times."""
    place = table.column_names.index("orders")
    return table.set_column(place, "orders", pa.array([1000] * len(table), table["orders"].type))


def _lie(engine: Engine, day: date = DAY) -> None:
    for part in _parts(engine, day):
        rewrite(engine.lake, part, _lying)


def _liars(features: Mapping[str, Mapping[str, Any]]) -> int:
    return sum(row["orders"] == 1000 for row in features.values())


def test_who_is_not_concerned_is_not_worked_out_anew(filled: Nights) -> None:
    _lie(filled.engine)
    filled.night(after=1)

    assert 0 < _liars(filled.features()) < len(filled.tiny.rows["customers"])


def test_what_comes_out_otherwise_in_the_spot_check_is_not_carried_on_for_anybody(
    filled: Nights, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_ONE_IN", 3)
    _lie(filled.engine)
    filled.night(after=1)

    found = filled.features()

    assert _liars(found) == 0
    assert found == filled.features(carried=False)
    assert f"The figures of {DAY} are not carried on" in caplog.text


@pytest.mark.parametrize(
    "folder", ["verified/orders", "verified/order_lines", "verified/customers", "contacts"]
)
def test_figures_of_increments_that_were_written_anew_are_not_carried_on(
    filled: Nights, folder: str
) -> None:
    _lie(filled.engine)
    rewrite(filled.engine.lake, Partition(dataset=folder, day=DAY), lambda table: table)
    filled.night(after=1)

    assert _liars(filled.features()) == 0


@pytest.mark.parametrize("changes", [{"zone": SANTIAGO}, {"currency": "EUR"}])
def test_figures_of_a_shop_that_was_set_up_otherwise_are_not_carried_on(
    filled: Nights, changes: dict[str, Any]
) -> None:
    _lie(filled.engine)
    filled.tiny.shop = a_shop(**changes)
    filled.night(after=1)

    assert _liars(filled.features()) == 0


def test_figures_that_other_queries_have_worked_out_are_not_carried_on(
    filled: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lie(filled.engine)
    monkeypatch.setattr(carrying, "_queries", lambda: "other queries")
    filled.night(after=1)

    assert _liars(filled.features()) == 0


def test_figures_that_were_not_written_to_their_end_are_not_carried_on(
    filled: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lie(filled.engine)
    _killed(filled, monkeypatch)

    assert holding_figures(filled.engine.lake) == []
    filled.night(after=1)
    assert _liars(filled.features()) == 0
    assert _days(filled.engine) == [NEXT_DAY]


def _killed(shop: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same night once more, which ends among its parts."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runner, "finish_figures", end)
        with pytest.raises(KeyboardInterrupt):
            shop.features()


def test_figures_of_which_a_part_is_missing_or_damaged_are_not_carried_on(
    filled: Nights, caplog: pytest.LogCaptureFixture
) -> None:
    lake = filled.engine.lake
    first, second, *_ = _parts(filled.engine, DAY)
    lake.path(first).write_bytes(b"torn")
    filled.night(after=1)
    assert filled.features() == filled.features(carried=False)
    assert f"The figures of {DAY} are not carried on" in caplog.text

    lake.remove(second)
    assert filled.features() == filled.features(carried=False)


def test_a_past_day_is_worked_out_from_the_days_before_it(filled: Nights) -> None:
    for _ in range(3):
        filled.night(after=1)
        filled.features()
    _lie(filled.engine, filled.day)
    filled.day -= timedelta(days=1)

    assert filled.features() == filled.features(carried=False)


def test_the_figures_of_the_last_two_nights_are_kept(filled: Nights) -> None:
    for _ in range(3):
        filled.night(after=1)
        filled.features()

    assert _days(filled.engine) == [filled.day - timedelta(days=1), filled.day]


def test_a_lake_in_object_storage_carries_as_a_folder_does(
    bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Engine(bucket.lake(tmp_path / "here")) as engine:
        shop = Nights(engine=engine)
        fill(shop.tiny, random.Random(1))  # noqa: S311 - examples, not secrets
        for _ in range(2):
            shop.night(after=1)
            shop.features()
        shop.tiny.order(0, customer="c01", lines=["p01"])
        shop.night(after=1)
        found = shop.features()

        assert len(_days(engine)) == 2
        assert found == shop.features(carried=False)
    assert not [text for text in caplog.messages if "carried" in text]


def test_a_small_shop_and_a_trial_leave_no_figures(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(nights.tiny, random.Random(1))  # noqa: S311 - examples, not secrets
    nights.night()
    nights.features(carried=False)
    monkeypatch.setattr(slices, "CUSTOMERS_A_SLICE", 1000)
    monkeypatch.setattr(slices, "CUSTOMERS_A_PART", 1000)
    monkeypatch.setattr(slices, "ORDERS_A_SLICE", 10_000)
    nights.features()

    assert _days(nights.engine) == []
