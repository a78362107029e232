"""What Twilio is told, held to the vendor's own description and to the rules that it keeps in prose."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.delivery.http_wire import Reply
from perennial.delivery.twilio_payload import (
    TextOptions,
    read_answer,
    text_request,
    time_in_queue,
)
from perennial.errors import RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import SmsMessage

Make = Callable[..., SmsMessage]
SPEC = Path(__file__).parents[4] / "shared" / "specs" / "twilio_api_v2010.json"
SERVICE = TextOptions(messaging_service=f"MG{'0' * 32}")
SID = f"SM{'0123456789abcdef' * 2}"
WIRE = timedelta(seconds=30)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def told(
    message: SmsMessage, options: TextOptions = SERVICE, *, lasts: timedelta | None = None
) -> dict[str, str]:
    form = parse_qsl(text_request(message, options, lasts=lasts).decode(), strict_parsing=True)
    assert len(form) == len(dict(form))
    return dict(form)


def test_a_text_leaves_from_the_messaging_service(make_sms: Make) -> None:
    message = make_sms()
    assert told(message) == {
        "To": message.to,
        "Body": message.text,
        "MessagingServiceSid": SERVICE.messaging_service,
    }


def test_a_text_leaves_from_a_number_where_there_is_no_service(make_sms: Make) -> None:
    form = told(make_sms(), TextOptions(sender="+15005550006"))
    assert form["From"] == "+15005550006"
    assert "MessagingServiceSid" not in form


def test_the_status_comes_back_with_the_key_and_nothing_personal(make_sms: Make) -> None:
    message = make_sms()
    options = TextOptions(sender="Juniper", status_callback="https://shop.example/status")
    callback = told(message, options)["StatusCallback"]
    assert callback == f"https://shop.example/status?perennial_key={message.key}"


def test_twilio_keeps_neither_text_nor_number_when_it_is_told_so(make_sms: Make) -> None:
    form = told(make_sms(), TextOptions(sender="Juniper", redact=True))
    assert (form["ContentRetention"], form["AddressRetention"]) == ("discard", "obfuscate")


def test_a_request_is_what_the_vendor_describes(make_sms: Make) -> None:
    if not SPEC.exists():
        pytest.skip("Twilio's OpenAPI description is not beside this checkout.")
    spec = json.loads(SPEC.read_text(encoding="utf-8"))
    post = spec["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    schema = post["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    options = TextOptions(
        messaging_service=f"MG{'0' * 32}",
        sender="+15005550006",
        status_callback="https://shop.example/status",
        redact=True,
    )
    form: dict[str, Any] = dict(told(make_sms(), options, lasts=timedelta(minutes=10)))
    form["ValidityPeriod"] = int(form["ValidityPeriod"])
    unknown = set(form) - set(schema["properties"])
    assert not unknown
    described = jsonschema.Draft202012Validator({**schema, "components": spec["components"]})
    assert [error.message for error in described.iter_errors(form)] == []


@pytest.mark.parametrize("text", ["x" * 1_601, "half \ud83c"])
def test_a_text_that_twilio_does_not_take_is_not_sent(make_sms: Make, text: str) -> None:
    with pytest.raises(RenderError):
        text_request(make_sms(text=text), SERVICE, lasts=None)


def sms_until(expires_at: datetime | None) -> SmsMessage:
    return SmsMessage(
        key=MessageKey("0" * 32),
        campaign="birthday",
        locale="en",
        to="+15005550006",
        text="x",
        segments=1,
        expires_at=expires_at,
    )


@given(left=st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_text_is_out_of_the_queue_before_it_expires(left: timedelta) -> None:
    lasts = time_in_queue(sms_until(NOON + left), now=NOON, wire=WIRE)
    assert lasts is not None
    assert WIRE + lasts <= left or lasts < timedelta(seconds=1)
    assert lasts <= timedelta(hours=10)
    assert lasts.total_seconds().is_integer()
    assert lasts > left - WIRE - timedelta(seconds=1) or lasts == timedelta(hours=10)


def test_a_text_that_never_expires_waits_as_long_as_twilio_likes(make_sms: Make) -> None:
    assert time_in_queue(make_sms(), now=NOON, wire=WIRE) is None
    assert "ValidityPeriod" not in told(make_sms())


def reply(status: int, answer: object) -> Reply:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Reply(status=status, headers={}, body=body)


def test_a_yes_names_the_message() -> None:
    answer = read_answer(reply(201, {"sid": SID, "status": "queued", "to": "+34600000000"}))
    assert (answer.readable, answer.provider_id) == (True, SID)
    assert "600000000" not in repr(answer)


@pytest.mark.parametrize(
    "body", [b'{"sid": "SM01', b"", b"[]", b'{"sid": null}', b'{"sid": "PN12"}', b"<html>"]
)
def test_a_yes_that_breaks_off_is_not_believed(body: bytes) -> None:
    """Case 12."""
    assert not read_answer(reply(201, body)).readable


def test_of_an_error_the_number_is_kept_and_not_the_sentence() -> None:
    answer = read_answer(
        reply(400, {"code": 21211, "message": "The 'To' number +34600000000 is not valid"})
    )
    assert answer.code == "21211"
    assert "600000000" not in repr(answer)


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b'{"code": null}', b'{"code": "+34600000000"}', b'{"code": {}}']
)
def test_an_error_without_a_number_has_none(body: bytes) -> None:
    assert read_answer(reply(400, body)).code is None
