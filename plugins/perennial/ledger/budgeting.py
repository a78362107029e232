"""What a month's messages cost, and whether the budget has room for more.

A message is counted when it is claimed, so that the budget holds however many workers there are; recounting takes out
what was never sent after all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from perennial.ledger.database import Database
from perennial.ledger.statements import statement
from perennial.ledger.tables import costs, in_utc, spending
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage
from perennial.model.policy import NO_BUDGET, Budget, Limit

EVERYTHING = "*"
"""What all campaigns together are counted under."""

_MILLION = 1_000_000
_KEYS = 500


@dataclass
class Spent:
    """Money in the shop's currency, and text messages in segments."""

    money: Decimal = Decimal(0)
    sms_segments: int = 0

    def has_room(self, limit: Limit, money: Decimal, segments: int) -> bool:
        """Whether a message may be added without passing a limit; what costs nothing always may."""
        enough_money = limit.money is None or not money or self.money + money <= limit.money
        within = limit.sms_segments
        return enough_money and (
            within is None or not segments or self.sms_segments + segments <= within
        )

    def add(self, money: Decimal, segments: int) -> None:
        self.money += money
        self.sms_segments += segments


@dataclass
class Purse:
    """The budget while a chunk is being claimed, under the ledger's lock."""

    budget: Budget
    counted: frozenset[MessageKey] = frozenset()
    spent: dict[tuple[str, str], Spent] = field(default_factory=lambda: defaultdict(Spent))

    def beyond(self, messages: Iterable[PlannedMessage]) -> list[PlannedMessage]:
        """Those that there is no room for, if the messages were paid for in their order; nothing is counted yet."""
        if self.budget == NO_BUDGET:
            return []
        tried = Purse(self.budget, self.counted, defaultdict(Spent))
        tried.spent |= {whose: Spent(s.money, s.sms_segments) for whose, s in self.spent.items()}
        left = []
        for message in messages:
            if tried.has_room(message):
                tried.pay([message])
            else:
                left.append(message)
        return left

    def has_room(self, message: PlannedMessage) -> bool:
        """Whether a message may be added; what was counted before is not counted again."""
        limits = self.budget.limits(message.campaign)
        if not limits or message.key in self.counted:
            return True
        month, price = month_of(message.day), (message.cost, message.segments)
        return all(
            self.spent[name, month].has_room(limit, *price) for name, limit in limits.items()
        )

    def pay(self, messages: Iterable[PlannedMessage]) -> None:
        """Counts messages, as far as they count to a limit and were not counted before."""
        if self.budget == NO_BUDGET:
            return
        for message in messages:
            if self.budget.limits(message.campaign) and message.key not in self.counted:
                for name in (EVERYTHING, message.campaign):
                    spent = self.spent[name, month_of(message.day)]
                    spent.add(message.cost, message.segments)


def open_purse(connection: Connection, messages: Sequence[PlannedMessage], budget: Budget) -> Purse:
    """The purse for some messages; must be asked for under the ledger's lock."""
    purse = Purse(budget)
    if any(budget.limits(campaign) for campaign in {message.campaign for message in messages}):
        purse.counted = _counted(connection, [message.key for message in messages])
        months = {month_of(message.day) for message in messages}
        purse.spent |= _spent(connection, months)
    return purse


def count(
    connection: Connection, dialect: str, claimed: Iterable[PlannedMessage], purse: Purse
) -> None:
    """Writes down what was claimed and is not counted yet; with the claim or not at all."""
    rows = [
        {
            "message_key": message.key,
            "campaign": message.campaign,
            "day": message.day,
            "month": month_of(message.day),
            "money": int(message.cost * _MILLION),
            "segments": message.segments,
        }
        for message in claimed
        if purse.budget.limits(message.campaign) and message.key not in purse.counted
    ]
    if rows:
        connection.execute(costs.insert(), rows)
        connection.execute(statement("add_spending", dialect), _sums(rows))


def spent_before(database: Database, day: date, *, now: datetime) -> Mapping[str, Spent]:
    """What each campaign, and all of them under *, have spent in a day's month before that day.

    What was refused, or could not leave before it expired, is taken out first.
    """

    def recount(connection: Connection) -> dict[str, Spent]:
        database.lock(connection)
        given = {"month": month_of(day), "now": in_utc(now)}
        connection.execute(statement("drop_unsent_costs", database.dialect), given)
        connection.execute(
            statement("recount_spending", database.dialect), {"month": month_of(day)}
        )
        query = (
            select(costs.c.campaign, func.sum(costs.c.money), func.sum(costs.c.segments))
            .where(costs.c.month == month_of(day), costs.c.day < day)
            .group_by(costs.c.campaign)
        )
        found: dict[str, Spent] = defaultdict(Spent)
        for campaign, money, segments in connection.execute(query):
            for name in (campaign, EVERYTHING):
                found[name].add(Decimal(int(money)) / _MILLION, int(segments))
        return dict(found)

    return database.write(recount)


def month_of(day: date) -> str:
    """The calendar month that a plan's day counts to, as 2026-11."""
    return f"{day:%Y-%m}"


def _sums(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        for name in (EVERYTHING, row["campaign"]):
            total = sums[name, row["month"]]
            total[0] += row["money"]
            total[1] += row["segments"]
    return [
        {"whose": name, "month": month, "money": money, "segments": segments}
        for (name, month), (money, segments) in sorted(sums.items())
    ]


def _counted(connection: Connection, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
    found: set[MessageKey] = set()
    for start in range(0, len(keys), _KEYS):
        some = costs.c.message_key.in_(keys[start : start + _KEYS])
        found.update(connection.execute(select(costs.c.message_key).where(some)).scalars())
    return frozenset(found)


def _spent(connection: Connection, months: Collection[str]) -> dict[tuple[str, str], Spent]:
    rows = connection.execute(select(spending).where(spending.c.month.in_(sorted(months))))
    return {
        (row.whose, row.month): Spent(Decimal(row.money) / _MILLION, row.segments) for row in rows
    }
