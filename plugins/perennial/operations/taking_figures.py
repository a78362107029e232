"""Takes every figure of an installation: counts and closed words, nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from perennial.ledger.braking import Grip
from perennial.ledger.budgeting import month_of
from perennial.model.datasets import MEMBERSHIPS
from perennial.model.policy import Limit
from perennial.model.words import Control
from perennial.operations.samples import Sample
from perennial.steps.services import Perennial

_HOLDS = {Grip.OPEN: 0, Grip.SLOWED: 1, Grip.STOPPED: 2}
_VERDICTS = ("passed", "found", "stopped")


def take_figures(perennial: Perennial) -> list[Sample]:
    """Every figure of now, but those that the web app counts for itself."""
    now = perennial.now()
    day = now.astimezone(perennial.shop.zone).date()
    return [
        *_night(perennial, day),
        *_plans(perennial, day, now),
        *_sending(perennial, now),
        *_mailboxes(perennial),
        *_sender(perennial),
        *_budget(perennial, day),
    ]


def _night(perennial: Perennial, day: date) -> Iterator[Sample]:
    from perennial.pipeline.verifying import VERDICTS, read_verdicts

    lake = perennial.engine.lake
    formed = [night for night in lake.days(MEMBERSHIPS.name) if night <= day]
    if formed:
        yield Sample(figure="perennial_night_age_days", value=(day - formed[-1]).days)
    checked = [night for night in lake.record_days(VERDICTS) if night <= day]
    if not checked:
        return
    verdicts = read_verdicts(lake, checked[-1])
    said = [
        "stopped" if verdict.stopped else "found" if verdict.findings else "passed"
        for verdict in verdicts
    ]
    for word in _VERDICTS:
        yield Sample(figure="perennial_night_datasets", value=said.count(word), labels=(word,))
    aside = sum(verdict.quarantined for verdict in verdicts)
    yield Sample(figure="perennial_night_quarantined_rows", value=aside)


def _plans(perennial: Perennial, day: date, now: datetime) -> Iterator[Sample]:
    for plan in perennial.ledger.plans_between(day, day):
        name = plan.campaign
        for outcome, count in sorted(plan.counts.items()):
            yield Sample(figure="perennial_plan_decisions", value=count, labels=(name, outcome))
        standing = perennial.ledger.standing(name, day)
        for state, count in sorted(standing.states.items()):
            yield Sample(figure="perennial_messages", value=count, labels=(name, state))
        blocked = sum(standing.blocked.values())
        yield Sample(figure="perennial_messages", value=blocked, labels=(name, "blocked"))
        known = sum(standing.states.values()) + blocked
        overdue = _overdue(perennial, name, day, now, known=known)
        yield Sample(figure="perennial_overdue_seconds", value=overdue, labels=(name,))


def _overdue(perennial: Perennial, campaign: str, day: date, now: datetime, *, known: int) -> float:
    """Messages are claimed in the order in which they are due, so the first that is not known is the oldest."""
    from perennial.pipeline.plan_reading import plan_partition

    engine, plan = perennial.engine, plan_partition(campaign, day)
    if not engine.lake.exists(plan):
        return 0.0
    engine.view("planned", plan)
    found = engine.table(
        "select send_at from planned where outcome = 'send' order by send_at limit 1"
        f" offset {known}"
    ).column("send_at")
    due: datetime | None = found[0].as_py() if len(found) else None
    return max(0.0, (now - due).total_seconds()) if due else 0.0


def _sending(perennial: Perennial, now: datetime) -> Iterator[Sample]:
    ledger = perennial.ledger
    yield Sample(figure="perennial_doubts", value=ledger.doubt_count())
    yield Sample(figure="perennial_unknown_reports", value=ledger.parked())
    for provider, until in sorted(ledger.reported_until().items()):
        age = max(0.0, (now - until).total_seconds())
        yield Sample(figure="perennial_event_age_seconds", value=age, labels=(provider,))
    told = [command.control for command in ledger.controls()]
    for control in (Control.PAUSE, Control.STOP):
        yield Sample(figure="perennial_held", value=told.count(control), labels=(control,))


def _mailboxes(perennial: Perennial) -> Iterator[Sample]:
    for health in perennial.mailbox_health():
        for figure, value in (
            ("perennial_mailbox_sent", health.sent),
            ("perennial_mailbox_bounced", health.bounced),
            ("perennial_mailbox_complained", health.complained),
            ("perennial_brake", _HOLDS[health.grip]),
        ):
            yield Sample(figure=figure, value=value, labels=(health.mailbox,))


def _sender(perennial: Perennial) -> Iterator[Sample]:
    found = perennial.sender_day()
    if found is not None:
        for figure, value in (
            ("perennial_sender_emails", found.sent),
            ("perennial_sender_allowed", found.allowed),
        ):
            yield Sample(figure=figure, value=value, labels=(found.domain,))


def _budget(perennial: Perennial, day: date) -> Iterator[Sample]:
    budget = perennial.policy.budget
    spent = perennial.ledger.spent_in(month_of(day))
    limits = {"*": budget.together, **budget.campaigns}
    for whose, limit in limits.items():
        if limit == Limit():
            continue
        used = spent.get(whose)
        money, segments = (used.money, used.sms_segments) if used else (0, 0)
        for kind, part, whole in (
            ("money", money, limit.money),
            ("sms_segments", segments, limit.sms_segments),
        ):
            if whole:
                share = float(part) / float(whole)
                yield Sample(figure="perennial_budget_used", value=share, labels=(whose, kind))
