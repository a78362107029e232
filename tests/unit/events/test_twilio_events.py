"""Twilio's posts: who is believed, and what is made of what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from perennial.delivery.twilio.messages import TwilioAccount, TwilioMessages
from perennial.delivery.twilio.payload import TextOptions
from perennial.emulator.signing import twilio_signature
from perennial.events.reports import Ignored, Report, Seal
from perennial.events.twilio_events import PROVIDER, CallbackSignature, read_form, read_status
from perennial.model.words import Channel, EventWord

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "c306c78859620127676ffea4e2a6ed82"
SID = "SM" + "0123456789abcdef" * 2
URL = f"https://shop.example/hooks/twilio/status?perennial_key={KEY}"
FORM = {"MessageSid": SID, "MessageStatus": "sent", "To": "+14155550123", "Empty": ""}
OURS = SecretStr("our-token")


def sealed(
    form: Mapping[str, str] = FORM,
    *,
    url: str = URL,
    signed_url: str = URL,
    token: str = OURS.get_secret_value(),
    tokens: tuple[SecretStr, ...] = (OURS,),
) -> Seal:
    signature = twilio_signature(signed_url, FORM, token)
    return CallbackSignature(tokens).check(form, url=url, signature=signature)


def read(key: str | None = KEY, **form: str) -> Report:
    return read_status({"MessageSid": SID, **form}, key=key, at=NOW)


def test_what_twilio_has_signed_is_believed() -> None:
    assert sealed() is Seal.GENUINE


@pytest.mark.parametrize(
    "form",
    [
        {**FORM, "MessageStatus": "delivered"},
        {**FORM, "More": "1"},
        {name: value for name, value in FORM.items() if name != "To"},
        {},
    ],
    ids=["another status", "a field more", "a field less", "nothing"],
)
def test_what_was_changed_on_the_way_is_refused(form: dict[str, str]) -> None:
    """Case 24, tampered."""
    assert sealed(form) is Seal.FORGED


def test_the_signature_of_one_message_is_no_good_for_another() -> None:
    """Case 24: the key stands in the address, which is signed."""
    assert sealed(url=URL.replace("c306", "c307")) is Seal.FORGED


@pytest.mark.parametrize("token", ["somebody-elses", ""])
def test_the_token_of_somebody_else_is_refused(token: str) -> None:
    assert sealed(token=token) is Seal.FORGED


def test_while_a_token_changes_both_are_good() -> None:
    both = (SecretStr("new-token"), OURS)
    assert sealed(tokens=both) is sealed(tokens=both, token="new-token") is Seal.GENUINE


def test_without_a_token_everything_is_refused() -> None:
    assert sealed(tokens=()) is Seal.FORGED
    assert not CallbackSignature([]).configured


@pytest.mark.parametrize("signature", [None, "", "x", "no base64 ***", "\xff" * 28, "é" * 28])
def test_what_cannot_be_checked_is_refused_and_never_raises(signature: str | None) -> None:
    """Case 24, forged."""
    assert CallbackSignature([OURS]).check(FORM, url=URL, signature=signature) is Seal.FORGED


def test_the_default_port_may_be_said_or_not() -> None:
    with_port = URL.replace("shop.example", "shop.example:443")
    assert sealed(signed_url=with_port) is sealed(url=with_port) is Seal.GENUINE


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("accepted", EventWord.PROCESSED),
        ("scheduled", EventWord.PROCESSED),
        ("queued", EventWord.PROCESSED),
        ("sending", EventWord.PROCESSED),
        ("sent", EventWord.SENT),
        ("delivered", EventWord.DELIVERED),
        ("read", EventWord.OPENED),
        ("undelivered", EventWord.UNDELIVERED),
        ("failed", EventWord.UNDELIVERED),
        ("canceled", EventWord.DROPPED),
    ],
)
def test_each_of_twilios_statuses_has_one_of_our_words(status: str, word: EventWord) -> None:
    (event,) = read(MessageStatus=status).events
    assert (event.word, event.key, event.at) == (word, KEY, NOW)
    assert (event.provider, event.provider_id, event.code) == (PROVIDER, SID, None)


@pytest.mark.parametrize(
    ("channel", "to"), [(Channel.SMS, "+14155550123"), (Channel.WHATSAPP, "whatsapp:+14155550123")]
)
def test_the_provider_is_called_as_whoever_sent_the_message(channel: Channel, to: str) -> None:
    (event,) = read(MessageStatus="sent", To=to).events
    account = TwilioAccount(sid="AC", auth_token=OURS, options=TextOptions())
    assert event.provider == TwilioMessages(account, channel, clock=lambda: NOW).name


def test_a_failure_has_its_number() -> None:
    (event,) = read(MessageStatus="undelivered", ErrorCode="30003").events
    assert event.code == "30003"


@pytest.mark.parametrize("code", ["21610", "63014"])
def test_a_text_that_failed_because_of_stop_says_so_of_the_number(code: str) -> None:
    """Case 28, when Twilio finds out only after it has taken the message on."""
    events = read(MessageStatus="failed", ErrorCode=code).events
    assert [event.word for event in events] == [EventWord.UNDELIVERED, EventWord.UNSUBSCRIBED]


@pytest.mark.parametrize("code", ["", "0", "a lot", "+14155550123", "1234567890"])
def test_what_is_no_number_of_an_error_is_left_out(code: str) -> None:
    """Case 47."""
    (event,) = read(MessageStatus="failed", ErrorCode=code).events
    assert event.code is None


@pytest.mark.parametrize("sid", ["", "+14155550123", "SM", f"{SID}0", "CA" + "0" * 32])
def test_what_is_no_id_of_a_message_is_left_out(sid: str) -> None:
    (event,) = read(MessageStatus="sent", MessageSid=sid).events
    assert event.provider_id is None


@pytest.mark.parametrize(
    ("key", "status", "why"),
    [
        (None, "sent", Ignored.NO_KEY),
        ("", "sent", Ignored.MALFORMED),
        ("mine", "sent", Ignored.MALFORMED),
        (KEY, "partially_delivered", Ignored.UNKNOWN_WORD),
        (KEY, "something_new", Ignored.UNKNOWN_WORD),
        (KEY, "", Ignored.UNKNOWN_WORD),
    ],
)
def test_what_says_nothing_about_a_message_of_ours_is_counted(
    key: str | None, status: str, why: Ignored
) -> None:
    assert read(key, MessageStatus=status) == Report(ignored={why: 1})


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1, max_size=20))
def test_a_form_is_read_as_it_was_written(form: dict[str, str]) -> None:
    assert read_form(urlencode(form).encode()) == form


@pytest.mark.parametrize(
    "body",
    [b"\xff", "é=1".encode(), b"a=%ff", b"novalue", b"&".join([b"a=1"] * 101)],
    ids=["no text", "not escaped", "no UTF-8", "no field", "too many"],
)
def test_what_is_no_form_is_not_read(body: bytes) -> None:
    assert read_form(body) is None


@given(st.binary())
def test_whatever_bytes_are_posted_nothing_raises(body: bytes) -> None:
    read_form(body)
