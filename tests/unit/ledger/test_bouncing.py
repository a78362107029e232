"""Addresses that refuse for the time being are given up when they have done so for long enough."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import NOON, Rows, a_message, beginning, claiming
from perennial.ledger.bouncing import LATE, is_soft_bounce
from perennial.ledger.store import Ledger
from perennial.ledger.tables import soft_bounces
from perennial.model.events import ProviderEvent
from perennial.model.message import PlannedMessage
from perennial.model.words import Channel, EventWord, SuppressionReason

DAY = timedelta(days=1)
FULL = "5.2.2"
_RUNS = count(1)


def report(
    message: PlannedMessage, word: EventWord, at: datetime, code: str | None = FULL
) -> ProviderEvent:
    return ProviderEvent(key=message.key, word=word, provider="sendgrid", at=at, code=code)


def refusing(ledger: Ledger, *days: float, code: str = FULL) -> list[PlannedMessage]:
    """Messages to one address that were refused on these days."""
    messages = claimed_apart(ledger, "full", len(days))
    ledger.apply_events(
        [
            report(message, EventWord.BLOCKED, NOON + day * DAY, code)
            for message, day in zip(messages, days, strict=True)
        ],
        received_at=NOON,
    )
    return messages


def claimed_apart(ledger: Ledger, address_key: str, messages: int) -> list[PlannedMessage]:
    """Messages to one address, so far apart that no cap stands between them."""
    made = []
    for n in range(messages):
        now = NOON + 8 * n * DAY
        message = a_message(
            address_key,
            campaign=f"{address_key}-{n}",
            address_key=address_key,
            person_id=f"{address_key}-{n}",
            expires_at=now + DAY,
        )
        claiming(ledger, [message], now=now)
        beginning(ledger, [message])
        made.append(message)
    return made


def given_up(ledger: Ledger, *, after: timedelta = 90 * DAY) -> int:
    return ledger.suppress_bouncing(now=NOON + after)


def reasons(ledger: Ledger, address_key: str = "full") -> list[SuppressionReason]:
    return [s.reason for s in ledger.suppressions_of([address_key])]


def test_five_refusals_in_a_row_over_a_week_end_the_writing(ledger: Ledger, rows: Rows) -> None:
    refusing(ledger, 0, 2, 4, 6, 7)
    assert reasons(ledger) == []
    assert given_up(ledger) == 1
    (suppression,) = ledger.suppressions_of(["full"])
    assert suppression.reason is SuppressionReason.INVALID
    assert suppression.channel is Channel.EMAIL
    assert suppression.since == NOON + 7 * DAY
    assert rows(soft_bounces) == []
    assert given_up(ledger) == 0


@pytest.mark.parametrize(
    "days",
    [(0, 2, 4, 7), (0, 1, 2, 3, 4, 5, 6.9)],
    ids=["too few", "within a week"],
)
def test_fewer_or_within_less_than_a_week_do_not(ledger: Ledger, days: tuple[float, ...]) -> None:
    refusing(ledger, *days)
    assert given_up(ledger) == 0


def test_a_refusal_for_the_senders_sake_says_nothing_about_the_address(ledger: Ledger) -> None:
    refusing(ledger, 0, 2, 4, 6, 7, code="5.7.1")
    assert given_up(ledger) == 0


def test_whoever_got_one_in_between_is_not_lost(ledger: Ledger, rows: Rows) -> None:
    messages = refusing(ledger, 0, 2, 4, 6, 7)
    arrived = report(messages[0], EventWord.DELIVERED, NOON + 3 * DAY, None)
    ledger.apply_events([arrived], received_at=NOON)
    assert given_up(ledger) == 0
    (row,) = rows(soft_bounces)
    assert (row["count"], row["first_at"]) == (3, NOON + 4 * DAY)


def test_it_is_judged_when_nobody_reports_late_any_more(ledger: Ledger) -> None:
    """Case 21: a delivery may still be reported for a day."""
    refusing(ledger, 0, 2, 4, 6, 7)
    assert given_up(ledger, after=7 * DAY + LATE - timedelta(minutes=1)) == 0
    assert given_up(ledger, after=7 * DAY + LATE) == 1


def test_what_was_lifted_is_given_up_again_only_for_what_came_since(ledger: Ledger) -> None:
    refusing(ledger, 0, 2, 4, 6, 7)
    given_up(ledger)
    ledger.lift("full", Channel.EMAIL, SuppressionReason.INVALID, at=NOON + 20 * DAY, by="ann")
    assert given_up(ledger) == 0
    assert reasons(ledger) == []


@pytest.mark.parametrize(
    ("word", "code", "soft"),
    [
        (EventWord.BLOCKED, "4.2.2", True),
        (EventWord.BLOCKED, "5.1.1", True),
        (EventWord.BLOCKED, "5.7.1", False),
        (EventWord.BLOCKED, "554", False),
        (EventWord.BLOCKED, "452", True),
        (EventWord.BLOCKED, None, False),
        (EventWord.UNDELIVERED, "30003", True),
        (EventWord.UNDELIVERED, "30007", False),
        (EventWord.UNDELIVERED, None, False),
        (EventWord.DEFERRED, "4.2.2", False),
        (EventWord.BOUNCED, "5.1.1", False),
    ],
)
def test_a_refusal_counts_if_it_is_about_the_address(
    word: EventWord,
    code: str | None,
    soft: bool,  # noqa: FBT001
) -> None:
    assert is_soft_bounce(word, code) is soft


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    told=st.lists(
        st.tuples(
            st.integers(0, 7),
            st.sampled_from([EventWord.BLOCKED, EventWord.DELIVERED]),
            st.integers(0, 20),
        ),
        min_size=5,
        max_size=16,
    ),
    order=st.randoms(),
)
def test_in_any_order_and_any_number_of_times_the_same_are_given_up(
    ledger: Ledger, told: list[tuple[int, EventWord, int]], order: random.Random
) -> None:
    """Cases 20 and 21."""
    other = [*told, *told[:4]]
    order.shuffle(other)
    assert after(ledger, [told]) == after(ledger, [[one] for one in other])


def after(ledger: Ledger, posts: list[list[tuple[int, EventWord, int]]]) -> list[str]:
    """Why a fresh address is suppressed when these reports came in."""
    name = f"run-{next(_RUNS)}"
    messages = claimed_apart(ledger, name, 8)
    for post in posts:
        events = [
            report(messages[n], word, NOON + day * DAY, FULL if word is EventWord.BLOCKED else None)
            for n, word, day in post
        ]
        ledger.apply_events(events, received_at=NOON)
    given_up(ledger)
    return [f"{s.reason} {s.since}" for s in ledger.suppressions_of([name])]
