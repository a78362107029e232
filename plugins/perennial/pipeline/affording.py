"""What a plan has room for: the most valuable messages first; of a new sender's emails, those to the liveliest people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from perennial.ledger.budgeting import Spent
from perennial.model.policy import Limit
from perennial.model.words import Reason

_EMAILS = "(channel = 'email')::integer"


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a plan may still spend, and how many emails of a new sender it may hold; nothing where there is no limit."""

    money: Decimal | None = None
    segments: int | None = None
    emails: int | None = None

    def within(self, rows: str) -> str:
        """SQL that takes a plan's rows, with their `money` and `parts`, and leaves out what there is no room for.

        Who spends most with the shop goes first; where a sender is new, who showed a sign last. The hash of the message
        settles the rest, so that planning again gives the same plan. What is left out counts to nothing.
        """
        if self.emails is not None:
            rows = _cut(rows, _EMAILS, self.emails, reason=Reason.WARMING_UP, first="last_sign_at")
        for figure, most in (("parts", self.segments), ("money", self.money)):
            if most is not None:
                rows = _cut(rows, figure, most, reason=Reason.BUDGET_EXHAUSTED)
        return rows


def room(
    limits: Mapping[str, Limit], spent: Mapping[str, Spent], *, emails: int | None = None
) -> Room:
    """What is left of every limit that a plan counts to, the smallest of each kind."""
    money = [
        limit.money - spent.get(name, Spent()).money
        for name, limit in limits.items()
        if limit.money is not None
    ]
    segments = [
        limit.sms_segments - spent.get(name, Spent()).sms_segments
        for name, limit in limits.items()
        if limit.sms_segments is not None
    ]
    return Room(money=min(money, default=None), segments=min(segments, default=None), emails=emails)


def _cut(
    rows: str,
    figure: str,
    most: Decimal | int,
    *,
    reason: Reason,
    first: str = "average_order_value",
) -> str:
    return f"""
        select * exclude (beyond) replace (
            case when beyond and open_tomorrow then 'defer' when beyond then 'skip' else outcome end as outcome,
            case when beyond then '{reason}' else reason end as reason
        )
        from (
            select *,
                outcome = 'send' and {figure} > 0 and sum({figure}) over (
                    order by outcome = 'send' desc, {first} desc nulls last, message_key
                    rows unbounded preceding
                ) > {most} as beyond
            from ({rows})
        )
    """
