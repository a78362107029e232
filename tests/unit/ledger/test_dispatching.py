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
from perennial.model.words import Channel, Control, MessageState, Reason, SuppressionReason

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


@pytest.mark.parametrize("campaign", ["win_back", None])
@pytest.mark.parametrize("control", [Control.PAUSE, Control.STOP])
def test_nothing_of_a_campaign_that_is_told_to_wait_is_begun_until_it_is_told_to_run(
    ledger: Ledger, control: Control, campaign: str | None
) -> None:
    message = a_message()
    claiming(ledger, [message])
    told(ledger, control, campaign)
    assert beginning(ledger, [message]) == frozenset()
    assert states(ledger) == {message.key: "claimed"}
    told(ledger, Control.RUN, campaign)
    assert beginning(ledger, [message]) == {message.key}


def test_what_a_paused_campaign_holds_is_given_back_by_its_worker(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    told(ledger, Control.PAUSE)
    beginning(ledger, [message])
    ledger.release([message.key], worker="worker-1")
    assert states(ledger) == {message.key: "retryable"}


def test_a_campaign_that_is_stopped_stops_no_other(ledger: Ledger) -> None:
    stopped, other = a_message("1"), a_message("2", campaign="birthday")
    claiming(ledger, [stopped, other])
    told(ledger, Control.STOP)
    assert beginning(ledger, [stopped, other]) == {other.key}


def test_a_campaign_that_is_told_to_run_waits_as_long_as_everything_does(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    told(ledger, Control.PAUSE, None)
    told(ledger, Control.RUN)
    assert beginning(ledger, [message]) == frozenset()


def test_an_address_suppressed_meanwhile_is_blocked_though_its_campaign_is_paused(
    ledger: Ledger,
) -> None:
    message = a_message()
    claiming(ledger, [message])
    told(ledger, Control.PAUSE)
    reason = SuppressionReason.COMPLAINED
    ledger.suppress(address_key=message.address_key, channel=Channel.EMAIL, reason=reason, at=NOON)
    assert beginning(ledger, [message]) == frozenset()
    assert states(ledger) == {message.key: "suppressed"}


def test_the_ledger_counts_the_requests_that_were_begun(ledger: Ledger) -> None:
    before = ledger.fence().begun
    many = [a_message(str(number)) for number in range(3)]
    claiming(ledger, many)
    beginning(ledger, [*many[:2], a_message("unknown")])
    assert ledger.fence().begun == before + 2
    beginning(ledger, many)
    assert ledger.fence().begun == before + 3
    settling(ledger, many, MessageState.RETRYABLE)
    claiming(ledger, many)
    assert ledger.fence().begun == before + 3
    beginning(ledger, many)
    assert ledger.fence().begun == before + 6


def test_a_request_that_could_not_be_committed_is_not_counted(ledger: Ledger) -> None:
    before = ledger.fence().begun
    claiming(ledger, [a_message()])
    with pytest.raises(OverflowError):
        beginning(ledger, [a_message()], lease=timedelta.max)
    assert ledger.fence().begun == before
    assert states(ledger) == {a_message().key: "claimed"}


def told(ledger: Ledger, control: Control, campaign: str | None = "win_back") -> None:
    ledger.command(control, campaign=campaign, by="Ada", reason="why", at=NOON)
