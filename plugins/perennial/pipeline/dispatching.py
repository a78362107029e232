"""Carrying out a plan: one shard, one wave after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from perennial.campaigns.choices import StopWhen
from perennial.campaigns.definition import Campaign
from perennial.delivery.accounts import DispatchSummary
from perennial.delivery.dispatch import dispatch
from perennial.delivery.doubts import Recall
from perennial.delivery.provider import Provider
from perennial.errors import PlanError
from perennial.lake.duck import Engine
from perennial.ledger.store import Ledger
from perennial.ledger.values import HoldOut
from perennial.model.keys import MessageKey
from perennial.model.message import Message, PlannedMessage
from perennial.model.policy import SendingRules
from perennial.model.words import Channel
from perennial.pipeline.catching_up import CatchingUp, run_began
from perennial.pipeline.collecting import seldom_collected
from perennial.pipeline.lake_marks import sent_mark
from perennial.pipeline.plan_reading import EVERYBODY, PlanReader, Selection, plan_partition
from perennial.pipeline.plan_reading import plan_hash as hash_of_plan

_CHUNK = 1_000


class RecentBuyers(Protocol):
    """Asks the shop who has ordered since an instant."""

    def recent_buyers(self, since: datetime, *, until: datetime | None = None) -> set[str]: ...


@dataclass(frozen=True, kw_only=True)
class Shipping:
    """What a dispatch needs besides the plan."""

    clock: Callable[[], datetime]
    ledger: Ledger
    providers: Mapping[Channel, Provider]
    compose: Callable[[PlannedMessage], Message] = field(repr=False)
    rules: SendingRules
    lease: timedelta
    worker: str
    buyers: RecentBuyers
    recall: Recall | None = field(default=None, repr=False)
    silent_for: Mapping[str, timedelta] = field(default_factory=dict)


def check_plan(engine: Engine, campaign: str, day: date, plan_hash: str) -> None:
    """Refuses a plan that is not the one that was looked at.

    Raises:
        PlanError: its hash is another one.
    """
    found = hash_of_plan(engine, campaign, day)
    if found != plan_hash:
        msg = (
            f"The plan of {campaign} for {day} has changed since it was made: {found[:12]} in place of"
            f" {plan_hash[:12]}. Plan again and approve the new one; nothing was sent."
        )
        raise PlanError(msg)


def record_hold_outs(
    engine: Engine, ledger: Ledger, campaign: str, day: date, now: datetime
) -> int:
    """Writes down who is held out, once a message, so that they are compared like with like."""
    engine.view("plan", plan_partition(campaign, day))
    rows = engine.rows(
        "select message_key, step, customer_id, person_id, occasion from plan"
        " where outcome = 'hold_out' order by message_key"
    )
    held = (
        HoldOut(
            key=MessageKey(row["message_key"]),
            campaign=campaign,
            step=row["step"],
            customer_id=row["customer_id"],
            person_id=row["person_id"],
            occasion=row["occasion"],
            day=day,
        )
        for row in rows
    )
    return ledger.record_hold_outs(held, now=now)


def next_wave(
    engine: Engine, campaign: str, day: date, *, shard: int | None, after: datetime
) -> datetime | None:
    """When the next messages of a plan may leave; nothing when all of them may have left."""
    engine.view("plan", plan_partition(campaign, day))
    only = "" if shard is None else f"and shard = {shard:d}"
    found: datetime | None = engine.scalar(
        f"select min(send_at) from plan where outcome = 'send' {only} and send_at > $after",
        {"after": after},
    )
    return found


async def dispatch_wave(
    engine: Engine,
    shipping: Shipping,
    *,
    campaign: Campaign,
    day: date,
    zone: ZoneInfo,
    secret: str,
    shard: int | None = None,
    selection: Selection = EVERYBODY,
) -> DispatchSummary:
    """Sends what is due by now, and records what is too late; keeps the sent mark beside the plans meanwhile.

    What is too late, its expiry and the campaign's catch-up policy say. Safe to run at any time, any number of times,
    by any number of workers: who gets a message is decided by the ledger.

    Raises:
        RestoredLedger: the ledger is older than what was sent.
    """
    reader = PlanReader(campaign=campaign, day=day, secret=secret)
    now = shipping.clock()
    due = reader.messages(engine, until=now, shard=shard, selection=selection, chunk=_CHUNK)
    mark = sent_mark(engine.lake)
    await asyncio.to_thread(mark.check, shipping.ledger)
    catching_up = CatchingUp(
        campaign=campaign,
        day=day,
        zone=zone,
        began_at=run_began(engine.lake, campaign.name, day, now),
    )
    async with mark.kept(shipping.ledger):
        with seldom_collected():
            summary = await dispatch(
                catching_up.limit(due),
                campaign=campaign.name,
                ledger=shipping.ledger,
                providers=shipping.providers,
                compose=shipping.compose,
                rules=shipping.rules,
                clock=shipping.clock,
                worker=shipping.worker,
                lease=shipping.lease,
                converted=_converted(shipping, campaign, day, zone),
                recall=shipping.recall,
                silent_for=shipping.silent_for,
            )
    catching_up.say(summary.taken)
    return summary


def _converted(
    shipping: Shipping, campaign: Campaign, day: date, zone: ZoneInfo
) -> Callable[[Collection[str]], Collection[str]] | None:
    """Looks once more at the shop where a campaign stops when its customer orders."""
    if campaign.stop_when is not StopWhen.ORDERED:
        return None
    known_until = datetime.combine(day, time(0), zone)
    buyers = shipping.buyers.recent_buyers(known_until, until=shipping.clock())
    return buyers.intersection
