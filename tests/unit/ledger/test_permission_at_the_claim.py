"""Who has taken back their consent, or asked for a pause, is not written to from that second on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ledger_builder import DAY, LEASE, NOON, a_message, beginning, claiming, states
from perennial.ledger.store import ConsentEntry, Ledger
from perennial.model.words import (
    Channel,
    ConsentSource,
    ConsentState,
    PreferenceName,
    Reason,
    SuppressionReason,
    Topic,
)

HOUR = timedelta(hours=1)


def says(
    ledger: Ledger,
    state: ConsentState = ConsentState.WITHDRAWN,
    *,
    person_id: str = "person-1",
    channel: Channel = Channel.EMAIL,
    topic: Topic = Topic.OFFERS,
    at: datetime = NOON - HOUR,
) -> None:
    entry = ConsentEntry(
        person_id=person_id,
        customer_id="1",
        channel=channel,
        topic=topic,
        state=state,
        at=at,
        how=ConsentSource.ONE_CLICK,
    )
    ledger.record_consents([entry], recorded_at=NOON)


def pauses(ledger: Ledger, until: datetime | None, *, person_id: str = "person-1") -> None:
    value = until.isoformat() if until else None
    ledger.prefer(
        person_id,
        "1",
        {PreferenceName.PAUSED_UNTIL: value},
        at=NOON - HOUR,
        how=ConsentSource.PREFERENCE_PAGE,
    )


def suppresses(ledger: Ledger) -> None:
    ledger.suppress(
        address_key="address-1",
        channel=Channel.EMAIL,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=NOON,
    )


def far_away() -> datetime:
    """Later than any clock of a database says."""
    return datetime.now(UTC) + timedelta(days=9_999)


def pauses_for_long(ledger: Ledger) -> None:
    pauses(ledger, far_away())


WAYS = [
    pytest.param(suppresses, Reason.SUPPRESSED, id="unsubscribed"),
    pytest.param(says, Reason.NO_CONSENT, id="withdrawn"),
    pytest.param(pauses_for_long, Reason.PERSON_PAUSED, id="paused"),
]


@pytest.mark.parametrize(("stop", "reason"), WAYS)
def test_a_stop_between_planning_and_the_claim_holds(
    ledger: Ledger, stop: Callable[[Ledger], None], reason: Reason
) -> None:
    """Case 26."""
    planned, other = a_message("1"), a_message("2")
    stop(ledger)
    claim = claiming(ledger, [planned, other])
    assert (claim.claimed, claim.blocked) == ({other.key}, {planned.key: reason})
    assert states(ledger) == {planned.key: reason, other.key: "claimed"}


@pytest.mark.parametrize(("stop", "reason"), WAYS)
def test_a_stop_between_the_claim_and_the_request_holds(
    ledger: Ledger, stop: Callable[[Ledger], None], reason: Reason
) -> None:
    """Case 26."""
    claimed, other = a_message("1"), a_message("2")
    claiming(ledger, [claimed, other])
    stop(ledger)
    assert beginning(ledger, [claimed, other]) == {other.key}
    assert states(ledger) == {claimed.key: reason, other.key: "dispatching"}


@pytest.mark.parametrize(("stop", "reason"), WAYS)
def test_a_stop_holds_when_a_message_is_claimed_once_more(
    ledger: Ledger, stop: Callable[[Ledger], None], reason: Reason
) -> None:
    """Case 26."""
    message = a_message()
    claiming(ledger, [message])
    ledger.release([message.key], worker="worker-1")
    stop(ledger)
    assert claiming(ledger, [message]).blocked == {message.key: reason}


def test_only_the_channel_and_topic_that_were_taken_back_are_closed(ledger: Ledger) -> None:
    says(ledger, channel=Channel.SMS)
    says(ledger, topic=Topic.LOYALTY)
    says(ledger, person_id="person-9")
    open_still, closed = a_message(), a_message(campaign="points", topic=Topic.LOYALTY)
    claim = claiming(ledger, [closed, open_still])
    assert (claim.claimed, claim.blocked) == ({open_still.key}, {closed.key: Reason.NO_CONSENT})


def test_who_agrees_again_is_written_to_again(ledger: Ledger) -> None:
    message = a_message()
    says(ledger, at=NOON - 2 * HOUR)
    assert claiming(ledger, [message]).claimed == frozenset()
    says(ledger, ConsentState.GRANTED, at=NOON - HOUR)
    assert claiming(ledger, [message]).claimed == {message.key}


def test_who_was_never_asked_by_the_ledger_is_the_plans_matter(ledger: Ledger) -> None:
    message = a_message()
    assert claiming(ledger, [message]).claimed == {message.key}


def test_a_pause_ends_at_its_instant(ledger: Ledger) -> None:
    message = a_message()
    pauses(ledger, NOON + HOUR)
    assert claiming(ledger, [message]).blocked == {message.key: Reason.PERSON_PAUSED}
    assert claiming(ledger, [message], now=NOON + HOUR).claimed == {message.key}


def test_a_pause_that_is_taken_back_is_over(ledger: Ledger) -> None:
    message = a_message()
    pauses_for_long(ledger)
    pauses(ledger, None)
    assert claiming(ledger, [message]).claimed == {message.key}


def test_a_lifted_suppression_lets_messages_leave(ledger: Ledger) -> None:
    message = a_message()
    suppresses(ledger)
    lifted = ledger.lift(
        "address-1",
        Channel.EMAIL,
        SuppressionReason.UNSUBSCRIBED,
        at=NOON + HOUR,
        by="ann",
    )
    assert lifted
    assert claiming(ledger, [message]).claimed == {message.key}
    assert beginning(ledger, [message], lease=LEASE) == {message.key}
    assert ledger.standing("win_back", DAY).total == 1
