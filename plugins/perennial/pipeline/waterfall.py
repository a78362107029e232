"""From everybody to who will be written to: every step down with its count, adding up, and who is behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from perennial.errors import MissingPartition
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.model.words import Outcome, Reason
from perennial.pipeline.plan_reading import plan_partition

OUTSIDE, SEVERAL, SEND = "outside", "several", str(Outcome.SEND)
"""Names of steps that are no outcome with a reason."""

_LOOK_BACK = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class Fall:
    """One step down. `count` leave here and `left` are left after it; a negative count is people counted twice.

    `name` is `outside`, `several`, `hold_out`, or an outcome and its reason, such as `skip.no_consent`.
    """

    name: str
    meaning: str
    count: int
    left: int


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What leaves of one kind: messages that share a step of the ladder, a channel and a language."""

    step: int
    template: str
    channel: str
    locale: str
    messages: int
    segments: int
    cost: Decimal


@dataclass(frozen=True, kw_only=True)
class Waterfall:
    """A campaign's audience on a day. customers = send + the counts of all falls, once the day is planned.

    Before that the falls end with the audience, and `send` is None.
    """

    campaign: str
    day: date
    customers: int
    audience: int
    falls: Sequence[Fall]
    send: int | None
    variants: Sequence[Variant] = ()

    @property
    def cost(self) -> Decimal:
        return sum((variant.cost for variant in self.variants), Decimal(0))

    def count(self, name: str) -> int:
        """How many leave at a step; nobody at one that this day does not have."""
        return next((fall.count for fall in self.falls if fall.name == name), 0)


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A person behind a step, by the shop's id, with what is known of the decision."""

    customer_id: str
    reason: str | None = None
    detail: str | None = None
    channel: str | None = None
    locale: str | None = None
    zone: str | None = None
    send_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def waterfall(engine: Engine, campaign: str, day: date) -> Waterfall:
    """The waterfall of a campaign's day.

    Raises:
        MissingPartition: the night has not formed the day's audiences.
    """
    engine.view("everybody", Partition(dataset=CUSTOMER_FEATURES.name, day=day))
    customers = engine.scalar("select count(*) from everybody")
    planned = _open_members(engine, campaign, day)
    counted = engine.rows(
        "select count(*) as members, count(distinct customer_id) as people from fallers"
    )[0]
    falls = _outer_falls(customers, counted["people"], counted["members"])
    if not planned:
        return Waterfall(
            campaign=campaign,
            day=day,
            customers=customers,
            audience=counted["members"],
            falls=falls,
            send=None,
        )
    inner, left = _inner_falls(engine, counted["members"])
    return Waterfall(
        campaign=campaign,
        day=day,
        customers=customers,
        audience=counted["members"],
        falls=[*falls, *inner],
        send=left,
        variants=[Variant(**row) for row in engine.rows(_VARIANTS)],
    )


def previous_day(engine: Engine, campaign: str, day: date) -> date | None:
    """The last day before it on which the campaign was planned, within a month."""
    days = (day - timedelta(days=n) for n in range(1, _LOOK_BACK.days + 1))
    return next((d for d in days if engine.lake.exists(plan_partition(campaign, d))), None)


def conflicts(engine: Engine, campaigns: Sequence[str], day: date) -> int:
    """How many people were kept from a campaign's message of a day by another campaign or by a cap."""
    partitions = [p for name in campaigns if engine.lake.exists(p := plan_partition(name, day))]
    if not partitions:
        return 0
    columns = {"person_id": "varchar", "reason": "varchar"}
    engine.stack("crowd", columns, partitions, alike=True)
    crowded: int = engine.scalar(_CROWDED)
    return crowded


def people_behind(
    engine: Engine, campaign: str, day: date, name: str, *, limit: int, offset: int = 0
) -> list[Someone]:
    """Some of those who leave at a step of the waterfall, or who will be written to (`send`), by id.

    Raises:
        MissingPartition: the night has not formed the day's audiences.
    """
    planned = _open_members(engine, campaign, day)
    page = {"limit": limit, "offset": offset}
    if name == OUTSIDE:
        engine.view("everybody", Partition(dataset=CUSTOMER_FEATURES.name, day=day))
        return [_outsider(row) for row in engine.rows(_OUTSIDERS, page)]
    if name == SEVERAL:
        return [Someone(**row) for row in engine.rows(_SEVERAL, page)]
    if not planned:
        return [Someone(**row) for row in engine.rows(_MEMBERS, page)]
    outcome, _, reason = name.partition(".")
    return [
        Someone(**row)
        for row in engine.rows(_DECIDED, page | {"outcome": outcome, "reason": reason or None})
    ]


def _open_members(engine: Engine, campaign: str, day: date) -> bool:
    """Makes `fallers` readable: the plan, or the audience before it is planned; says which.

    A table named `members` is what decisions are made from, which may lie in the same engine.
    """
    try:
        engine.view("fallers", plan_partition(campaign, day))
    except MissingPartition:
        engine.view("all_members", Partition(dataset=MEMBERSHIPS.name, day=day))
        name = campaign.replace("'", "''")
        engine.execute(
            f"create or replace view fallers as select * from all_members where campaign = '{name}'"
        )
        return False
    return True


def _outer_falls(customers: int, people: int, members: int) -> list[Fall]:
    outside = customers - people
    falls = [
        Fall(
            name=OUTSIDE,
            meaning="Not in the audience: the rule does not hold, or there is no occasion.",
            count=outside,
            left=people,
        )
    ]
    if members != people:
        falls.append(
            Fall(
                name=SEVERAL,
                meaning="Have more than one occasion, and count once for each.",
                count=people - members,
                left=members,
            )
        )
    return falls


def _inner_falls(engine: Engine, members: int) -> tuple[list[Fall], int]:
    falls, left = [], members
    for row in engine.rows(_OUTCOMES):
        left -= row["n"]
        outcome, reason = Outcome(row["outcome"]), row["reason"]
        falls.append(
            Fall(
                name=f"{outcome}.{reason}" if reason else str(outcome),
                meaning=Reason(reason).meaning if reason else outcome.meaning,
                count=row["n"],
                left=left,
            )
        )
    return falls, left


def _outsider(row: Mapping[str, Any]) -> Someone:
    facts = {name: value for name, value in row.items() if name != "customer_id"}
    return Someone(customer_id=row["customer_id"], facts=facts)


_OUTCOMES = """
    select outcome, reason, count(*) as n from fallers where outcome <> 'send' group by outcome, reason
    order by case outcome when 'skip' then 1 when 'defer' then 2 else 3 end, n desc, reason
"""
_VARIANTS = """
    select step, template, channel, locale, count(*) as messages, coalesce(sum(segments), 0)::bigint as segments,
        coalesce(sum(cost), 0)::decimal(18, 4) as cost
    from fallers where outcome = 'send' group by all order by step, channel, locale
"""
_CROWDED = f"""
    select count(distinct person_id) from crowd where reason in ('{Reason.LOWER_PRIORITY}', '{Reason.CAPPED}')
"""
_OUTSIDERS = """
    select customer_id, stage, orders, recency_days from everybody
    anti join fallers using (customer_id) order by customer_id limit $limit offset $offset
"""
_SEVERAL = """
    select customer_id from fallers group by customer_id having count(*) > 1
    order by customer_id limit $limit offset $offset
"""
_MEMBERS = "select customer_id from fallers order by customer_id limit $limit offset $offset"
_DECIDED = """
    select customer_id, reason, detail, channel, locale, zone, send_at from fallers
    where outcome = $outcome and reason is not distinct from $reason
    order by customer_id, occasion limit $limit offset $offset
"""
