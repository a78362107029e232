"""Builds the sample shop's database: real baskets, made-up people, in tables like a shop's own."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path

from perennial.errors import PerennialError
from perennial.sample.baskets import (
    CLOSED_DAY,
    SHOP_ZONE,
    Baskets,
    read_age_bands,
    read_baskets,
    read_products,
)
from perennial.sample.columns import stamp
from perennial.sample.people import Places
from perennial.sample.shop_copy import CopyPlan, orders_of
from perennial.sample.table_rows import (
    Rows,
    consent_rows,
    customer_rows,
    order_line_rows,
    order_rows,
    points_rows,
    product_rows,
    status_change_rows,
)

Progress = Callable[[str, int, int], None]
MOST_COPIES = 999  # order ids have three digits for the copy
_CHUNK = 50_000
_TABLES = (
    "customers",
    "products",
    "orders",
    "order_status_changes",
    "order_lines",
    "points_entries",
    "consents",
    "closed_days",
)


@dataclass(frozen=True, kw_only=True)
class SampleSummary:
    """What a sample shop holds."""

    rows: dict[str, int]
    first_order_day: date
    last_order_day: date


def load_sample(
    path: Path,
    *,
    seed: int = 7,
    scale: int = 1,
    shift_to: date | None = None,
    households: int | None = None,
    progress: Progress | None = None,
) -> SampleSummary:
    """Writes the sample shop to a SQLite file; the same arguments write the same rows.

    Args:
        path: The file; replaced in one step when the new one is whole.
        seed: Makes the people and what they did; baskets and prices are real.
        scale: How many people each household stands for.
        shift_to: The day that is to be today: all days move so that orders end the day before.
        households: Only so many households, for tests.
        progress: Told the step, how much of it is done, and of how much.

    Raises:
        PerennialError: the baskets are not installed, or the scale is out of range.
    """
    if not 1 <= scale <= MOST_COPIES:
        msg = f"The scale must lie between 1 and {MOST_COPIES}."
        raise PerennialError(msg)
    tell = progress or (lambda _step, _done, _of: None)
    tell("baskets", 0, 1)
    source = read_baskets(households)
    tell("baskets", 1, 1)
    with _database(path) as database:
        return _fill(
            database,
            source,
            seed=seed,
            scale=scale,
            shift_to=shift_to,
            sold_only=households is not None,
            tell=tell,
        )


def _fill(
    database: sqlite3.Connection,
    source: Baskets,
    *,
    seed: int,
    scale: int,
    shift_to: date | None,
    sold_only: bool,
    tell: Progress,
) -> SampleSummary:
    days = source.baskets["local"].dt.date
    shift = (shift_to - timedelta(days=1) - days.max()).days if shift_to else 0
    first, last = days.min() + timedelta(days=shift), days.max() + timedelta(days=shift)
    _insert(database, "closed_days", iter([((CLOSED_DAY + timedelta(days=shift)).isoformat(),)]))
    _insert(database, "products", _products(source, first, sold_only=sold_only))
    places, age_bands = Places(), read_age_bands()
    for number in range(scale):
        tell("customers and orders", number, scale)
        plan = CopyPlan(seed=seed, number=number, shift_days=shift, last_day=last)
        for table, rows in _copy_rows(source, plan, age_bands, places):
            _insert(database, table, rows)
    tell("customers and orders", scale, scale)
    database.executescript(_sql("indexes.sql"))
    tell("indexes", 1, 1)
    return SampleSummary(rows=_counts(database), first_order_day=first, last_order_day=last)


def _products(source: Baskets, first_day: date, *, sold_only: bool) -> Rows:
    till = read_products()
    if sold_only:
        sold = set(source.lines["product_id"].tolist())
        till = [product for product in till if product.product_id in sold]
    entered = datetime.combine(first_day - timedelta(days=30), time(6), tzinfo=SHOP_ZONE)
    return product_rows(till, source.lines, stamp(int(entered.timestamp())))


def _copy_rows(
    source: Baskets, plan: CopyPlan, age_bands: dict[int, str], places: Places
) -> Iterator[tuple[str, Rows]]:
    orders = orders_of(source, plan)
    yield "customers", customer_rows(orders, age_bands, places, plan)
    yield "orders", order_rows(orders)
    yield "order_status_changes", status_change_rows(orders)
    yield "order_lines", order_line_rows(source, orders)
    yield "points_entries", points_rows(orders, plan)
    yield "consents", consent_rows(orders, plan)


def _insert(database: sqlite3.Connection, table: str, rows: Rows) -> None:
    while chunk := list(islice(rows, _CHUNK)):
        marks = ", ".join("?" * len(chunk[0]))
        database.executemany(f"insert into {table} values ({marks})", chunk)


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    """A new database that takes the path when it is whole, and vanishes when it is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    database = sqlite3.connect(draft)
    try:
        # A draft that is thrown away on any failure needs neither a journal nor the disk's word.
        database.executescript("pragma journal_mode = off; pragma synchronous = off;")
        database.executescript(_sql("tables.sql"))
        yield database
        database.commit()
        database.close()
        draft.replace(path)
    finally:
        database.close()
        draft.unlink(missing_ok=True)


def _counts(database: sqlite3.Connection) -> dict[str, int]:
    return {
        table: int(database.execute(f"select count(*) from {table}").fetchone()[0])
        for table in _TABLES
    }


def _sql(name: str) -> str:
    return files("perennial.sample").joinpath(name).read_text(encoding="utf-8")
