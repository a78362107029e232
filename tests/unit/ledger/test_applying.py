"""What providers report, in whatever order and however often they do."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from ledger_builder import DAY, NOON, Rows, a_message, a_receipt, beginning, claiming, states
from perennial.ledger.store import Applied, Ledger
from perennial.ledger.tables import (
    message_changes,
    message_events,
    messages,
    parked_events,
    providers,
    suppressions,
)
from perennial.model.events import ProviderEvent
from perennial.model.message import PlannedMessage
from perennial.model.words import Actor, Channel, EventWord, MessageState, Reason

HOUR = timedelta(hours=1)
_RUNS = count(1)

BEGUN = [
    MessageState.DISPATCHING,
    MessageState.IN_DOUBT,
    MessageState.RETRYABLE,
    MessageState.CLAIMED,
    MessageState.ACCEPTED,
    MessageState.REFUSED,
]


def an_event(
    message: PlannedMessage, word: EventWord = EventWord.DELIVERED, **changes: Any
) -> ProviderEvent:
    fields: dict[str, Any] = {
        "key": message.key,
        "word": word,
        "provider": "sendgrid",
        "at": NOON,
        "provider_id": f"id-{message.customer_id}",
    }
    return ProviderEvent(**(fields | changes))


def applying(ledger: Ledger, *events: ProviderEvent, received_at: datetime = NOON) -> Applied:
    return ledger.apply_events(events, received_at=received_at)


def bring(ledger: Ledger, message: PlannedMessage, state: MessageState) -> None:
    """To a state after a request was begun; claimed is claimed once more."""
    claiming(ledger, [message])
    ledger.begin_dispatch([message.key], worker="worker-1", lease=HOUR, provider="sendgrid")
    if state is MessageState.CLAIMED:
        ledger.settle([a_receipt(message, MessageState.RETRYABLE)], now=NOON)
        claiming(ledger, [message])
    elif state is not MessageState.DISPATCHING:
        ledger.settle([a_receipt(message, state, provider="sendgrid")], now=NOON)


@pytest.fixture
def dispatching(ledger: Ledger) -> PlannedMessage:
    message = a_message()
    bring(ledger, message, MessageState.DISPATCHING)
    return message


@pytest.mark.parametrize("word", list(EventWord))
def test_any_event_settles_a_doubt(ledger: Ledger, rows: Rows, word: EventWord) -> None:
    """Cases 1, 2, 4 and 5."""
    message = a_message()
    bring(ledger, message, MessageState.IN_DOUBT)
    assert applying(ledger, an_event(message, word), received_at=NOON + HOUR).new == 1
    (row,) = rows(messages)
    assert (row["state"], row["settled_at"]) == ("accepted", NOON + HOUR)
    assert (row["provider"], row["provider_id"]) == ("sendgrid", "id-1")
    assert ledger.doubts() == []


@pytest.mark.parametrize("state", BEGUN)
def test_an_event_is_believed_as_a_late_yes_is(ledger: Ledger, state: MessageState) -> None:
    """The same message, once told by an event and once by a receipt, ends the same."""
    by_event, by_receipt = a_message("1"), a_message("2")
    for message in (by_event, by_receipt):
        bring(ledger, message, state)
    applying(ledger, an_event(by_event))
    ledger.settle([a_receipt(by_receipt)], now=NOON)
    ended = states(ledger)
    assert ended[by_event.key] == ended[by_receipt.key]
    assert ended[by_event.key] == ("refused" if state is MessageState.REFUSED else "accepted")


def test_what_an_event_has_proved_is_not_begun_again(ledger: Ledger) -> None:
    message = a_message()
    bring(ledger, message, MessageState.CLAIMED)
    applying(ledger, an_event(message))
    assert beginning(ledger, [message]) == frozenset()
    assert claiming(ledger, [message]).taken == {message.key}


def test_an_event_about_what_was_never_begun_here_tells_of_a_forgotten_request(
    ledger: Ledger, rows: Rows
) -> None:
    """Case 18: the ledger was restored, and the message claimed once more."""
    message = a_message()
    claiming(ledger, [message])
    applying(ledger, an_event(message))
    assert beginning(ledger, [message]) == frozenset()
    (row,) = rows(messages)
    assert (row["state"], row["attempts"], row["dispatched_at"]) == ("accepted", 1, NOON)


def test_the_id_of_the_provider_is_taken_from_whichever_event_has_it(
    ledger: Ledger, rows: Rows, dispatching: PlannedMessage
) -> None:
    applying(
        ledger,
        an_event(dispatching, EventWord.BOUNCED, provider_id=None, at=NOON - HOUR),
        an_event(dispatching, EventWord.PROCESSED, provider_id="id-7"),
    )
    assert [row["provider_id"] for row in rows(messages)] == ["id-7"]


def test_an_answer_after_the_event_changes_nothing(
    ledger: Ledger, dispatching: PlannedMessage
) -> None:
    applying(ledger, an_event(dispatching))
    for state in (MessageState.RETRYABLE, MessageState.REFUSED, MessageState.IN_DOUBT):
        ledger.settle([a_receipt(dispatching, state)], now=NOON, worker="worker-1")
    assert states(ledger) == {dispatching.key: "accepted"}


def test_an_event_is_kept_once_and_counted_as_what_it_is(
    ledger: Ledger, rows: Rows, dispatching: PlannedMessage
) -> None:
    """Case 20."""
    stranger = a_message("9")
    told = [an_event(dispatching), an_event(dispatching), an_event(stranger), an_event(stranger)]
    assert applying(ledger, *told) == Applied(new=1, repeated=1, parked=2)
    changes = rows(message_changes)
    assert applying(ledger, *told) == Applied(new=0, repeated=2, parked=2)
    assert len(rows(message_events)) == 1
    assert rows(message_changes) == changes


def test_no_events_are_nothing(ledger: Ledger) -> None:
    assert applying(ledger) == Applied(new=0, repeated=0, parked=0)


def test_the_earliest_report_of_a_thing_stands(
    ledger: Ledger, rows: Rows, dispatching: PlannedMessage
) -> None:
    """Case 21."""
    applying(ledger, an_event(dispatching, EventWord.OPENED, at=NOON + HOUR, code="late"))
    applying(
        ledger,
        an_event(dispatching, EventWord.OPENED, at=NOON, code="early"),
        received_at=NOON + 2 * HOUR,
    )
    applying(ledger, an_event(dispatching, EventWord.OPENED, at=NOON + 2 * HOUR))
    (row,) = rows(message_events)
    assert (row["at"], row["code"], row["received_at"]) == (NOON, "early", NOON)


def test_events_of_strangers_are_parked(ledger: Ledger, rows: Rows) -> None:
    """Case 25."""
    stranger = a_message("9")
    words = [EventWord.DELIVERED, EventWord.COMPLAINED]
    applying(ledger, *(an_event(stranger, word) for word in words))
    assert ledger.parked() == 1
    assert {row["word"] for row in rows(parked_events)} == set(words)
    assert rows(message_events) == rows(suppressions) == rows(messages) == []


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (EventWord.BOUNCED, "hard_bounced"),
        (EventWord.COMPLAINED, "complained"),
        (EventWord.UNSUBSCRIBED, "unsubscribed"),
    ],
)
def test_what_must_end_the_writing_suppresses_the_address_on_its_channel(
    ledger: Ledger, rows: Rows, word: EventWord, reason: str
) -> None:
    message = a_message(channel=Channel.SMS)
    bring(ledger, message, MessageState.ACCEPTED)
    applying(ledger, an_event(message, word, at=NOON + HOUR))
    expected = {"address_key": "address-1", "channel": "sms", "reason": reason}
    instants = {"since": NOON + HOUR, "said_at": NOON + HOUR, "lifted_at": None}
    assert rows(suppressions) == [expected | instants]
    again = a_message(campaign="birthday", channel=Channel.SMS)
    assert claiming(ledger, [again]).blocked == {again.key: Reason.SUPPRESSED}


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("bounced_address", ["hard_bounced"]),
        ("invalid", ["invalid"]),
        ("spam_reporting_address", ["complained"]),
        ("unsubscribed_address", ["unsubscribed"]),
        ("spam_content", []),
        ("over_quota", []),
        (None, []),
    ],
)
def test_what_was_dropped_for_its_address_suppresses_it(
    ledger: Ledger, rows: Rows, dispatching: PlannedMessage, code: str | None, reasons: list[str]
) -> None:
    applying(ledger, an_event(dispatching, EventWord.DROPPED, code=code))
    assert [row["reason"] for row in rows(suppressions)] == reasons


@pytest.mark.parametrize("code", ["21610", "63014"])
def test_whoever_has_answered_stop_to_twilio_is_let_in_by_start(
    ledger: Ledger, rows: Rows, code: str
) -> None:
    """Cases 27 and 28."""
    message = a_message(channel=Channel.SMS)
    bring(ledger, message, MessageState.ACCEPTED)
    told = {"code": code, "provider": "twilio", "dated": False}
    applying(ledger, an_event(message, EventWord.UNSUBSCRIBED, **told))
    assert suppressed(rows) == [("address-1", "sms", "stopped", NOON)]
    ledger.want_texts("SM1", address_key="address-1", channel=Channel.SMS, at=NOON + HOUR)
    assert ledger.suppressions_of(["address-1"]) == []
    # Twilio tells no time, so a replay of the report seems to be of now.
    applying(ledger, an_event(message, EventWord.UNSUBSCRIBED, at=NOON + 2 * HOUR, **told))
    assert ledger.suppressions_of(["address-1"]) == []


@pytest.mark.parametrize("word", [EventWord.OPENED, EventWord.CLICKED])
def test_one_person_is_enough_whatever_machine_came_first(
    ledger: Ledger, rows: Rows, dispatching: PlannedMessage, word: EventWord
) -> None:
    for actor, seen in [
        (None, None),
        (Actor.MACHINE, "machine"),
        (Actor.PERSON, "person"),
        (Actor.MACHINE, "person"),
        (None, "person"),
    ]:
        applying(ledger, an_event(dispatching, word, actor=actor))
        assert [row["actor"] for row in rows(message_events)] == [seen]


def test_nobody_reads_within_seconds_of_the_handing_over(
    ledger: Ledger, rows: Rows, dispatching: PlannedMessage
) -> None:
    (begun,) = (row["dispatched_at"] for row in rows(messages))
    for word, seconds in [(EventWord.CLICKED, 3), (EventWord.OPENED, 30), (EventWord.DELIVERED, 3)]:
        at = begun + timedelta(seconds=seconds)
        actor = None if word is EventWord.DELIVERED else Actor.PERSON
        applying(ledger, an_event(dispatching, word, actor=actor, at=at))
    acted = {row["word"]: row["actor"] for row in rows(message_events)}
    assert acted == {"clicked": "machine", "opened": "person", "delivered": None}


def test_other_words_suppress_nothing(
    ledger: Ledger, rows: Rows, dispatching: PlannedMessage
) -> None:
    ending = {EventWord.BOUNCED, EventWord.COMPLAINED, EventWord.UNSUBSCRIBED}
    applying(ledger, *(an_event(dispatching, word) for word in set(EventWord) - ending))
    assert rows(suppressions) == []


def test_reports_on_several_messages_to_one_address_suppress_it_since_the_first(
    ledger: Ledger, rows: Rows
) -> None:
    both = [a_message(customer, address_key="shared") for customer in "12"]
    for message in both:
        bring(ledger, message, MessageState.ACCEPTED)
    for message, at in zip(both, (NOON + HOUR, NOON), strict=True):
        applying(ledger, an_event(message, EventWord.BOUNCED, at=at))
    (row,) = rows(suppressions)
    assert row["since"] == NOON


def test_how_far_reports_have_come_is_the_start_of_the_latest_request_reported_on(
    ledger: Ledger, rows: Rows
) -> None:
    first, second = a_message("1"), a_message("2")
    for message in (first, second):
        bring(ledger, message, MessageState.DISPATCHING)
    begun = {row["key"]: row["dispatched_at"] for row in rows(messages)}
    for message, until in ((second, second), (first, second)):
        applying(ledger, an_event(message, at=NOON + 9 * HOUR))
        assert reported_until(rows) == {"sendgrid": begun[until.key]}


def test_a_report_on_a_message_begun_twice_does_not_say_which_request_it_is_about(
    ledger: Ledger, rows: Rows
) -> None:
    message = a_message()
    bring(ledger, message, MessageState.CLAIMED)
    beginning(ledger, [message])
    applying(ledger, an_event(message))
    assert reported_until(rows) == {}


def test_a_flood_is_applied_in_chunks(ledger: Ledger, rows: Rows) -> None:
    """Case 22."""
    many = [a_message(str(number)) for number in range(2100)]
    claiming(ledger, many)
    ledger.begin_dispatch([m.key for m in many], worker="worker-1", lease=HOUR, provider="sendgrid")
    told = [an_event(m, word) for word in (EventWord.DELIVERED, EventWord.OPENED) for m in many]
    assert applying(ledger, *told) == Applied(new=4200, repeated=0, parked=0)
    assert len(rows(message_events)) == 4200
    assert set(states(ledger).values()) == {"accepted"}


CUSTOMERS = [str(number) for number in range(len(BEGUN) + 2)]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(CUSTOMERS),
        st.sampled_from(
            [EventWord.DELIVERED, EventWord.OPENED, EventWord.BOUNCED, EventWord.DROPPED]
        ),
        st.sampled_from(["sendgrid", "twilio"]),
        st.sampled_from([NOON, NOON + HOUR]),
        st.sampled_from(["550", "Z", "a", "é", "invalid", "bounced_address", None]),
        st.sampled_from(["id", "Id", "other", None]),
        st.sampled_from([Actor.PERSON, Actor.MACHINE, None]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=EVENTS, repeated=st.lists(st.integers(0, 11), max_size=8), data=st.randoms())
def test_in_any_order_and_any_number_of_times_events_come_to_the_same(
    ledger: Ledger,
    rows: Rows,
    told: list[tuple[Any, ...]],
    repeated: list[int],
    data: random.Random,
) -> None:
    """Cases 20, 21 and 24: replays, disorder, and repetition by the provider."""
    other = [*told, *(told[turn % len(told)] for turn in repeated)]
    data.shuffle(other)
    straight = after(ledger, rows, [told])
    assert after(ledger, rows, [other[:3], other[3:], other[:5]]) == straight
    assert after(ledger, rows, [[one] for one in other]) == straight


def after(
    ledger: Ledger, rows: Rows, batches: Sequence[Sequence[tuple[Any, ...]]]
) -> list[list[tuple[Any, ...]]]:
    """What the tables say of a fresh set of messages when these events were applied, without when we were told."""
    run = f"run-{next(_RUNS)}"
    mine = {
        customer: a_message(
            customer,
            campaign=run,
            person_id=f"{run} {customer}",
            address_key=f"{run} {int(customer) % 3}",
        )
        for customer in CUSTOMERS
    }
    for customer, state in zip(CUSTOMERS, BEGUN, strict=False):
        bring(ledger, mine[customer], state)
    for batch in batches:
        ledger.apply_events(
            [
                ProviderEvent(
                    key=mine[customer].key,
                    word=word,
                    provider=provider,
                    at=at,
                    code=code,
                    provider_id=named,
                    actor=actor,
                )
                for customer, word, provider, at, code, named, actor in batch
            ],
            received_at=NOON,
        )
    customer_of = {message.key: customer for customer, message in mine.items()}
    kept = [
        _of(rows, table, "message_key", customer_of) for table in (message_events, parked_events)
    ]
    addresses = {message.address_key: message.address_key[len(run) :] for message in mine.values()}
    suppressed = _of(rows, suppressions, "address_key", addresses)
    ended = states(ledger, campaign=run, day=DAY)
    named = [
        (customer_of[row["key"]], str(row["provider_id"]))
        for row in rows(messages)
        if row["key"] in customer_of
    ]
    ends = sorted((customer_of[k], state) for k, state in ended.items())
    return [*kept, suppressed, ends, sorted(named)]


def _of(rows: Rows, table: Table, whose: str, names: dict[Any, str]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            names[row[whose]],
            *map(str, (row[c.name] for c in table.c if c.name not in {whose, "said_at"})),
        )
        for row in rows(table)
        if row[whose] in names
    )


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_events_and_answers_that_come_at_once_are_all_recorded(
    ledger: Ledger, ledger_url: str, rows: Rows
) -> None:
    many = [a_message(str(number)) for number in range(300)]
    claiming(ledger, many)
    ledger.begin_dispatch([m.key for m in many], worker="worker-1", lease=HOUR, provider="sendgrid")

    def work(worker: int) -> None:
        own, order = Ledger(ledger_url), many[worker * 30 :] + many[: worker * 30]
        if worker % 2:
            own.settle([a_receipt(m, provider="sendgrid") for m in order], now=NOON)
        else:
            words = (EventWord.DELIVERED, EventWord.UNSUBSCRIBED)
            applying(own, *(an_event(m, word) for m in order for word in words))
        own.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert set(states(ledger).values()) == {"accepted"}
    assert (len(rows(message_events)), len(rows(suppressions))) == (600, 300)


def suppressed(rows: Rows) -> list[tuple[Any, ...]]:
    names = ("address_key", "channel", "reason", "since")
    return [tuple(row[name] for name in names) for row in rows(suppressions)]


def reported_until(rows: Rows) -> dict[str, datetime]:
    return {row["provider"]: row["events_until"] for row in rows(providers)}
