"""What was surely not processed is tried again at its time, and not after its last one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger_builder import DAY, NOON, a_message, a_receipt, beginning, claiming, settling
from perennial.ledger.store import Ledger
from perennial.model.words import MessageState, Reason

HOUR = timedelta(hours=1)


def put_off(ledger: Ledger, customer: str, not_before: datetime | None) -> None:
    message = a_message(customer)
    claiming(ledger, [message])
    beginning(ledger, [message])
    ledger.settle([a_receipt(message, MessageState.RETRYABLE, not_before=not_before)], now=NOON)


def test_the_earliest_of_the_messages_that_were_put_off_decides(ledger: Ledger) -> None:
    put_off(ledger, "1", NOON + 2 * HOUR)
    put_off(ledger, "2", NOON + HOUR)

    assert ledger.next_retry("win_back", DAY, now=NOON) == NOON + HOUR


def test_without_a_time_of_its_own_a_message_waits_a_minute(ledger: Ledger) -> None:
    put_off(ledger, "1", None)

    assert ledger.next_retry("win_back", DAY, now=NOON) == NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("campaign", "day", "now"),
    [
        ("birthday", DAY, NOON),
        ("win_back", DAY + timedelta(days=1), NOON),
        ("win_back", DAY, NOON + 10 * HOUR),
    ],
)
def test_another_campaign_another_day_or_an_expired_message_gives_none(
    ledger: Ledger, campaign: str, day: date, now: datetime
) -> None:
    put_off(ledger, "1", NOON + HOUR)

    assert ledger.next_retry(campaign, day, now=now) is None


def test_an_accepted_message_is_never_tried_again(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    settling(ledger, [message])

    assert ledger.next_retry("win_back", DAY, now=NOON) is None


def test_a_blocked_message_is_not_tried_again_in_its_plan(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    ledger.block([message], reason=Reason.CAMPAIGN_STOPPED, now=NOON)
    ledger.release([message.key], worker="worker-1")

    assert ledger.next_retry("win_back", DAY, now=NOON) is None


def test_a_message_in_the_hands_of_a_worker_is_looked_at_when_its_lease_ends(
    ledger: Ledger,
) -> None:
    """Case 3: the task that comes after a kill finds the claims of the dead one, and comes back for them."""
    message = a_message()
    claiming(ledger, [message])
    long_before = datetime(2020, 1, 1, tzinfo=UTC)

    found = ledger.next_retry("win_back", DAY, now=long_before)

    assert found is not None
    assert abs(found - datetime.now(UTC)) < HOUR


def test_what_may_be_claimed_at_once_is_not_asked_for_in_the_same_second(ledger: Ledger) -> None:
    put_off(ledger, "1", NOON - HOUR)

    assert ledger.next_retry("win_back", DAY, now=NOON) == NOON + timedelta(seconds=1)
