"""The adapters against the providers themselves, where nothing is sent: SendGrid's sandbox, Twilio's test credentials.

They are skipped without keys. `LIVE_SENDGRID_API_KEY` and `LIVE_SENDGRID_FROM`, a verified sender, are for SendGrid;
`LIVE_TWILIO_TEST_SID` and `LIVE_TWILIO_TEST_TOKEN` for Twilio. `LIVE_SENDGRID_HOST` and `LIVE_TWILIO_HOST` lead elsewhere.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from pytest_socket import socket_allow_hosts

from framed_emails import birthday
from perennial.delivery.provider import Provider, ProviderStopped, unhurried
from perennial.delivery.sendgrid.emails import SendGridAccount, SendGridEmail
from perennial.delivery.sendgrid.payload import MailOptions
from perennial.delivery.twilio.messages import TwilioAccount, TwilioMessages
from perennial.delivery.twilio.payload import TextOptions
from perennial.model.keys import MessageKey
from perennial.model.message import Message, Receipt, SmsMessage
from perennial.model.words import MessageState, SuppressionReason

MAIL_KEY, MAIL_FROM = "LIVE_SENDGRID_API_KEY", "LIVE_SENDGRID_FROM"
TEXT_SID, TEXT_TOKEN = "LIVE_TWILIO_TEST_SID", "LIVE_TWILIO_TEST_TOKEN"
SENDGRID_HOST = os.environ.get("LIVE_SENDGRID_HOST", "https://api.sendgrid.com")
TWILIO_HOST = os.environ.get("LIVE_TWILIO_HOST", "https://api.twilio.com")
LOOPBACK = ["127.0.0.1", "::1", "localhost"]
ACCEPTED, REFUSED = MessageState.ACCEPTED, MessageState.REFUSED


def needing(*names: str) -> pytest.MarkDecorator:
    missing = [name for name in names if not os.environ.get(name)]
    return pytest.mark.skipif(
        bool(missing), reason=f"Asks the provider itself: set {', '.join(missing)}."
    )


@pytest.fixture
def way_out(_no_network: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opens the providers' hosts alone, by the addresses that they have now: a name may lead elsewhere a moment later."""
    hosts = [urlsplit(url).hostname or "" for url in (SENDGRID_HOST, TWILIO_HOST)]
    look_up = socket.getaddrinfo
    known = {host: look_up(host, 443, type=socket.SOCK_STREAM) for host in hosts}

    def look_up_once(host: str, port: Any, *more: Any, **options: Any) -> Any:
        if host not in known:
            return look_up(host, port, *more, **options)
        return [(*found[:4], (found[4][0], int(port or 0), *found[4][2:])) for found in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up_once)
    addresses = [str(found[4][0]) for each in known.values() for found in each]
    socket_allow_hosts([*LOOPBACK, *addresses], allow_unix_socket=True)


pytestmark = [pytest.mark.live, pytest.mark.usefixtures("way_out")]
by_sendgrid = needing(MAIL_KEY, MAIL_FROM)
by_twilio = needing(TEXT_SID, TEXT_TOKEN)


def now() -> datetime:
    return datetime.now(UTC)


def mailer(key: str | None = None, *, batch: int = 200) -> SendGridEmail:
    account = SendGridAccount(
        api_key=SecretStr(key or os.environ[MAIL_KEY]),
        host=SENDGRID_HOST,
        options=MailOptions(sandbox=True),
        batch=batch,
    )
    return SendGridEmail(account, clock=now)


def texter(*, token: str | None = None, sender: str = "+15005550006") -> TwilioMessages:
    account = TwilioAccount(
        sid=os.environ[TEXT_SID],
        auth_token=SecretStr(token or os.environ[TEXT_TOKEN]),
        host=TWILIO_HOST,
        options=TextOptions(
            sender=sender, status_callback="https://www.example.com/hooks/twilio/status"
        ),
    )
    return TwilioMessages(account, clock=now)


def emails(count: int) -> list[Message]:
    return [birthday(n, from_address=os.environ[MAIL_FROM], reply_to=None) for n in range(count)]


def text_to(number: str) -> SmsMessage:
    return SmsMessage(
        key=MessageKey("0" * 32),
        campaign="birthday",
        locale="en",
        to=number,
        text="Juniper & Rye: happy birthday. STOP to opt out",
        segments=1,
        expires_at=now() + timedelta(hours=1),
    )


def send(provider: Provider, messages: Sequence[Message]) -> list[Receipt]:
    async def ask() -> list[Receipt]:
        try:
            return list(await provider.send(messages, unhurried))
        finally:
            await provider.close()

    return asyncio.run(ask())


@by_sendgrid
@pytest.mark.parametrize(("count", "batch"), [(1, 1), (3, 1), (3, 200)])
def test_sendgrids_sandbox_takes_emails_alone_and_many_in_a_request(count: int, batch: int) -> None:
    messages = emails(count)
    provider = mailer(batch=batch)
    assert provider.units(messages) == (1 if batch > 1 else count)
    assert [receipt.state for receipt in send(provider, messages)] == [ACCEPTED] * count


@by_sendgrid
def test_sendgrid_stops_at_a_wrong_key_and_nobody_is_burnt() -> None:
    """Case 11."""
    with pytest.raises(ProviderStopped, match="401") as stopped:
        send(
            mailer("SG.0000000000000000000000.0000000000000000000000000000000000000000000"),
            emails(2),
        )
    assert {receipt.state for receipt in stopped.value.receipts} == {MessageState.RETRYABLE}


@by_twilio
def test_twilio_takes_a_text_from_its_test_number() -> None:
    (receipt,) = send(texter(), [text_to("+14108675310")])
    assert receipt.state is ACCEPTED
    assert receipt.provider_id is not None
    assert receipt.provider_id.startswith("SM")


@by_twilio
@pytest.mark.parametrize(
    ("number", "code", "suppressed"),
    [
        ("+15005550001", "21211", SuppressionReason.INVALID),
        ("+15005550002", "21612", None),
        ("+15005550003", "21408", None),
        ("+15005550004", "21610", SuppressionReason.STOPPED),
        ("+15005550009", "21614", SuppressionReason.INVALID),
    ],
)
def test_twilio_refuses_its_magic_numbers_and_we_know_why(
    number: str, code: str, suppressed: SuppressionReason | None
) -> None:
    """Case 28, and its neighbours."""
    (receipt,) = send(texter(), [text_to(number)])
    assert (receipt.state, receipt.code, receipt.suppress) == (REFUSED, code, suppressed)


@by_twilio
@pytest.mark.parametrize("sender", ["+15005550001", "+15005550007"])
def test_twilio_stops_at_a_number_that_is_not_ours_to_send_from(sender: str) -> None:
    with pytest.raises(ProviderStopped):
        send(texter(sender=sender), [text_to("+14108675310")])


@by_twilio
def test_twilio_stops_at_a_wrong_token() -> None:
    """Case 11."""
    with pytest.raises(ProviderStopped, match="20003"):
        send(texter(token="0" * 32), [text_to("+14108675310")])
