"""SendGrid's posts: who is believed, and what is made of what they say."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st
from sendgrid import EventWebhook

from perennial.delivery.outcomes import Carrier
from perennial.emulator.signing import EventSigner
from perennial.errors import SettingsError
from perennial.events.reports import Ignored, Seal
from perennial.events.sendgrid_events import (
    MOST_EVENTS,
    PROVIDER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    EventSignature,
    read_events,
)
from perennial.model.words import EventWord

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "c306c78859620127676ffea4e2a6ed82"
BODY = b'[{"event":"processed"},\r\n{"event":"delivered"}]\r\n'
OURS, OTHERS = EventSigner(7), EventSigner(8)


def sealed(
    body: bytes = BODY,
    *,
    signed: bytes | None = None,
    signer: EventSigner = OURS,
    at: datetime = NOW,
    keys: tuple[str, ...] = (OURS.public_key,),
    **headers: str | None,
) -> Seal:
    """What is made of `body` when `signed` was signed."""
    made = signer.headers(body if signed is None else signed, at=at.timestamp())
    given = {"signature": made[SIGNATURE_HEADER], "timestamp": made[TIMESTAMP_HEADER], **headers}
    return EventSignature(keys).check(body, **given, now=NOW)  # type: ignore[arg-type]


def an_event(**changes: Any) -> dict[str, Any]:
    entry = {
        "email": "somebody@customers.example",
        "event": "delivered",
        "timestamp": int(NOW.timestamp()),
        "sg_event_id": "ZGVsaXZlcmVk",
        "sg_message_id": "abc.recvd-1-2.0",
        "perennial_key": KEY,
        **changes,
    }
    return {name: value for name, value in entry.items() if value is not ...}


def read(*entries: object) -> Any:
    return read_events(json.dumps(entries).encode())


def the_event(**changes: Any) -> Any:
    (event,) = read(an_event(**changes)).events
    return event


def test_what_sendgrid_has_signed_is_believed() -> None:
    assert sealed() is Seal.GENUINE


@pytest.mark.parametrize(
    "body",
    [BODY + b" ", BODY.replace(b"\r\n", b"\n"), BODY[:-1], b"", b"[]", b"\xff"],
    ids=["a byte more", "other line ends", "a byte less", "empty", "another", "no text"],
)
def test_what_was_changed_on_the_way_is_refused(body: bytes) -> None:
    """Case 24, tampered."""
    assert sealed(body, signed=BODY) is Seal.FORGED


def test_bytes_that_are_no_text_are_checked_as_they_are() -> None:
    assert sealed(b"\xff\xfe[]") is Seal.GENUINE


def test_the_key_of_somebody_else_is_refused() -> None:
    """Case 24, another tenant's key."""
    assert sealed(signer=OTHERS) is Seal.FORGED


def test_while_a_key_changes_both_are_good() -> None:
    both = (OTHERS.public_key, OURS.public_key)
    assert sealed(keys=both) is sealed(keys=both, signer=OTHERS) is Seal.GENUINE


def test_without_a_key_everything_is_refused() -> None:
    assert sealed(keys=()) is Seal.FORGED
    assert not EventSignature([]).configured


@pytest.mark.parametrize(
    "headers",
    [
        {"signature": None},
        {"timestamp": None},
        {"signature": ""},
        {"signature": "no base64 ***"},
        {"signature": "Zm9yZ2Vk"},
        {"signature": "M\xa0I"},
        {"timestamp": ""},
        {"timestamp": "yesterday"},
        {"timestamp": "1763726400 "},
        {"timestamp": "١٧٦٣٧٢٦٤٠٠"},
        {"timestamp": "9" * 5_000},
    ],
)
def test_what_cannot_be_checked_is_refused_and_never_raises(headers: dict[str, str | None]) -> None:
    """Case 24, forged."""
    assert sealed(**headers) is Seal.FORGED


@pytest.mark.parametrize(
    ("age", "seal"),
    [
        (timedelta(hours=-1), Seal.GENUINE),
        (timedelta(hours=24, minutes=59), Seal.GENUINE),
        (timedelta(hours=25, minutes=1), Seal.STALE),
    ],
    ids=["our clock is late", "SendGrid still tries", "nobody tries any more"],
)
def test_a_post_is_believed_as_long_as_sendgrid_may_still_try(age: timedelta, seal: Seal) -> None:
    assert sealed(at=NOW - age) is seal


def test_an_old_post_with_another_time_on_it_is_refused() -> None:
    assert sealed(at=NOW - timedelta(days=3), timestamp=str(int(NOW.timestamp()))) is Seal.FORGED


@given(body=st.text(), tampered=st.booleans(), signer=st.sampled_from([OURS, OTHERS]))
def test_the_vendors_package_comes_to_the_same(
    body: str,
    tampered: bool,  # noqa: FBT001
    signer: EventSigner,
) -> None:
    headers = signer.headers(body.encode(), at=NOW.timestamp())
    posted = body + "x" if tampered else body
    vendor = EventWebhook(OURS.public_key).verify_signature(
        posted, headers[SIGNATURE_HEADER], headers[TIMESTAMP_HEADER]
    )
    ours = sealed(posted.encode(), signed=body.encode(), signer=signer)
    assert (ours is Seal.GENUINE) is vendor is (not tampered and signer is OURS)


def _spki(key: Any) -> str:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


@pytest.mark.parametrize(
    "key",
    [
        *("", "MFkw", "no base64 ***", "ключ"),
        _spki(ec.generate_private_key(ec.SECP384R1())),
        _spki(ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=["empty", "cut off", "no base64", "no ASCII", "another curve", "another kind"],
)
def test_a_key_that_is_none_is_named_when_the_edge_starts(key: str) -> None:
    with pytest.raises(SettingsError, match="sendgrid_webhook_key"):
        EventSignature([OURS.public_key, key])


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"event": "processed"}, EventWord.PROCESSED),
        ({"event": "dropped", "reason": "Bounced Address"}, EventWord.DROPPED),
        ({"event": "deferred"}, EventWord.DEFERRED),
        ({"event": "delivered"}, EventWord.DELIVERED),
        ({"event": "bounce", "type": "bounce"}, EventWord.BOUNCED),
        ({"event": "bounce", "type": "blocked"}, EventWord.BLOCKED),
        ({"event": "bounce"}, EventWord.BLOCKED),
        ({"event": "bounce", "type": ["bounce"]}, EventWord.BLOCKED),
        ({"event": "open"}, EventWord.OPENED),
        ({"event": "click", "url": "https://shop.example/"}, EventWord.CLICKED),
        ({"event": "spamreport"}, EventWord.COMPLAINED),
        ({"event": "unsubscribe"}, EventWord.UNSUBSCRIBED),
        ({"event": "group_unsubscribe", "asm_group_id": 3}, EventWord.UNSUBSCRIBED),
    ],
)
def test_each_of_sendgrids_words_has_one_of_ours(entry: dict[str, Any], word: EventWord) -> None:
    assert the_event(**entry).word is word


def test_an_event_says_which_message_when_and_by_which_id() -> None:
    event = the_event()
    assert (event.key, event.at, event.provider) == (KEY, NOW, PROVIDER)
    assert event.provider_id == "abc.recvd-1-2.0"
    assert event.code is None


def test_the_provider_is_called_as_in_the_ledger() -> None:
    assert Carrier.SENDGRID.value == PROVIDER


def test_a_late_bounce_has_no_id_and_counts() -> None:
    """Case 21: it comes after `delivered`, without sg_message_id."""
    event = the_event(event="bounce", type="bounce", status="5.1.1", sg_message_id=...)
    assert (event.word, event.provider_id, event.code) == (EventWord.BOUNCED, None, "5.1.1")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"event": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}, "5.1.1"),
        ({"event": "bounce", "status": "550"}, "550"),
        ({"event": "bounce", "reason": "550 5.1.1 <a@b.example> no such user"}, "550"),
        ({"event": "deferred", "response": "450 4.2.1 mailbox busy"}, "450"),
        ({"event": "deferred", "response": "a@b.example is busy", "status": None}, None),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, "spam_reporting_address"),
        ({"event": "dropped", "reason": "a@b.example is odd", "status": "5.0.0"}, "5.0.0"),
        ({"event": "dropped", "reason": "a@b.example is odd"}, None),
        ({"event": "delivered", "response": "250 OK a@b.example"}, None),
        ({"event": "click", "url": "https://shop.example/?a@b.example"}, None),
    ],
)
def test_a_code_is_a_number_or_of_a_closed_list_and_quotes_nobody(
    entry: dict[str, Any], code: str | None
) -> None:
    """Case 47."""
    assert the_event(**entry).code == code


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (an_event(perennial_key=...), Ignored.NO_KEY),
        (an_event(perennial_key="mine"), Ignored.MALFORMED),
        (an_event(perennial_key=KEY.upper()), Ignored.MALFORMED),
        (an_event(perennial_key=[KEY]), Ignored.MALFORMED),
        (an_event(perennial_key=None), Ignored.MALFORMED),
        (an_event(event="group_resubscribe"), Ignored.UNKNOWN_WORD),
        (an_event(event="something_new"), Ignored.UNKNOWN_WORD),
        (an_event(event=["open"]), Ignored.UNKNOWN_WORD),
        (an_event(event=...), Ignored.UNKNOWN_WORD),
        (an_event(timestamp=...), Ignored.MALFORMED),
        (an_event(timestamp="1763726400"), Ignored.MALFORMED),
        (an_event(timestamp=True), Ignored.MALFORMED),
        (an_event(timestamp=1e9), Ignored.MALFORMED),
        (an_event(timestamp=10**30), Ignored.MALFORMED),
        (an_event(timestamp=0), Ignored.MALFORMED),
        ("event", Ignored.MALFORMED),
        (None, Ignored.MALFORMED),
    ],
)
def test_what_says_nothing_about_a_message_of_ours_is_counted_and_stops_nothing(
    entry: object, why: Ignored
) -> None:
    report = read(an_event(), entry, an_event(event="open"))
    assert [event.word for event in report.events] == [EventWord.DELIVERED, EventWord.OPENED]
    assert report.ignored == {why: 1}


@pytest.mark.parametrize("named", ["x" * 256, "", 7, None, "a\x00b", "two words"])
def test_an_id_that_is_none_is_left_out(named: object) -> None:
    assert the_event(sg_message_id=named).provider_id is None


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"null", b"[", b"\xff", b'"[]"', b"[" * 100_000),
        b"[" + b"0," * MOST_EVENTS + b"0]",
        b'[{"timestamp": ' + b"9" * 10_000 + b"}]",
    ],
)
def test_what_is_no_list_of_events_is_not_read(body: bytes) -> None:
    assert read_events(body) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_FIELDS = ("event", "timestamp", "perennial_key", "status", "reason", "response", "type")


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(_FIELDS, _JSON)) | _JSON))
def test_whatever_json_is_posted_each_entry_is_counted_once(entries: list[Any]) -> None:
    report = read_events(json.dumps(entries).encode())
    assert report is not None
    assert len(report.events) + sum(report.ignored.values()) == len(entries)


@given(st.binary())
def test_whatever_bytes_are_posted_nothing_raises(body: bytes) -> None:
    read_events(body)
