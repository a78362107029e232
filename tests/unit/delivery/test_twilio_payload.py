"""What Twilio is told, held to the vendor's own description and to the rules that it keeps in prose."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perennial.audience.sending_hours import sending_hours
from perennial.delivery.http_wire import Reply
from perennial.delivery.twilio.payload import (
    TextOptions,
    read_answer,
    text_request,
    time_in_queue,
)
from perennial.errors import RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import SmsMessage, WhatsAppMessage
from perennial.model.policy import Place, QuietHours
from perennial.model.words import Channel

Make = Callable[..., SmsMessage]
SPEC = Path(__file__).parents[4] / "shared" / "specs" / "twilio_api_v2010.json"
SERVICE = TextOptions(messaging_service=f"MG{'0' * 32}")
SID = f"SM{'0123456789abcdef' * 2}"
WIRE = timedelta(seconds=30)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def told(
    message: SmsMessage | WhatsAppMessage,
    options: TextOptions = SERVICE,
    *,
    lasts: timedelta | None = None,
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


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_a_request_is_what_the_vendor_describes(make_sms: Make, channel: str) -> None:
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
    message = make_sms() if channel == "sms" else whatsapp()
    form: dict[str, Any] = dict(told(message, options, lasts=timedelta(minutes=10)))
    form["ValidityPeriod"] = int(form["ValidityPeriod"])
    unknown = set(form) - set(schema["properties"])
    assert not unknown
    described = jsonschema.Draft202012Validator({**schema, "components": spec["components"]})
    assert [error.message for error in described.iter_errors(form)] == []


def whatsapp(**changes: Any) -> WhatsAppMessage:
    fields: dict[str, Any] = {
        "key": MessageKey("0" * 32),
        "campaign": "birthday",
        "locale": "en",
        "to": "+14155550123",
        "content_sid": f"HX{'0' * 32}",
        "variables": {"1": "Zoë", "2": "10%"},
        "text": "Happy birthday, Zoë: 10%. STOP to opt out",
    }
    return WhatsAppMessage(**(fields | changes))


@pytest.mark.parametrize("sender", ["+15551234567", "whatsapp:+15551234567"])
def test_a_whatsapp_message_is_a_template_with_its_values(sender: str) -> None:
    options = TextOptions(sender=sender, status_callback="https://shop.example/status")
    form = told(whatsapp(), options, lasts=timedelta(minutes=10))
    assert (form["To"], form["From"]) == ("whatsapp:+14155550123", "whatsapp:+15551234567")
    assert form["ContentSid"] == whatsapp().content_sid
    assert json.loads(form["ContentVariables"]) == {"1": "Zoë", "2": "10%"}
    assert form["StatusCallback"] == f"https://shop.example/status?perennial_key={whatsapp().key}"
    assert form["ValidityPeriod"] == "600"
    assert "Body" not in form


def test_half_a_character_reaches_nobody_on_whatsapp() -> None:
    with pytest.raises(RenderError):
        text_request(whatsapp(variables={"1": "half \ud83c"}), SERVICE, lasts=None)


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


@given(
    zone=st.sampled_from(
        ["America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu", "Europe/Kyiv"]
    ),
    wanted=st.times(),
    after=st.timedeltas(timedelta(minutes=1), timedelta(days=2)),
    handed_over=st.floats(0, 1),
)
def test_no_text_leaves_the_queue_inside_quiet_hours(
    zone: str, wanted: time, after: timedelta, handed_over: float
) -> None:
    """Case 35: the expiry of a planned message is never later than the beginning of its quiet hours."""
    quiet = QuietHours()
    hours = sending_hours(
        Place((zone,), "US"),
        Channel.SMS,
        NOON.date(),
        send_at=wanted.replace(microsecond=0),
        expires_after=after,
        quiet_hours=quiet,
        plan_at=NOON,
    )
    assume(not hours.quiet)
    now = hours.send_at + (hours.expires_at - hours.send_at) * handed_over
    lasts = time_in_queue(sms_until(hours.expires_at), now=now, wire=WIRE)
    assert lasts is not None
    if lasts >= timedelta(seconds=1):
        leaves = (now + WIRE + lasts).astimezone(ZoneInfo(zone))
        assert leaves.date() == now.astimezone(ZoneInfo(zone)).date()
        assert quiet.opens <= leaves.time() <= quiet.closes


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
