"""Whose figures an earlier day's may not say any more: found from what is new since, and from what has grown too old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from perennial.features.carrying import Figures
from perennial.features.night import Night
from perennial.lake.partitions import Partition
from perennial.lake.snapshots import known_partitions
from perennial.model.datasets import CONTACTS

_LINES = (0, 30, 90, 365)
"""Days before the day that figures are counted from."""


def find_stirred(night: Night, earlier: Figures) -> None:
    """Makes `stirred`: the accounts whose figures of orders are worked out anew, each once or more.

    Everybody else's are what they were: no order, delivery or line of theirs is new or has changed, none has come to lie
    on the other side of a line that days are counted from, and neither their clock nor a product they bought has changed.
    """
    night.keep("stirred")
    for _ in _each(night, _later(night, earlier, "verified/customers", CONTACTS.name)):
        night.add("stirred", "stirred_accounts")
    _find_changed_orders(night, earlier)
    orders = "verified/orders"
    known = known_partitions(night.engine.lake, orders, earlier.day)
    lines = _bounds(night, earlier)
    for _ in _each(night, [*known, *_later(night, earlier, orders)]):
        night.add("stirred", "stirred_owners", **lines)
    night.drop("changed_orders")


def _find_changed_orders(night: Night, earlier: Figures) -> None:
    for _ in _each(night, [earlier.assortment]):
        night.keep("changed_products")
    night.keep("changed_orders")
    lines = known_partitions(night.engine.lake, "verified/order_lines", night.day)
    for _ in _each(night, lines):
        night.add("changed_orders", "orders_of_products")
    for _ in _each(night, _later(night, earlier, "verified/orders", "verified/order_lines")):
        night.add("changed_orders", "orders_of_increment")
    night.drop("changed_products")


def _later(night: Night, earlier: Figures, *folders: str) -> list[Partition]:
    since = earlier.day + timedelta(days=1)
    lake = night.engine.lake
    return [p for folder in folders for p in lake.partitions(folder, since=since, until=night.day)]


def _each(night: Night, partitions: Iterable[Partition]) -> Iterator[Partition]:
    """Makes one after another readable as `increment`."""
    for partition in partitions:
        night.engine.view("increment", partition)
        yield partition


def _bounds(night: Night, earlier: Figures) -> dict[str, datetime]:
    """Between which instants each line has moved since."""
    then = {f"earlier_{days}": night.midnight(days, of=earlier.day) for days in _LINES}
    return then | {f"now_{days}": night.midnight(days) for days in _LINES}
