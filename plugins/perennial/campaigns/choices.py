"""The closed lists of a campaign file; each member carries the words that people are shown."""

from __future__ import annotations

from perennial.model.words import Word


class Occasion(Word):
    """Occasions that are more than a column."""

    BIRTHDAY = "birthday", "the customer's birthday, once a year."
    POINTS_EXPIRY = "points_expiry", "points expire soon, or the balance has reached a reward."
    DELIVERED_ORDER = "delivered_order", "an order has been delivered, once an order."
    PENDING_CONSENT = (
        "pending_consent",
        "somebody agreed to emails and has yet to confirm the address, once for each such yes.",
    )


class OfferKind(Word):
    """What an offer gives."""

    PERCENT = "percent", "per cent off an order."
    AMOUNT = "amount", "money off an order, in the shop's currency."
    POINTS = "points", "loyalty points."


class StopWhen(Word):
    """What ends a campaign for a customer, even between plan and send."""

    ORDERED = "ordered", "the customer has ordered."


def meanings(words: type[Word]) -> str:
    """Every member with its meaning, for a description."""
    return " ".join(f"`{member.value}`: {member.meaning}" for member in words)
