"""What Twilio's list proves about a message in doubt: never that it may be sent again while it may have been sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.delivery.http_wire import Reply
from perennial.delivery.outcomes import Verdict
from perennial.delivery.twilio.listing import Page, list_query, read_page, verdict_of
from perennial.model.keys import MessageKey
from perennial.model.message import SmsMessage, WhatsAppMessage
from perennial.model.words import MessageState

BEGUN = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
TEXT = SmsMessage(
    key=MessageKey("0" * 32),
    campaign="birthday",
    locale="en",
    to="+14155550123",
    text="Juniper & Rye: happy birthday. STOP to opt out",
    segments=1,
)
WHATSAPP = WhatsAppMessage(
    key=MessageKey("1" * 32),
    campaign="birthday",
    locale="en",
    to="+14155550123",
    content_sid="HX" + "0" * 32,
    variables={"1": "Ann"},
    text="Happy birthday, Ann. STOP to opt out",
)


def row(after: timedelta = timedelta(seconds=1), **changes: Any) -> dict[str, Any]:
    return {
        "sid": "SM" + "0" * 32,
        "direction": "outbound-api",
        "body": TEXT.text,
        "date_created": format_datetime(BEGUN + after),
        **changes,
    }


def page(*rows: dict[str, Any], age: timedelta = timedelta(minutes=6), more: bool = False) -> Page:
    further = "/2010-04-01/next" if more else None
    body = json.dumps({"messages": rows, "next_page_uri": further}).encode()
    headers = {"Date": format_datetime(BEGUN + age)}
    read = read_page(Reply(status=200, headers=headers, body=body))
    assert read is not None
    return read


def verdict(
    *pages: Page, message: SmsMessage | WhatsAppMessage = TEXT, kept: bool = True
) -> Verdict | None:
    return verdict_of(pages, message, BEGUN, kept=kept)


def state(*pages: Page, **options: Any) -> MessageState | None:
    found = verdict(*pages, **options)
    return found.state if found else None


def test_a_message_in_our_words_to_that_number_since_then_was_taken_on() -> None:
    found = verdict(page(row()))
    assert found is not None
    assert (found.state, found.provider_id) == (MessageState.ACCEPTED, "SM" + "0" * 32)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(minutes=-2), MessageState.ACCEPTED),
        (timedelta(minutes=-2, seconds=-1), MessageState.RETRYABLE),
        (timedelta(hours=3), MessageState.ACCEPTED),
    ],
)
def test_the_same_words_count_from_two_minutes_before_the_message_was_begun(
    after: timedelta, expected: MessageState
) -> None:
    assert state(page(row(after))) is expected


def test_other_words_to_that_number_at_that_time_prove_nothing() -> None:
    assert state(page(row(body="Juniper & Rye: happy birthday? STOP"))) is None


def test_other_words_to_that_number_later_are_another_message() -> None:
    assert state(page(row(timedelta(hours=1), body="Other"))) is MessageState.RETRYABLE


@pytest.mark.parametrize("body", ["", None])
def test_where_texts_are_not_kept_any_message_of_that_time_is_it(body: str | None) -> None:
    assert state(page(row(body=body))) is MessageState.ACCEPTED


def test_of_a_template_the_number_and_the_time_are_compared() -> None:
    assert state(page(row(body="Hi Ann")), message=WHATSAPP) is MessageState.ACCEPTED
    assert state(page(row(timedelta(hours=1))), message=WHATSAPP) is MessageState.RETRYABLE


@pytest.mark.parametrize("minutes", [0, 4, 5])
def test_what_is_missing_from_a_list_that_may_lag_behind_proves_nothing(minutes: int) -> None:
    assert state(page(age=timedelta(minutes=minutes))) is None


def test_what_is_missing_after_the_list_has_caught_up_was_never_taken_on() -> None:
    found = verdict(page(age=timedelta(minutes=5, seconds=1)))
    assert found is not None
    assert (found.state, found.code) == (MessageState.RETRYABLE, "not_found")


def test_where_numbers_are_not_kept_what_is_missing_proves_nothing() -> None:
    assert state(page(), kept=False) is None
    assert state(page(row(body="")), kept=False) is MessageState.ACCEPTED


def test_a_list_that_does_not_reach_back_proves_nothing() -> None:
    late = row(timedelta(hours=1), body="Other")
    assert state(page(late, more=True)) is None
    early = row(timedelta(hours=-1), body="Other")
    assert state(page(late, more=True), page(early, more=True)) is MessageState.RETRYABLE


def test_what_the_person_wrote_is_not_ours() -> None:
    assert state(page(row(direction="inbound"))) is MessageState.RETRYABLE


def answer(body: bytes, *, status: int = 200, date: str | None = None) -> Reply:
    headers = {"Date": date or format_datetime(BEGUN)}
    return Reply(status=status, headers=headers, body=body)


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"{}"),
        answer(b"[]"),
        answer(b"<html>"),
        answer(b'{"messages": [], "next_'),
        answer(b'{"messages": null}'),
        answer(b'{"messages": [{}]}'),
        answer(b'{"messages": []}', status=500),
        answer(b'{"messages": []}', status=401),
        answer(b'{"messages": []}', date="yesterday"),
        answer(b'{"messages": [], "next_page_uri": ".elsewhere.example/"}'),
        answer(b'{"messages": [], "next_page_uri": "https://elsewhere.example/"}'),
        answer(json.dumps({"messages": [row(date_created="today")]}).encode()),
        Reply(status=200, headers={}, body=b'{"messages": []}'),
        Reply(status=200, headers={"Date": format_datetime(BEGUN)}, body=None),
    ],
)
def test_what_does_not_read_like_a_list_says_nothing(reply: Reply) -> None:
    assert read_page(reply) is None


def test_the_list_is_asked_by_the_number_on_its_channel() -> None:
    assert list_query(TEXT) == "To=%2B14155550123&PageSize=50"
    assert list_query(WHATSAPP) == "To=whatsapp%3A%2B14155550123&PageSize=50"


ROWS = st.lists(
    st.builds(
        row,
        st.timedeltas(timedelta(minutes=-30), timedelta(hours=2)),
        body=st.sampled_from([TEXT.text, "Other", ""]),
        direction=st.sampled_from(["outbound-api", "inbound"]),
    ),
    max_size=5,
)


@given(
    rows=ROWS,
    age=st.timedeltas(timedelta(0), timedelta(hours=1)),
    kept=st.booleans(),
    more=st.booleans(),
)
def test_a_message_is_free_to_be_sent_only_when_nothing_in_the_list_may_be_it(
    *, rows: list[dict[str, Any]], age: timedelta, kept: bool, more: bool
) -> None:
    """Cases 1, 2, 4 and 5."""
    shown = page(*rows, age=age, more=more)
    if state(shown, kept=kept) is not MessageState.RETRYABLE:
        return
    assert kept
    assert shown.told_at - BEGUN > timedelta(minutes=5)
    for listed in shown.messages:
        close = timedelta(minutes=-2) <= listed.created_at - BEGUN <= timedelta(minutes=15)
        assert not close
        assert listed.body != TEXT.text or listed.created_at < BEGUN


def test_nothing_of_a_list_is_shown_in_an_error() -> None:
    assert TEXT.text not in repr(page(row()))
