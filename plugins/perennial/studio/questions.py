"""What waits for a person's answer in Airflow, and what is still asked there although its time is over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from perennial.pipeline.plan_reading import plan_partition
from perennial.settings import Clock
from perennial.steps.services import Perennial
from perennial.studio.airflow_api import RequiredAction

PLAN = "plan"
_SUBJECT = re.compile(r"\S+ \d{4}-\d{2}-\d{2} \S+")


@dataclass(frozen=True, kw_only=True)
class Questions:
    """`open` can be answered; an answer to what is `over` would let nothing leave. Both oldest first."""

    open: Sequence[RequiredAction] = ()
    over: Sequence[RequiredAction] = ()


def questions_of(perennial: Perennial, actions: Sequence[RequiredAction]) -> Questions:
    """Airflow closes a question a while after its time, and not at all while its triggerer is down."""
    over = [action for action in actions if is_over(perennial, action)]
    return Questions(open=[action for action in actions if action not in over], over=over)


def is_over(perennial: Perennial, action: RequiredAction) -> bool:
    """Whether silence has been the answer already, or every message of the plan has expired."""
    if not asks_for_a_plan(action):
        return False
    until = answer_until(perennial, action)
    if until is not None and perennial.now() > until:
        return True
    last = _last_expiry(perennial, action)
    return perennial.settings.clock is Clock.WALL and last is not None and perennial.now() > last


def answer_until(perennial: Perennial, action: RequiredAction) -> datetime | None:
    """When silence counts as no; nothing where Airflow does not say since when it asks."""
    since = action.waiting_since
    name, _ = plan_of(action)
    known = {campaign.name: campaign for campaign in perennial.campaigns}
    return since + known[name].expires_after if since and name in known else None


def asks_for_a_plan(action: RequiredAction) -> bool:
    """Whether somebody shall let a campaign's day leave; a stopped night asks for something else."""
    return bool(_SUBJECT.fullmatch(str(action.given.get(PLAN))))


def plan_of(action: RequiredAction) -> tuple[str, date]:
    """The campaign and the day that an approval is asked for."""
    campaign, day, _ = str(action.given[PLAN]).split(" ")
    return campaign, date.fromisoformat(day)


def _last_expiry(perennial: Perennial, action: RequiredAction) -> datetime | None:
    """When the last message of the plan expires; nothing without a plan, or without a message in it."""
    partition = plan_partition(*plan_of(action))
    if not perennial.engine.lake.exists(partition):
        return None
    perennial.engine.view("plan", partition)
    found: datetime | None = perennial.engine.scalar(
        "select max(expires_at) from plan where outcome = 'send'"
    )
    return found
