"""The last look before the first byte, and giving back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger_builder import (
    NOON,
    Rows,
    a_message,
    beginning,
    claiming,
    settling,
    states,
)
from perennial.ledger.store import Ledger
from perennial.ledger.tables import messages
from perennial.model.words import Channel, MessageState, Reason, SuppressionReason

ENDED = timedelta(0)


def test_only_the_worker_that_claimed_a_message_may_send_it(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message], worker="worker-1")
    assert beginning(ledger, [message], worker="worker-2") == frozenset()
    assert beginning(ledger, [message], worker="worker-1") == {message.key}


def test_a_message_is_begun_once(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    assert beginning(ledger, [message]) == frozenset()


def test_what_was_never_claimed_cannot_be_begun(ledger: Ledger) -> None:
    assert beginning(ledger, [a_message()]) == frozenset()
    assert states(ledger) == {}


def test_a_worker_that_slept_through_its_lease_sends_nothing(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message], lease=ENDED)
    assert beginning(ledger, [message]) == frozenset()
    assert states(ledger) == {message.key: "claimed"}


def test_a_worker_whose_message_was_claimed_by_another_sends_nothing(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message], worker="slow", lease=ENDED)
    claiming(ledger, [message], worker="quick")
    assert beginning(ledger, [message], worker="slow") == frozenset()
    assert beginning(ledger, [message], worker="quick") == {message.key}


def test_an_address_suppressed_after_the_claim_is_not_written_to(ledger: Ledger) -> None:
    message, other = a_message("1"), a_message("2")
    claiming(ledger, [message, other])
    ledger.suppress(
        address_key=message.address_key,
        channel=Channel.EMAIL,
        reason=SuppressionReason.COMPLAINED,
        at=NOON,
    )
    assert beginning(ledger, [message, other]) == {other.key}
    assert states(ledger) == {message.key: "suppressed", other.key: "dispatching"}


def test_who_was_asked_to_carry_a_message_is_known_before_it_is_sent(
    ledger: Ledger, rows: Rows
) -> None:
    message = a_message()
    claiming(ledger, [message])
    ledger.begin_dispatch(
        [message.key], worker="worker-1", lease=timedelta(minutes=5), provider="smtp"
    )
    assert [row["provider"] for row in rows(messages)] == ["smtp"]


def test_released_messages_may_be_claimed_at_once(ledger: Ledger) -> None:
    """Case 11: the run stops, the rest stays claimable."""
    message = a_message()
    claiming(ledger, [message], worker="worker-1")
    ledger.release([message.key], worker="worker-1")
    assert states(ledger) == {message.key: "retryable"}
    assert claiming(ledger, [message], worker="worker-2").claimed == {message.key}


def test_a_worker_releases_only_its_own(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message], worker="worker-1")
    ledger.release([message.key], worker="worker-2")
    assert states(ledger) == {message.key: "claimed"}


def test_what_may_be_on_the_wire_cannot_be_released(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    ledger.release([message.key], worker="worker-1")
    assert states(ledger) == {message.key: "dispatching"}


def test_a_reason_found_outside_the_ledger_is_recorded(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    ledger.release([message.key], worker="worker-1")
    ledger.block([message], reason=Reason.CONVERTED, now=NOON)
    assert states(ledger) == {message.key: "converted"}


def test_a_message_that_was_sent_is_not_shown_as_blocked(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    settling(ledger, [message])
    ledger.block([message], reason=Reason.CONVERTED, now=NOON)
    assert states(ledger) == {message.key: "accepted"}


@pytest.mark.parametrize("state", [MessageState.ACCEPTED, MessageState.IN_DOUBT])
def test_nothing_is_begun_again_after_an_answer(ledger: Ledger, state: MessageState) -> None:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    settling(ledger, [message], state)
    assert beginning(ledger, [message]) == frozenset()
