"""How many people have to let a plan leave, who has, and what voids their word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from perennial.errors import MissingPartition, PlanError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.store import Ledger
from perennial.ledger.values import AuditEntry
from perennial.model.datasets import DECISIONS
from perennial.model.words import AuditAction
from perennial.pipeline.plan_reading import plan_partition
from perennial.pipeline.releasing import Grounds, LookedAt, release
from perennial.validation.verdicts import Finding

_LONGEST_LOG = 500
_LONGEST_CARRIED = 140


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """Where a plan stands with those who have to approve of it.

    `needed` different people have to; `given` holds the word of each who has, the oldest first; `why` they are asked;
    `void` says why what somebody approved before does not count.
    """

    looked_at: LookedAt
    needed: int
    given: Sequence[AuditEntry]
    why: Sequence[str]
    void: str | None = None

    @property
    def missing(self) -> int:
        return max(0, self.needed - len(self.given))

    @property
    def by(self) -> list[str]:
        """Who has approved."""
        return [entry.actor for entry in self.given]


def approvals_of(
    ledger: Ledger, looked_at: LookedAt, *, needed: int, why: Sequence[str]
) -> Approvals:
    """Who has approved of exactly this plan, with exactly these words and rules."""
    given = given_for(ledger, looked_at)
    short = len(given) < needed
    return Approvals(
        looked_at=looked_at,
        needed=needed,
        given=given,
        why=why,
        void=_why_void(ledger, looked_at) if short and not given else None,
    )


def given_for(ledger: Ledger, looked_at: LookedAt) -> list[AuditEntry]:
    """The first word of each person who has let this plan leave, the oldest first."""
    log = ledger.audit_log(_LONGEST_LOG, action=AuditAction.RELEASED, subject=looked_at.subject)
    return list({entry.actor: entry for entry in log}.values())[::-1]


def approve_plan(
    ledger: Ledger, approvals: Approvals, grounds: Grounds, holds: Sequence[Finding]
) -> AuditEntry:
    """Writes down that a person lets a plan leave. Saying it again changes nothing, and counts once.

    Raises:
        SettingsError: the reason is missing or too long.
    """
    for entry in approvals.given:
        if entry.actor == grounds.by:
            return entry
    return release(ledger, approvals.looked_at.subject, grounds, holds)


def refuse_unapproved(approvals: Approvals, *, begun: bool) -> None:
    """Lets a plan pass that nobody is missing for.

    Raises:
        PlanError: not enough people have approved of it as it is now; says why they are asked.
    """
    if not approvals.missing:
        return
    plan = approvals.looked_at
    why = " ".join([*approvals.why, *([approvals.void] if approvals.void else [])])
    sent = "Nothing more was sent." if begun else "Nothing was sent."
    msg = (
        f"{plan.campaign} of {plan.day} is held for approval: {why} {sent} Look at the audience; if it is right,"
        " approve in the Studio or in Airflow's Required Actions (clear the task `approve` to be asked again), or send"
        " with --approve-anyway and the reason."
    )
    raise PlanError(msg)


def refuse_unlooked_at(now: LookedAt, seen: str | None) -> None:
    """Makes sure that what is answered is what somebody has looked at.

    Raises:
        PlanError: the plan, its words or its rules are others by now.
    """
    if seen is not None and seen != now.subject:
        msg = (
            f"The plan of {now.campaign} for {now.day}, its words or its rules have changed since you looked at them."
            " Nothing was approved and nothing was sent. Look again, and answer for what is there now."
        )
        raise PlanError(msg)


def why_asked(
    *, messages: int, needed: int, limit: int | None, holds: Sequence[Finding]
) -> list[str]:
    """Why somebody has to look, in sentences."""
    why = [str(finding) for finding in holds]
    if limit is not None and messages > limit:
        why.append(f"{messages:,} messages are more than {limit:,}.")
    if needed > 1:
        why.append(f"{_NUMBERS[needed]} different people have to approve.")
    return why


_NUMBERS = {2: "Two"}


def messages_in(engine: Engine, campaign: str, day: date) -> int:
    """How many messages a plan says to send."""
    engine.view("approved_plan", plan_partition(campaign, day))
    count: int = engine.scalar("select count(*) from approved_plan where outcome = 'send'")
    return count


def remember_plan(engine: Engine, campaign: str, day: date) -> bool:
    """Keeps at hand which messages a plan sends, before it is made anew; says whether there is one."""
    try:
        engine.view("approved_plan", plan_partition(campaign, day))
    except MissingPartition:
        return False
    engine.execute(f"create or replace table approved_messages as {_MESSAGES}")
    return True


def drift_since(engine: Engine, campaign: str, day: date) -> Decimal:
    """By which share of the remembered messages the plan that was made since differs: gone, new, or told otherwise."""
    engine.view("approved_plan", plan_partition(campaign, day))
    row = engine.rows(_DRIFT)[0]
    engine.execute("drop table approved_messages")
    return Decimal(row["others"]) / Decimal(max(row["before"], 1))


def carry_over(
    engine: Engine,
    ledger: Ledger,
    before: LookedAt,
    now: LookedAt,
    *,
    drift: Decimal,
    most: Decimal,
    at: datetime,
) -> bool:
    """Lets approvals stand for a plan that was made anew and differs by no more than a share; says whether they do.

    Shares add up from plan to plan, so that an audience cannot wander off in small steps.
    """
    wandered = drift + _wandered(engine, before)
    given = given_for(ledger, before)
    if before.fingerprint != now.fingerprint or wandered > most or not given:
        return False
    share = f"{wandered * 100:.1f} %"
    for entry in given:
        reason = f"{entry.reason[:_LONGEST_CARRIED]} (still stands: planned anew, {share} of the messages differ)"
        ledger.note_audit(
            AuditAction.RELEASED, actor=entry.actor, subject=now.subject, reason=reason, at=at
        )
    written = {"subject": now.subject, "drift": f"{wandered:f}"}
    engine.lake.write_record(_record_of(now), json.dumps(written, indent=2) + "\n")
    return True


def _wandered(engine: Engine, plan: LookedAt) -> Decimal:
    text = engine.lake.read_record(_record_of(plan))
    record = json.loads(text) if text else {}
    return Decimal(record["drift"]) if record.get("subject") == plan.subject else Decimal(0)


def _record_of(plan: LookedAt) -> Partition:
    return Partition(dataset=DECISIONS.name, day=plan.day, name=f"{plan.campaign}.drift")


def _why_void(ledger: Ledger, looked_at: LookedAt) -> str | None:
    """Why the last approval of the day's campaign does not count for the plan as it is now."""
    begins = f"{looked_at.campaign} {looked_at.day} "
    same_plan = looked_at.subject.rpartition(".")[0]
    for entry in ledger.audit_log(_LONGEST_LOG, action=AuditAction.RELEASED):
        if entry.subject.startswith(begins):
            what = (
                "the words, the campaign's file, the policy or the shop's file have changed"
                if entry.subject.rpartition(".")[0] == same_plan
                else "it was planned anew, and the audience is another one"
            )
            return f"The approval by {entry.actor} is void: {what} since."
    return None


_MESSAGES = """
    select message_key, hash(template, channel, locale, address_key) as told
    from approved_plan where outcome = 'send'
"""
_DRIFT = f"""
    with now as ({_MESSAGES})
    select (select count(*) from approved_messages) as before,
        count(*) filter (where a.told is distinct from now.told) as others
    from approved_messages as a full join now using (message_key)
"""
