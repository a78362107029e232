"""What the budget has room for: the most valuable messages of a plan first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from perennial.ledger.budgeting import Spent
from perennial.model.policy import Limit


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a plan may still spend; nothing where there is no limit."""

    money: Decimal | None = None
    segments: int | None = None

    def within(self, rows: str) -> str:
        """SQL that takes a plan's rows, with their `money` and `parts`, and leaves out what there is no room for.

        Who spends most with the shop goes first; the hash of the message settles the rest, so that planning again gives
        the same plan. What is left out counts to nothing.
        """
        left = (("parts", self.segments), ("money", self.money))
        for figure, most in left:
            if most is not None:
                rows = _cut(rows, figure, most)
        return rows


def room(limits: Mapping[str, Limit], spent: Mapping[str, Spent]) -> Room:
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
    return Room(money=min(money, default=None), segments=min(segments, default=None))


def _cut(rows: str, figure: str, most: Decimal | int) -> str:
    return f"""
        select * exclude (beyond) replace (
            case when beyond and open_tomorrow then 'defer' when beyond then 'skip' else outcome end as outcome,
            case when beyond then 'budget_exhausted' else reason end as reason
        )
        from (
            select *,
                outcome = 'send' and {figure} > 0 and sum({figure}) over (
                    order by outcome = 'send' desc, average_order_value desc nulls last, message_key
                    rows unbounded preceding
                ) > {most} as beyond
            from ({rows})
        )
    """
