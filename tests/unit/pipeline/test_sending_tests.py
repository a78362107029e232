"""A test goes to the shop's own people alone, and says of itself that it is one."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from framed_emails import birthday
from perennial.delivery.sendgrid.emails import SendGridAccount, SendGridEmail
from perennial.delivery.sendgrid.payload import MailOptions, mail_request
from perennial.emulator.options import SENDGRID_KEY, Options
from perennial.emulator.serving import Emulator
from perennial.errors import DeliveryError, SettingsError
from perennial.model.keys import MessageKey, is_of_test
from perennial.model.message import EmailMessage, SmsMessage, WhatsAppMessage
from perennial.model.words import Channel
from perennial.pipeline.sending_tests import Recipients, as_test, send_alone
from perennial.settings import PROJECT
from perennial.sources.shop_file import read_shop

SHOP = read_shop(PROJECT / "shop.yaml")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SMS = SmsMessage(
    key=MessageKey("1" * 32),
    campaign="birthday",
    locale="en",
    to="+12125550123",
    text="x" * 158,
    segments=1,
    expires_at=NOW,
)


@pytest.mark.parametrize(
    ("allowed", "channel", "typed", "found"),
    [
        (None, Channel.EMAIL, "ann@juniperandrye.example", "ann@juniperandrye.example"),
        (None, Channel.EMAIL, "Ann@JuniperAndRye.example ", "Ann@juniperandrye.example"),
        ("ours.example, @also.example", Channel.EMAIL, "a@also.example", "a@also.example"),
        ("ann@mail.example", Channel.EMAIL, "ann@mail.example", "ann@mail.example"),
        ("+1 212 555 0123", Channel.SMS, "+12125550123", "+12125550123"),
        ("ours.example,+12125550123", Channel.SMS, "(212) 555-0123", "+12125550123"),
    ],
)
def test_tests_go_where_the_shop_allows_them_to(
    allowed: str | None, channel: Channel, typed: str, found: str
) -> None:
    assert Recipients(allowed=allowed, shop=SHOP).address(channel, typed) == found


@pytest.mark.parametrize(
    ("allowed", "channel", "typed"),
    [
        (None, Channel.EMAIL, "ann@people.example"),
        (None, Channel.EMAIL, "ann@notjuniperandrye.example"),
        (None, Channel.EMAIL, "ann@sub.juniperandrye.example"),
        (None, Channel.SMS, "+12125550123"),
        ("", Channel.EMAIL, "ann@juniperandrye.example"),
        ("ours.example", Channel.EMAIL, "ann@juniperandrye.example"),
        ("ann@mail.example", Channel.EMAIL, "bob@mail.example"),
        ("ours.example", Channel.EMAIL, "a@ours.example, b@people.example"),
        ("ours.example", Channel.EMAIL, "b@people.example\r\nTo: a@ours.example"),
        ("+12125550123", Channel.SMS, "+12125550124"),
        ("+12125550123", Channel.WHATSAPP, "ann"),
    ],
)
def test_tests_go_nowhere_else(allowed: str | None, channel: Channel, typed: str) -> None:
    with pytest.raises(SettingsError):
        Recipients(allowed=allowed, shop=SHOP).address(channel, typed)


def test_a_text_message_is_counted_with_its_mark() -> None:
    test = as_test(SMS, "+12125550100")

    assert isinstance(test, SmsMessage)
    assert test.text == f"[Test] {SMS.text}"
    assert test.segments == 2
    assert test.to == "+12125550100"
    assert is_of_test(test.key)


def test_each_test_is_a_message_of_its_own() -> None:
    assert as_test(SMS, SMS.to).key != as_test(SMS, SMS.to).key


def test_what_cannot_be_marked_is_not_sent() -> None:
    message = WhatsAppMessage(
        key=SMS.key,
        campaign="birthday",
        locale="en",
        to=SMS.to,
        content_sid="HX0",
        variables={},
        text="Hello",
    )

    with pytest.raises(SettingsError, match="could not be marked"):
        as_test(message, SMS.to)


def test_sendgrid_is_told_that_it_is_a_test_and_of_no_campaign() -> None:
    test = as_test(birthday(1), "me@juniperandrye.example")
    assert isinstance(test, EmailMessage)
    request = json.loads(mail_request(test, MailOptions()))

    assert request["categories"] == ["test"]
    assert request["subject"].startswith("[Test] ")
    assert request["personalizations"][0]["to"] == [{"email": "me@juniperandrye.example"}]
    assert request["personalizations"][0]["headers"]["X-Perennial-Test"] == "yes"
    assert is_of_test(request["personalizations"][0]["custom_args"]["perennial_key"])
    assert birthday(1).html.split("<a")[0] in request["content"][1]["value"]


@pytest.mark.parametrize(("key", "accepted"), [(SENDGRID_KEY, True), ("SG.wrong", False)])
def test_a_test_is_handed_to_the_provider_that_carries_the_channel(
    key: str,
    accepted: bool,  # noqa: FBT001 - as pytest gives it
    tmp_path: Path,
) -> None:
    test = as_test(birthday(1), "me@juniperandrye.example")

    async def run() -> int:
        async with Emulator(Options(record=tmp_path / "record")) as emulator:
            account = SendGridAccount(api_key=SecretStr(key), host=emulator.url)
            provider = SendGridEmail(account, clock=lambda: NOW)
            await asyncio.to_thread(send_alone, {Channel.EMAIL: provider}, test)
            return emulator.accepted()[test.key]

    if accepted:
        assert asyncio.run(run()) == 1
    else:
        with pytest.raises(DeliveryError):
            asyncio.run(run())


def test_a_channel_that_nothing_carries_is_said() -> None:
    with pytest.raises(SettingsError, match="PERENNIAL_SMS_TRANSPORT"):
        send_alone({}, replace(SMS))
