"""A ledger that was restored from an old copy, and what it has forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from ledger_builder import (
    NOON,
    Rows,
    a_message,
    a_receipt,
    beginning,
    claiming,
    settling,
    states,
)
from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.ledger.tables import (
    epochs,
    message_changes,
    message_events,
    messages,
    parked_events,
    suppressions,
)
from perennial.model.events import ProviderEvent
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.words import Channel, EventWord, MessageState, Reason

HOUR = timedelta(hours=1)
ENDED = timedelta(0)
COUPON = Coupon(code="A", kind="percent", value=Decimal(10), expires_on=date(2026, 12, 1))
WHO = {Channel.EMAIL: "sendgrid", Channel.SMS: "twilio"}


def presuming(
    ledger: Ledger, *messages: PlannedMessage, provider: Mapping[Channel, str] = WHO
) -> int:
    return ledger.presume_sent(messages, provider=provider, at=NOON)


def an_event(message: PlannedMessage, word: EventWord = EventWord.DELIVERED) -> ProviderEvent:
    return ProviderEvent(key=message.key, word=word, provider="sendgrid", at=NOON)


def test_a_fence_says_which_ledger_this_is_and_stays_the_same(ledger: Ledger) -> None:
    before = ledger.fence()
    claiming(ledger, [a_message()])
    assert ledger.fence() == before
    assert len(before.ledger_id) == 36


def test_an_epoch_is_begun_by_somebody_for_a_reason(ledger: Ledger, rows: Rows) -> None:
    """Case 18."""
    before = ledger.fence()
    ledger.begin_epoch(by="Ada", reason="restored from Monday", at=NOON)
    after = ledger.fence()
    assert (after.ledger_id, after.begun) == (before.ledger_id, before.begun)
    assert after.epoch == before.epoch + 1
    assert rows(epochs) == [
        {
            "epoch": after.epoch,
            "begun_by": "Ada",
            "reason": "restored from Monday",
            "at": NOON,
        }
    ]


def test_an_epoch_that_nobody_answers_for_is_not_begun(ledger: Ledger) -> None:
    before = ledger.fence()
    with pytest.raises(LedgerError, match="who"):
        ledger.begin_epoch(by="", reason="", at=NOON)
    assert ledger.fence() == before


def test_what_is_presumed_sent_is_in_doubt_and_claimed_by_nobody(ledger: Ledger) -> None:
    """Case 18."""
    email, sms = a_message("1"), a_message("2", channel=Channel.SMS)
    assert presuming(ledger, email, sms) == 2
    assert claiming(ledger, [email, sms]).taken == {email.key, sms.key}
    doubts = {doubt.key: doubt for doubt in ledger.doubts()}
    assert {d.provider for d in doubts.values()} == {"sendgrid", "twilio"}
    doubt = doubts[email.key]
    assert (doubt.customer_id, doubt.attempts, doubt.code) == ("1", 1, None)
    assert (doubt.since, doubt.campaign, doubt.day) == (NOON, email.campaign, email.day)


NOT_SENT_YET = {MessageState.CLAIMED, MessageState.RETRYABLE}


def brought_to(ledger: Ledger, state: MessageState) -> PlannedMessage:
    message = a_message()
    claiming(ledger, [message])
    if state is not MessageState.CLAIMED:
        beginning(ledger, [message])
    if state not in {MessageState.CLAIMED, MessageState.DISPATCHING}:
        settling(ledger, [message], state)
    return message


@pytest.mark.parametrize("state", sorted(set(MessageState) - NOT_SENT_YET))
def test_what_the_ledger_knows_to_be_sent_stays_as_it_is(
    ledger: Ledger, state: MessageState
) -> None:
    message = brought_to(ledger, state)
    assert presuming(ledger, message) == 0
    assert states(ledger) == {message.key: state}


@pytest.mark.parametrize("state", sorted(NOT_SENT_YET))
def test_what_an_old_copy_still_waits_to_send_may_have_been_sent_since(
    ledger: Ledger, state: MessageState
) -> None:
    """Case 18: the backup was made between the claim and the request, or before a second try."""
    message = brought_to(ledger, state)
    assert presuming(ledger, message) == 1
    assert states(ledger) == {message.key: MessageState.IN_DOUBT}
    assert claiming(ledger, [message]).taken == {message.key}
    assert presuming(ledger, message) == 0


def test_presuming_twice_or_the_same_twice_is_presuming_once(ledger: Ledger) -> None:
    message = a_message()
    assert presuming(ledger, message, message) == 1
    assert presuming(ledger, message) == 0


def test_many_are_presumed_in_batches(ledger: Ledger) -> None:
    many = [a_message(str(number)) for number in range(1100)]
    assert presuming(ledger, *many) == 1100
    assert len(ledger.doubts()) == 1100


def test_a_channel_that_nobody_carries_is_refused(ledger: Ledger) -> None:
    email, sms = a_message("1"), a_message("2", channel=Channel.SMS)
    with pytest.raises(LedgerError, match="sms"):
        presuming(ledger, email, sms, provider={Channel.EMAIL: "sendgrid"})
    assert states(ledger) == {}


def test_what_is_presumed_sent_counts_to_the_caps(ledger: Ledger) -> None:
    presuming(ledger, a_message("1"))
    another = a_message("1", campaign="birthday")
    assert claiming(ledger, [another]).blocked == {another.key: Reason.CAPPED}


@pytest.mark.parametrize("known", [True, False])
def test_a_coupon_that_may_be_in_hands_is_not_given_to_somebody_else(
    ledger: Ledger, rows: Rows, *, known: bool
) -> None:
    if known:  # without a coupon, when the campaign had no offer yet
        claiming(ledger, [a_message("1")], lease=ENDED)
    presuming(ledger, a_message("1", coupon=COUPON))
    assert [(row["coupon_code"], row["coupon_value"]) for row in rows(messages)] == [
        ("A", Decimal(10))
    ]
    other = a_message("2", coupon=COUPON)
    assert claiming(ledger, [other]).blocked == {other.key: Reason.INCOMPLETE_DATA}
    assert presuming(ledger, other) == 1


def test_of_two_that_may_have_the_same_coupon_the_first_has_it(ledger: Ledger, rows: Rows) -> None:
    first, second = a_message("1", coupon=COUPON), a_message("2", coupon=COUPON)
    assert presuming(ledger, first, second) == 2
    assert {row["key"]: row["coupon_code"] for row in rows(messages)} == {
        first.key: "A",
        second.key: None,
    }
    assert rows(message_changes) == []


def test_what_was_reported_before_is_applied(ledger: Ledger, rows: Rows) -> None:
    message, silent = a_message("1"), a_message("2")
    told = [an_event(message), an_event(message, EventWord.UNSUBSCRIBED)]
    ledger.apply_events(told, received_at=NOON + HOUR)
    assert ledger.parked() == 1
    presuming(ledger, message, silent)
    assert ledger.parked() == 0
    assert states(ledger) == {message.key: "accepted", silent.key: "in_doubt"}
    assert {row["word"] for row in rows(message_events)} == {"delivered", "unsubscribed"}
    assert {row["received_at"] for row in rows(message_events)} == {NOON + HOUR}
    assert [row["address_key"] for row in rows(suppressions)] == ["address-1"]


def test_a_report_from_before_a_restore_proves_nothing_about_others(ledger: Ledger) -> None:
    """What was presumed sent at noon may have been sent long before what was begun in the morning."""
    doubtful = a_message("1")
    claiming(ledger, [doubtful])
    ledger.begin_dispatch([doubtful.key], worker="worker-1", lease=HOUR, provider="sendgrid")
    ledger.settle([a_receipt(doubtful, MessageState.IN_DOUBT, provider="sendgrid")], now=NOON)
    presumed = a_message("2")
    ledger.presume_sent([presumed], provider=WHO, at=NOON + timedelta(days=9999))
    ledger.apply_events([an_event(presumed)], received_at=NOON)
    assert ledger.settle_silent("sendgrid", silent_for=timedelta(0), now=NOON) == 0


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_a_report_that_comes_while_its_message_is_presumed_sent_is_not_left_behind(
    ledger: Ledger, ledger_url: str, rows: Rows
) -> None:
    many, both = [a_message(str(number)) for number in range(120)], Barrier(2)

    def each(work: Callable[[Ledger, PlannedMessage], object]) -> None:
        own = Ledger(ledger_url)
        for message in many:
            both.wait()
            work(own, message)
        own.close()

    def report(own: Ledger, message: PlannedMessage) -> None:
        own.apply_events([an_event(message)], received_at=NOON)

    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(each, work) for work in (report, presuming)]:
            running.result()
    assert rows(parked_events) == []
    assert ledger.doubts() == []
    assert set(states(ledger).values()) == {"accepted"}
