"""The audiences of a past day as they would be with what is known on another one: made beside the lake, which is only read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time

from perennial.audience.memberships import build_memberships
from perennial.campaigns.definition import Campaign
from perennial.campaigns.predicate import compile_where
from perennial.errors import SettingsError
from perennial.features.runner import build_features
from perennial.lake.duck import Engine
from perennial.lake.overlay import Overlay
from perennial.lake.partitions import Lake, Partition
from perennial.lake.spilling import own_folder
from perennial.ledger.store import Ledger
from perennial.model.clock import local_instant
from perennial.model.datasets import (
    CONTACTS,
    CUSTOMER_FEATURES,
    CUSTOMERS,
    MEMBERSHIPS,
    PREFERENCES,
)
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.pipeline.confirming import who_has_yet_to_confirm

_READ_FROM_THE_LAKE = ("verified", CONTACTS.name, PREFERENCES.name)


@dataclass(frozen=True, kw_only=True)
class Side:
    """The audiences of a day as known on a day, and where they lie."""

    day: date
    known_on: date
    memberships: Partition
    features: Partition


def stored_side(day: date) -> Side:
    """The audiences of a day as its night has left them in the lake."""
    return Side(
        day=day,
        known_on=day,
        memberships=Partition(dataset=MEMBERSHIPS.name, day=day),
        features=Partition(dataset=CUSTOMER_FEATURES.name, day=day),
    )


@contextmanager
def beside_the_lake(lake: Lake, *, memory_limit: str, threads: int) -> Iterator[Engine]:
    """An engine that reads the lake's verified rows and writes to a folder of its own, which is gone afterwards."""
    root = own_folder(lake.root / ".scratch")
    try:
        beside = Lake(Overlay(below=lake.store, root=root, shared=_READ_FROM_THE_LAKE))
        with Engine(beside, memory_limit=memory_limit, threads=threads) as engine:
            yield engine
    finally:
        shutil.rmtree(root, ignore_errors=True)


def check_days(lake: Lake, day: date, known_on: date) -> None:
    """Refuses days of which nothing can be known.

    Raises:
        SettingsError: the second day is before the first.
        MissingPartition: one of the nights has not been published.
    """
    if known_on < day:
        msg = f"On {known_on} nobody knew anything of {day}, which came later."
        raise SettingsError(msg)
    for night in (day, known_on):
        lake.existing(Partition(dataset=f"verified/{CUSTOMERS.name}", day=night))


def rebuild_day(  # noqa: PLR0917 - a day has no less
    engine: Engine,
    ledger: Ledger,
    day: date,
    known_on: date,
    shop: Shop,
    policy: Policy,
    campaigns: Sequence[Campaign],
) -> Side:
    """Works out a day's features and audiences from the rows that were verified up to `known_on`, by today's rules.

    What happened on the day itself or after it stays out, however much of it is known; what was said since about the
    time before it counts. The engine is that of beside_the_lake.

    Raises:
        CampaignError: a campaign's `where` cannot be understood.
    """
    engine.open_day(known_on)
    with _without_later_accounts(engine, day, shop):
        build_features(engine, day, shop, carrying=False)
    engine.view(CUSTOMER_FEATURES.name, Partition(dataset=CUSTOMER_FEATURES.name, day=day))
    rules = {c.name: compile_where(c.audience.where) for c in campaigns if c.audience.where}
    pending = who_has_yet_to_confirm(engine, ledger, day, shop, policy)
    build_memberships(engine, day, shop, policy, campaigns, rules, pending)
    return _put_away(engine.lake, day, known_on)


def as_formed(stored: Engine, engine: Engine, side: Side) -> bool | None:
    """Whether a rebuilt day has the audiences that its night left in the lake; nothing when the night left none."""
    partition = stored_side(side.day).memberships
    if not stored.lake.exists(partition):
        return None
    return stored.content_hash(partition) == engine.content_hash(side.memberships)


@contextmanager
def _without_later_accounts(engine: Engine, day: date, shop: Shop) -> Iterator[None]:
    """Hides the accounts that were opened on the day or after it behind a view that goes before the engine's own."""
    starts_at = local_instant(day, time(), shop.zone).isoformat()
    engine.execute(
        f"create or replace temp view {CUSTOMERS.name} as"
        f" select * from memory.main.{CUSTOMERS.name} where signed_up_at < timestamptz '{starts_at}'"
    )
    try:
        yield
    finally:
        engine.execute(f"drop view temp.{CUSTOMERS.name}")


def _put_away(lake: Lake, day: date, known_on: date) -> Side:
    """Makes room for the same day as known on another one."""
    side = Side(
        day=day,
        known_on=known_on,
        memberships=Partition(dataset=f"known/{known_on}/{MEMBERSHIPS.name}", day=day),
        features=Partition(dataset=f"known/{known_on}/{CUSTOMER_FEATURES.name}", day=day),
    )
    stored = stored_side(day)
    lake.move(stored.memberships, side.memberships)
    lake.move(stored.features, side.features)
    return side
