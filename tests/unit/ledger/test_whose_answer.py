"""An answer counts for the request that it answers, and for no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger_builder import NOON, a_message, a_receipt, beginning, claiming, settling, states
from perennial.ledger.store import Ledger
from perennial.model.message import PlannedMessage
from perennial.model.words import MessageState

ENDED = timedelta(0)
NOT_A_YES = [MessageState.RETRYABLE, MessageState.REFUSED, MessageState.IN_DOUBT]


@pytest.fixture
def begun_again(ledger: Ledger) -> PlannedMessage:
    """A message of worker-1 whose lease ended, that was shown not to be sent, and that worker-2 has begun."""
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message], lease=ENDED)
    ledger.abandon_expired()
    ledger.settle_doubts([a_receipt(message, MessageState.RETRYABLE)], now=NOON)
    claiming(ledger, [message], worker="worker-2")
    assert beginning(ledger, [message], worker="worker-2") == {message.key}
    return message


@pytest.mark.parametrize("state", NOT_A_YES)
def test_the_late_answer_to_an_earlier_request_does_not_free_what_another_has_begun(
    ledger: Ledger, begun_again: PlannedMessage, state: MessageState
) -> None:
    ledger.settle([a_receipt(begun_again, state)], now=NOON, worker="worker-1")
    assert states(ledger) == {begun_again.key: "dispatching"}


@pytest.mark.parametrize("state", NOT_A_YES)
def test_evidence_about_a_doubt_that_is_over_does_not_free_what_has_been_begun(
    ledger: Ledger, begun_again: PlannedMessage, state: MessageState
) -> None:
    ledger.settle_doubts([a_receipt(begun_again, state)], now=NOON)
    assert states(ledger) == {begun_again.key: "dispatching"}


def test_a_yes_is_believed_whoever_brings_it(ledger: Ledger, begun_again: PlannedMessage) -> None:
    ledger.settle([a_receipt(begun_again)], now=NOON, worker="worker-1")
    assert states(ledger) == {begun_again.key: "accepted"}


def test_evidence_of_a_yes_is_believed_at_any_time(
    ledger: Ledger, begun_again: PlannedMessage
) -> None:
    ledger.settle_doubts([a_receipt(begun_again)], now=NOON)
    assert states(ledger) == {begun_again.key: "accepted"}


@pytest.mark.parametrize("state", [MessageState.RETRYABLE, MessageState.REFUSED])
def test_the_late_answer_of_the_worker_itself_settles_its_doubt(
    ledger: Ledger, state: MessageState
) -> None:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message], lease=ENDED)
    ledger.abandon_expired()
    ledger.settle([a_receipt(message, state)], now=NOON, worker="worker-1")
    assert states(ledger) == {message.key: state}


def test_what_was_never_begun_cannot_be_accepted(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    settling(ledger, [message])
    assert states(ledger) == {message.key: "claimed"}
