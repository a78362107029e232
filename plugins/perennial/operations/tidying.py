"""Removing what is old and can be made again, or says nothing any more. What was decided and sent stays for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.steps.services import Perennial

DERIVED = (CUSTOMER_FEATURES.name, MEMBERSHIPS.name)
"""A night that is run again makes them anew, from what stays."""

FEWEST_DAYS = 30
"""Younger ones are looked at by pages, comparisons and the brake."""


@dataclass(frozen=True, kw_only=True)
class Tidied:
    """What is older than `keep_days`. `removed`: it is gone; otherwise it was only counted.

    partitions: of the lake, by dataset. freed: their bytes. unknown_reports and mailbox_hours: rows of the ledger.
    """

    keep_days: int
    partitions: Mapping[str, int]
    freed: int
    unknown_reports: int
    mailbox_hours: int
    removed: bool

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def tidy(perennial: Perennial, *, keep_days: int, remove: bool) -> Tidied:
    """Counts what is older than so many days, and with `remove` removes it."""
    span = timedelta(days=keep_days)
    last = perennial.now().astimezone(perennial.shop.zone).date() - span - timedelta(days=1)
    lake = perennial.engine.lake
    old = {name: lake.partitions(name, until=last) for name in DERIVED}
    every = [partition for partitions in old.values() for partition in partitions]
    freed = sum(lake.size(partition) for partition in every)
    if remove:
        for partition in every:
            lake.remove(partition)
    rows = perennial.ledger.forget_reports(before=perennial.now() - span, remove=remove)
    return Tidied(
        keep_days=keep_days,
        partitions={name: len(partitions) for name, partitions in old.items()},
        freed=freed,
        unknown_reports=rows["parked_events"],
        mailbox_hours=rows["mailbox_hours"],
        removed=remove,
    )
