"""Of every accepted message one fate is counted, and what its recipient did, by whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import DAY, a_message, sent
from perennial.ledger import responding
from perennial.ledger.responding import ChannelResponses, DayResponses
from perennial.ledger.store import Ledger
from perennial.model.events import ProviderEvent
from perennial.model.message import PlannedMessage
from perennial.model.words import Actor, CaseReason, Channel, EventWord, Pressure, SurveyScale

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture(autouse=True, params=[1, 50_000], ids=["as many", "as few"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every rule holds for both ways in which the ledger counts."""
    monkeypatch.setattr(responding, "_MANY", request.param)


def told(message: PlannedMessage, word: EventWord, **changes: object) -> ProviderEvent:
    fields: dict[str, object] = {"provider": "sendgrid", "at": LATER, "actor": None}
    return ProviderEvent(key=message.key, word=word, **{**fields, **changes})  # type: ignore[arg-type]


def tell(ledger: Ledger, *events: ProviderEvent) -> None:
    ledger.apply_events(events, received_at=LATER)


def the_channel(ledger: Ledger, channel: Channel = Channel.EMAIL) -> ChannelResponses:
    (found,) = [c for c in ledger.responses("win_back", DAY).channels if c.channel is channel]
    return found


@pytest.mark.parametrize(
    ("words", "fate"),
    [
        ([], "untold"),
        ([EventWord.PROCESSED, EventWord.DEFERRED], "untold"),
        ([EventWord.DELIVERED], "delivered"),
        ([EventWord.BLOCKED, EventWord.DELIVERED], "delivered"),
        ([EventWord.OPENED], "delivered"),
        ([EventWord.DELIVERED, EventWord.BOUNCED], "bounced"),
        ([EventWord.BLOCKED], "undelivered"),
        ([EventWord.DROPPED], "undelivered"),
        ([EventWord.UNDELIVERED], "undelivered"),
    ],
)
def test_a_message_has_one_fate_whatever_was_told_of_it(
    ledger: Ledger, words: list[EventWord], fate: str
) -> None:
    message = a_message()
    sent(ledger, message)
    tell(ledger, *(told(message, word) for word in words))
    found = the_channel(ledger)

    fates = ("delivered", "bounced", "undelivered", "untold")
    assert {name: getattr(found, name) for name in fates} == dict.fromkeys(fates, 0) | {fate: 1}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(list(EventWord))), max_size=30))
def test_fates_add_up_to_what_was_accepted(
    ledger: Ledger, happened: list[tuple[int, EventWord]]
) -> None:
    people = [a_message(f"{n}") for n in range(5)]
    for message in people:
        if not ledger.states([message.key]):
            sent(ledger, message)
    tell(ledger, *(told(people[number], word) for number, word in happened))
    found = the_channel(ledger)

    assert found.accepted == 5
    assert found.untold >= 0
    assert found.delivered + found.bounced + found.undelivered + found.untold == 5
    with pytest.MonkeyPatch.context() as patch:
        ways = []
        for many in (1, 50_000):
            patch.setattr(responding, "_MANY", many)
            ways.append(ledger.responses("win_back", DAY))
    assert ways[0] == ways[1], "both ways of counting say the same"


def test_openings_of_people_and_of_machines_are_told_apart(ledger: Ledger) -> None:
    person, machine, somebody = (a_message(name) for name in ("person", "machine", "somebody"))
    sent(ledger, person, machine, somebody)
    tell(
        ledger,
        told(person, EventWord.OPENED, actor=Actor.PERSON),
        told(person, EventWord.CLICKED, actor=Actor.PERSON),
        told(machine, EventWord.OPENED, actor=Actor.MACHINE),
        told(machine, EventWord.CLICKED, actor=Actor.MACHINE),
        told(somebody, EventWord.OPENED),
    )
    found = the_channel(ledger)

    assert (found.opened_by_people, found.opened_by_machines, found.opened_by_somebody) == (1, 1, 1)
    assert (found.clicked_by_people, found.clicked_by_machines) == (1, 1)


def test_who_had_stopped_before_does_not_unsubscribe_again(ledger: Ledger) -> None:
    new, old = (a_message(name, channel=Channel.SMS) for name in ("new", "old"))
    sent(ledger, new, old)
    tell(
        ledger,
        told(new, EventWord.UNSUBSCRIBED),
        told(old, EventWord.UNDELIVERED, code="21610"),
        told(old, EventWord.UNSUBSCRIBED, code="21610"),
    )

    assert the_channel(ledger, Channel.SMS).unsubscribed == 1


def test_a_stop_answers_the_last_message_before_it(ledger: Ledger) -> None:
    first = a_message("1", channel=Channel.SMS, pressure=Pressure.SURVEY)
    second = a_message("1", channel=Channel.SMS, step=2)
    other = a_message("2", channel=Channel.SMS)
    sent(ledger, first, second, other)
    ledger.refuse_texts("SM1", address_key=first.address_key, channel=Channel.SMS, at=LATER)

    assert the_channel(ledger, Channel.SMS).stopped == 1


def test_a_stop_before_a_message_is_no_answer_to_it(ledger: Ledger) -> None:
    message = a_message("1", channel=Channel.SMS)
    sent(ledger, message)
    before = datetime.now(UTC) - timedelta(hours=1)
    ledger.refuse_texts("SM1", address_key=message.address_key, channel=Channel.SMS, at=before)

    assert the_channel(ledger, Channel.SMS).stopped == 0


def test_answers_and_cases_are_counted_with_the_campaign_that_asked(ledger: Ledger) -> None:
    content, cross, silent = (a_message(name) for name in ("content", "cross", "silent"))
    elsewhere = a_message("1", campaign="birthday")
    sent(ledger, content, cross, silent, elsewhere)
    for message, score in ((content, 5), (cross, 1), (elsewhere, 3)):
        ledger.record_answer(
            message.key, scale=SurveyScale.CSAT, score=score, comment=None, at=LATER
        )
    ledger.open_case(cross.key, why=CaseReason.LOW_SCORE, at=LATER)
    found = ledger.responses("win_back", DAY)

    assert found.scores == {SurveyScale.CSAT: {5: 1, 1: 1}}
    assert found.cases == 1
    assert the_channel(ledger).answered == 2
    assert the_channel(ledger).delivered == 2


def test_a_day_without_messages_has_no_responses(ledger: Ledger) -> None:
    assert ledger.responses("win_back", DAY) == DayResponses()
