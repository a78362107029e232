"""From what changed about one customer to the causes that a person would name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from perennial.campaigns.choices import Occasion
from perennial.pipeline.difference_words import Because, Cause, Changed, Move

_OF_SUMS = frozenset(
    {
        *("revenue", "average_order_value", "discount_share", "monetary_score", "rfm_cell"),
        *("revenue_30d", "revenue_90d", "revenue_365d"),
    }
)
_OF_DELIVERIES = frozenset({"last_delivered_order_id", "last_delivered_on"})
_OF_ORDERS = (
    frozenset(
        {
            *("orders", "orders_30d", "orders_90d", "orders_365d", "first_order_on"),
            *("last_order_on", "last_order_id", "recency_days", "order_gaps", "usual_gap_days"),
            *("gap_spread_days", "silence_ratio", "lapsed_on", "refunds", "refund_rate", "stage"),
            *("favourite_category", "favourite_product_id", "favourite_product"),
            *("usual_order_hour", "recency_score", "frequency_score"),
        }
    )
    | _OF_SUMS
    | _OF_DELIVERIES
)
_OF_POINTS = frozenset(
    {
        *("points_balance", "points_expiring", "points_expire_on"),
        *("reward_points", "reward_reached_on"),
    }
)
_OF_PROFILES = frozenset(
    {
        *("birth_date", "language", "country", "region", "zone", "zone_source"),
        *("preferred_channel", "signed_up_on"),
    }
)
_OF_BIRTH_DATES = frozenset({"age_years", "age_band"})
_OF_SIGNING_UP = frozenset({"customer_for_days"})
_OF_PEOPLE = frozenset({"person_id", "birth_date", "language", *_OF_BIRTH_DATES})

_SUMS = (Cause.CORRECTED_SUM,)
_DELIVERIES = (Cause.DELIVERED_ORDER,)
_RETURNS = (Cause.RETURNED_ORDER,)
_POINTS = (Cause.LATE_POINTS, Cause.NEW_POINTS, Cause.CORRECTED_POINTS)
_ORDERS = (
    *(Cause.LATE_ORDER, Cause.NEW_ORDER, Cause.REFUNDED_ORDER),
    *(Cause.CANCELLED_ORDER, Cause.CORRECTED_ORDER, Cause.MISSING_ORDER),
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account that moved: its features on both sides, what changed of them, and what the shop says differently."""

    move: Move
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    changed: Sequence[Changed]
    facts: Sequence[Because]

    def turned(self, column: str) -> bool:
        """Whether a column is another one on the second side."""
        return bool(self.before and self.after and self.before[column] != self.after[column])


def causes_of(
    account: Account, occasion: str | None, days: tuple[date, date]
) -> tuple[Because, ...]:
    """The causes of a move; at least one. `days` are those of the two sides."""
    if account.before is None or account.after is None:
        return (Because(cause=_arrival(account, days[0])),)
    columns = {each.column for each in account.changed}
    named = [fact for fact in account.facts if fact.cause in _causes_that_matter(columns, occasion)]
    if _profile_corrected(account, columns):
        named.append(Because(cause=Cause.CORRECTED_PROFILE))
    if _people_matter(account, columns, occasion):
        named += _people(account)
    return tuple(named) or (Because(cause=_without_a_row(account, occasion, days)),)


def _arrival(account: Account, first_day: date) -> Cause:
    if account.after is None:
        return Cause.MISSING_ACCOUNT
    signed_up_on = account.after["signed_up_on"]
    known = signed_up_on is None or date.fromisoformat(signed_up_on) < first_day
    return Cause.LATE_ACCOUNT if known else Cause.NEW_ACCOUNT


def _causes_that_matter(columns: set[str], occasion: str | None) -> set[Cause]:
    """Which rows of the shop can have changed these columns, or this occasion."""
    after_delivery = occasion == Occasion.DELIVERED_ORDER and not columns
    families = (
        (_ORDERS, after_delivery or columns & _OF_ORDERS),
        (_DELIVERIES, after_delivery or columns & _OF_DELIVERIES),
        (_RETURNS, after_delivery),
        (_SUMS, columns & _OF_SUMS),
        (_POINTS, columns & _OF_POINTS),
    )
    return {cause for causes, matter in families if matter for cause in causes}


def _profile_corrected(account: Account, columns: set[str]) -> bool:
    return bool(
        columns & _OF_PROFILES
        or (columns & _OF_BIRTH_DATES and account.turned("birth_date"))
        or (columns & _OF_SIGNING_UP and account.turned("signed_up_on"))
    )


def _people_matter(account: Account, columns: set[str], occasion: str | None) -> bool:
    return bool(
        account.move is Move.OTHER_PERSON
        or occasion == Occasion.PENDING_CONSENT
        or columns & _OF_PEOPLE
    )


def _people(account: Account) -> list[Because]:
    """Whether the account's person has other accounts than before."""
    if account.before is None or account.after is None:
        return []
    fewer = account.after["accounts"] < account.before["accounts"]
    if not account.turned("person_id") and account.before["accounts"] == account.after["accounts"]:
        return []
    return [Because(cause=Cause.PARTED_ACCOUNTS if fewer else Cause.MERGED_ACCOUNTS)]


def _without_a_row(account: Account, occasion: str | None, days: tuple[date, date]) -> Cause:
    """What it was when no row of the customer's own says it."""
    if occasion == Occasion.PENDING_CONSENT:
        return Cause.CONSENT
    of_the_calendar = occasion in list(Occasion)
    if days[0] != days[1] and (account.changed or of_the_calendar):
        return Cause.TIME
    return Cause.WHOLE_SHOP if account.changed else Cause.OTHER_RULES
