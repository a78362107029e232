"""Why somebody is in an audience on one side and not on the other: the closed list of causes, and the sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from perennial.model.words import Word

_LONG_FIGURE = re.compile(r"-?\d+\.\d{3,}")

PERSONAL = frozenset(
    {"customer_id", "person_id", "birth_date", "age_years", "age_band", "country", "region"}
)
"""Columns of which is told that they changed, never from what to what."""


class Move(Word):
    """What became of a customer in a campaign's audience from the first side to the second."""

    ENTERED = "entered", "Is in the audience now."
    LEFT = "left", "Is not in the audience any more."
    OTHER_OCCASION = "other_occasion", "Is still in the audience, but on another occasion."
    OTHER_PERSON = "other_person", "Is still in the audience, but as another person's account."


class Cause(Word):
    """What makes the difference."""

    LATE_ORDER = "late_order", "An order of the time before came in late."
    NEW_ORDER = "new_order", "A new order."
    REFUNDED_ORDER = "refunded_order", "An order was refunded."
    CANCELLED_ORDER = "cancelled_order", "An order was cancelled."
    CORRECTED_ORDER = "corrected_order", "The time or the status of an order was corrected."
    CORRECTED_SUM = "corrected_sum", "What was paid for an order was corrected."
    DELIVERED_ORDER = "delivered_order", "More is known about the delivery of an order."
    RETURNED_ORDER = "returned_order", "More is known about the return of an order."
    MISSING_ORDER = "missing_order", "An order is not the customer's any more."
    LATE_POINTS = "late_points", "An entry of points of the time before came in late."
    NEW_POINTS = "new_points", "A new entry of points."
    CORRECTED_POINTS = "corrected_points", "An entry of points was corrected."
    LATE_ACCOUNT = "late_account", "The account was there before, but nobody knew."
    NEW_ACCOUNT = "new_account", "The account is new."
    MISSING_ACCOUNT = "missing_account", "The account is not there any more."
    MERGED_ACCOUNTS = "merged_accounts", "Accounts turned out to be one person's."
    PARTED_ACCOUNTS = "parted_accounts", "Accounts turned out to be different people's."
    CORRECTED_PROFILE = "corrected_profile", "What is known about the customer was corrected."
    CONSENT = "consent", "What was agreed to, or confirmed, is different."
    TIME = "time", "Time has passed."
    WHOLE_SHOP = (
        "whole_shop",
        "No row of the customer changed, but a figure of the whole shop did.",
    )
    OTHER_RULES = (
        "other_rules",
        "No figure changed: the campaign's file, the policy or the code is not what it was.",
    )


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A column that the campaign looks at, on both sides, as text; empty where it was empty."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class Because:
    """A cause, with the ids of the rows behind it."""

    cause: Cause
    rows: tuple[str, ...] = ()


def why(causes: Sequence[Because], changed: Sequence[Changed], *, ids: bool) -> str:
    """The reason of one move, a sentence for each cause, and the figures; ids of rows and people only where they may be shown."""
    told = " ".join(_told(because, ids=ids) for because in causes)
    figures = ", ".join(_figure(each, ids=ids) for each in changed)
    return f"{told.rstrip('.')}: {figures}." if figures else told


def _told(because: Because, *, ids: bool) -> str:
    sentence = because.cause.meaning
    if ids and because.rows:
        return f"{sentence.rstrip('.')} ({', '.join(because.rows)})."
    return f"{sentence.rstrip('.')} ({len(because.rows)})." if len(because.rows) > 1 else sentence


def _figure(changed: Changed, *, ids: bool) -> str:
    name, before, after = changed.column, changed.before, changed.after
    if name in PERSONAL or (name.endswith("_id") and not ids):
        if before is None:
            return f"{name} came to be known"
        return f"{name} is not known any more" if after is None else f"{name} was corrected"
    shown = (_rounded(before), _rounded(after))
    said = shown if shown[0] != shown[1] else (before, after)
    return f"{name} {said[0] or 'not known'} → {said[1] or 'not known'}"


def _rounded(value: str | None) -> str | None:
    """Two places of a figure that has more; anything else as it is."""
    return f"{float(value):.2f}" if value and _LONG_FIGURE.fullmatch(value) else value
