"""What is written down once: plans and hold-outs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from itertools import islice

from sqlalchemy import Connection, Select, delete, exists, insert, or_, select

from perennial.errors import PlanError
from perennial.ledger.database import Database
from perennial.ledger.statements import packed, statement
from perennial.ledger.tables import blocks, hold_outs, messages, plans
from perennial.ledger.values import HoldOut, PlanRecord

_BATCH = 10_000


def record_plan(database: Database, plan: PlanRecord) -> None:
    """Writes down the plan of a day. Once its dispatch has begun, it is the plan for good.

    Raises:
        PlanError: another plan of that day is being carried out.
    """

    def record(connection: Connection) -> None:
        database.lock(connection)  # no claim may come between the look and the change
        known = _plan_of(connection, plan.campaign, plan.day)
        if known is not None and known.plan_hash == plan.plan_hash:
            return
        if _begun(connection, plan.campaign, plan.day):
            raise PlanError(_frozen(plan, known))
        connection.execute(
            delete(plans).where(plans.c.campaign == plan.campaign, plans.c.day == plan.day)
        )
        connection.execute(insert(plans).values(asdict(plan) | {"counts": dict(plan.counts)}))

    database.write(record)


def plan_of(database: Database, campaign: str, day: date) -> PlanRecord | None:
    """The plan that was recorded last for a campaign's day."""
    with database.reading() as connection:
        return _plan_of(connection, campaign, day)


def plans_between(database: Database, since: date, until: date) -> list[PlanRecord]:
    """Every plan of the days from `since` to `until`, both included, the oldest first."""
    wanted = select(plans).where(plans.c.day >= since, plans.c.day <= until)
    with database.reading() as connection:
        rows = connection.execute(wanted.order_by(plans.c.day, plans.c.campaign)).mappings()
        return [PlanRecord(**row) for row in rows]


def dispatch_begun(database: Database, campaign: str, day: date) -> bool:
    """Whether anything of that day's plan was claimed, blocked or held out."""
    with database.reading() as connection:
        return _begun(connection, campaign, day)


def record_hold_outs(database: Database, rows: Iterable[HoldOut], *, now: datetime) -> int:
    """Writes down who is held out; says how many are new."""
    return sum(_hold_out(database, batch, now) for batch in _batches(rows))


def _plan_of(connection: Connection, campaign: str, day: date) -> PlanRecord | None:
    row = connection.execute(
        select(plans).where(plans.c.campaign == campaign, plans.c.day == day)
    ).one_or_none()
    return None if row is None else PlanRecord(**row._mapping)  # noqa: SLF001 - the public name of a row's columns


def _begun(connection: Connection, campaign: str, day: date) -> bool:
    anything = or_(
        *(
            exists().where(table.c.campaign == campaign, table.c.day == day)
            for table in (messages, blocks, hold_outs)
        )
    )
    question: Select[tuple[bool]] = select(anything)
    return bool(connection.execute(question).scalar_one())


def _frozen(plan: PlanRecord, known: PlanRecord | None) -> str:
    carried_out = known.plan_hash[:12] if known else "one that was not recorded"
    return (
        f"{plan.campaign} {plan.day}: the plan {carried_out} is being carried out and cannot be replaced by"
        f" {plan.plan_hash[:12]}. Let it finish; the next day's plan takes up whatever is still due."
    )


def _hold_out(database: Database, rows: list[HoldOut], now: datetime) -> int:
    batch = packed(
        {
            "key": row.key,
            "campaign": row.campaign,
            "step": row.step,
            "customer_id": row.customer_id,
            "person_id": row.person_id,
            "occasion": row.occasion,
            "day": row.day.isoformat(),
        }
        for row in rows
    )
    recorded = statement("hold_out", database.dialect)
    batch_and_now = {"hold_outs": batch, "now": now}
    return database.write(
        lambda connection: len(connection.execute(recorded, batch_and_now).scalars().all())
    )


def _batches(rows: Iterable[HoldOut]) -> Iterator[list[HoldOut]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
