"""Doubts that are settled without an answer of the provider."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import create_engine, update

from ledger_builder import DAY, NOON, Rows, a_message, a_receipt, claiming, states
from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.ledger.tables import messages, rulings
from perennial.model.events import ProviderEvent
from perennial.model.message import PlannedMessage
from perennial.model.words import Channel, EventWord, MessageState

HALF_AN_HOUR = timedelta(minutes=30)
HOUR = timedelta(hours=1)
ENDED = timedelta(0)


class Night:
    """Messages begun one after another, with as much time between them as a test says."""

    def __init__(self, ledger: Ledger, url: str) -> None:
        self.ledger, self.url = ledger, url

    def begun(
        self,
        customer: str,
        ago: timedelta,
        state: MessageState = MessageState.IN_DOUBT,
        provider: str = "sendgrid",
    ) -> PlannedMessage:
        message = a_message(customer)
        claiming(self.ledger, [message])
        self.ledger.begin_dispatch([message.key], worker="worker-1", lease=HOUR, provider=provider)
        if state is not MessageState.DISPATCHING:
            receipt = a_receipt(message, state, provider=provider, code="timeout")
            self.ledger.settle([receipt], now=NOON)
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(
                update(messages)
                .where(messages.c.key == message.key)
                .values(dispatched_at=datetime.now(UTC) - ago)
            )
        engine.dispose()
        return message

    def reported(self, message: PlannedMessage, provider: str = "sendgrid") -> None:
        event = ProviderEvent(key=message.key, word=EventWord.PROCESSED, provider=provider, at=NOON)
        self.ledger.apply_events([event], received_at=NOON)

    def silent(self, provider: str = "sendgrid") -> int:
        return self.ledger.settle_silent(provider, silent_for=HALF_AN_HOUR, now=NOON)


@pytest.fixture
def night(ledger: Ledger, ledger_url: str) -> Night:
    return Night(ledger, ledger_url)


def test_without_proof_that_reports_flow_nothing_moves(ledger: Ledger, night: Night) -> None:
    doubtful = night.begun("1", 9 * HOUR)
    night.begun("2", HOUR, MessageState.ACCEPTED)
    assert night.silent() == 0
    assert states(ledger)[doubtful.key] == "in_doubt"


def test_with_proof_only_what_was_begun_before_the_proof_moves(
    ledger: Ledger, night: Night
) -> None:
    before, after = night.begun("1", 3 * HOUR), night.begun("3", HOUR)
    night.reported(night.begun("2", 2 * HOUR, MessageState.ACCEPTED))
    assert night.silent() == 1
    assert (states(ledger)[before.key], states(ledger)[after.key]) == ("retryable", "in_doubt")
    assert night.silent() == 0
    assert claiming(ledger, [before, after]).claimed == {before.key}


def test_a_report_on_an_earlier_request_is_no_proof(night: Night) -> None:
    night.begun("1", 2 * HOUR)
    night.reported(night.begun("2", 3 * HOUR, MessageState.ACCEPTED))
    assert night.silent() == 0


def test_what_has_any_report_is_never_silent(ledger: Ledger, night: Night) -> None:
    spoken = night.begun("1", 3 * HOUR)
    night.reported(spoken)
    night.reported(night.begun("2", 2 * HOUR, MessageState.ACCEPTED))
    assert night.silent() == 0
    assert states(ledger)[spoken.key] == "accepted"


def test_silence_takes_its_time(night: Night) -> None:
    night.begun("1", HALF_AN_HOUR - timedelta(minutes=1))
    night.reported(night.begun("2", timedelta(minutes=1), MessageState.ACCEPTED))
    assert night.silent() == 0


def test_the_time_of_silence_is_not_that_of_the_worker(night: Night) -> None:
    """Case 48."""
    night.begun("1", HALF_AN_HOUR - timedelta(minutes=1))
    night.reported(night.begun("2", timedelta(minutes=1), MessageState.ACCEPTED))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        assert night.silent() == 0


def test_proof_of_one_provider_is_none_of_another(night: Night) -> None:
    night.begun("1", 3 * HOUR)
    night.reported(night.begun("2", 2 * HOUR, MessageState.ACCEPTED, "twilio"), "twilio")
    assert night.silent() == 0
    assert night.silent("twilio") == 0


@pytest.mark.parametrize("state", sorted(set(MessageState) - {MessageState.IN_DOUBT}))
def test_only_doubts_are_settled_by_silence(
    ledger: Ledger, night: Night, state: MessageState
) -> None:
    if state is MessageState.CLAIMED:
        message = a_message("1")
        claiming(ledger, [message])
    else:
        message = night.begun("1", 3 * HOUR, state)
    night.reported(night.begun("2", 2 * HOUR, MessageState.ACCEPTED))
    assert night.silent() == 0
    assert states(ledger)[message.key] == state


def test_what_is_presumed_sent_is_not_settled_by_silence(ledger: Ledger, night: Night) -> None:
    """Its reports may have come before they were forgotten."""
    presumed = a_message("1")
    ledger.presume_sent([presumed], provider={Channel.EMAIL: "sendgrid"}, at=NOON)
    night.reported(night.begun("2", HOUR, MessageState.ACCEPTED))
    assert night.silent() == 0


def test_a_ruling_by_silence_is_kept(ledger: Ledger, night: Night) -> None:
    doubtful = night.begun("1", 3 * HOUR)
    night.reported(night.begun("2", 2 * HOUR, MessageState.ACCEPTED))
    night.silent()
    (ruling,) = ledger.rulings()
    assert (ruling.key, ruling.state, ruling.by) == (doubtful.key, "retryable", "silence")
    assert (ruling.at, "30 minutes" in ruling.reason) == (NOON, True)


def test_a_doubt_tells_what_is_known_about_it(ledger: Ledger, night: Night) -> None:
    doubtful = night.begun("7", HOUR)
    (doubt,) = ledger.doubts()
    assert (doubt.key, doubt.customer_id) == (doubtful.key, "7")
    assert (doubt.attempts, doubt.code, doubt.provider) == (1, "timeout", "sendgrid")


def ruling(ledger: Ledger, some: Iterable[PlannedMessage], *, accepted: bool) -> int:
    keys = [message.key for message in some]
    return ledger.rule(keys, accepted=accepted, by="Ada", reason="asked them", at=NOON)


@pytest.mark.parametrize(("accepted", "state"), [(True, "accepted"), (False, "retryable")])
def test_a_person_settles_doubts_and_it_is_kept_who_and_why(
    ledger: Ledger, night: Night, *, accepted: bool, state: str
) -> None:
    first, second = night.begun("1", HOUR), night.begun("2", HOUR)
    assert ruling(ledger, [first], accepted=accepted) == 1
    assert states(ledger) == {first.key: state, second.key: "in_doubt"}
    (kept,) = ledger.rulings(campaign=first.campaign, day=DAY)
    assert (kept.key, kept.state, kept.by) == (first.key, state, "Ada")
    assert (kept.reason, kept.at) == ("asked them", NOON)
    assert ledger.rulings(campaign="birthday") == []


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("state", sorted(set(MessageState) - {MessageState.IN_DOUBT}))
def test_a_person_settles_nothing_but_doubts(
    ledger: Ledger, night: Night, rows: Rows, state: MessageState, *, accepted: bool
) -> None:
    if state is MessageState.CLAIMED:
        message = a_message("1")
        claiming(ledger, [message])
    else:
        message = night.begun("1", HOUR, state)
    assert ruling(ledger, [message, a_message("unknown")], accepted=accepted) == 0
    assert states(ledger) == {message.key: state}
    assert rows(rulings) == []


def test_a_doubt_whose_worker_never_said_whom_it_asks_is_settled_too(
    ledger: Ledger, rows: Rows
) -> None:
    message = a_message()
    claiming(ledger, [message])
    ledger.begin_dispatch([message.key], worker="worker-1", lease=ENDED)
    ledger.abandon_expired()
    assert ruling(ledger, [message], accepted=True) == 1
    (row,) = rows(messages)
    assert (row["state"], row["provider"]) == ("accepted", "unknown")


def test_a_ruling_says_who_and_why(ledger: Ledger, night: Night) -> None:
    doubtful = night.begun("1", HOUR)
    with pytest.raises(LedgerError, match="who"):
        ledger.rule([doubtful.key], accepted=True, by="Ada", reason="  ", at=NOON)
    assert states(ledger) == {doubtful.key: "in_doubt"}


def test_a_late_yes_overrules_a_ruling(ledger: Ledger, night: Night) -> None:
    doubtful = night.begun("1", HOUR)
    ruling(ledger, [doubtful], accepted=False)
    night.reported(doubtful)
    assert states(ledger) == {doubtful.key: "accepted"}
