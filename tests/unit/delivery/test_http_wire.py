"""What a server can do to a request, down to the bytes; every request is made once."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import aiohttp
import pytest
from pydantic import SecretStr

from perennial.delivery.http_wire import HttpWire, Patience, Reply, silence
from perennial.delivery.outcomes import Silence
from perennial.delivery.provider import ProviderStopped, unhurried
from perennial.delivery.sendgrid.emails import SendGridAccount, SendGridEmail
from perennial.delivery.twilio.messages import TwilioAccount, TwilioMessages
from perennial.delivery.twilio.payload import TextOptions
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Receipt, SmsMessage
from perennial.model.words import MessageState

SECRET = "SG.planted-canary-of-a-key"
NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
SHORT = Patience(connect=0.3, total=0.6)
Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
HTML_413 = b"<html><head><title>413 Request Entity Too Large</title></head></html>"


def says(status: str, body: bytes = b"", *lines: str, length: int | None = None) -> Behaviour:
    async def answer(writer: asyncio.StreamWriter) -> None:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {length or len(body)}", *lines, "", ""]
        writer.write("\r\n".join(head).encode() + body)
        await writer.drain()

    return answer


async def hangs(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(SHORT.total * 2)


async def resets(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def ends(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def talks_smtp(writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()


def cut(behaviour: Behaviour) -> Behaviour:
    async def answer(writer: asyncio.StreamWriter) -> None:
        await behaviour(writer)
        writer.close()

    return answer


@dataclass
class Server:
    """Reads whole requests, and answers as it is told."""

    behaviour: Behaviour
    requests: list[bytes] = field(default_factory=list)
    url: str = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                told = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                length = int(told or 0)
                self.requests.append(head + await reader.readexactly(length))
                await self.behaviour(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def posted(behaviour: Behaviour) -> tuple[Reply | Silence, list[bytes]]:
    wire = HttpWire(headers={"Authorization": SECRET}, connections=1, patience=SHORT)
    async with Server(behaviour) as server:
        try:
            return await wire.post(server.url, b"{}", "application/json"), server.requests
        finally:
            await wire.close()


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (hangs, Silence.TIMEOUT),
        (resets, Silence.DISCONNECTED),
        (ends, Silence.DISCONNECTED),
        (talks_smtp, Silence.NOT_HTTP),
    ],
)
def test_a_request_without_an_answer_was_made_once_and_is_not_made_again(
    behaviour: Behaviour, why: Silence
) -> None:
    """Case 4: the request was read to its end."""
    happened, requests = asyncio.run(posted(behaviour))
    assert happened is why
    assert len(requests) == 1
    assert requests[0].endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "413 Too Large", "503 Busy"])
def test_of_an_answer_that_breaks_off_the_status_is_known(status: str) -> None:
    broken = cut(says(status, b"half", length=400))
    happened, requests = asyncio.run(posted(broken))
    assert isinstance(happened, Reply)
    assert (happened.status, happened.body) == (int(status[:3]), None)
    assert len(requests) == 1


def test_an_answer_comes_whole() -> None:
    happened, _ = asyncio.run(posted(says("413 Too Large", HTML_413, "Server: nginx")))
    assert isinstance(happened, Reply)
    assert (happened.status, happened.body) == (413, HTML_413)
    assert happened.headers["server"] == "nginx"


async def read(behaviour: Behaviour, **options: int) -> tuple[Reply | Silence, list[bytes]]:
    wire = HttpWire(headers={"Authorization": SECRET}, connections=1, patience=SHORT)
    async with Server(behaviour) as server:
        try:
            return await wire.get(f"{server.url}/list?To=%2B1", **options), server.requests
        finally:
            await wire.close()


def test_a_list_is_read_with_the_key_as_far_as_it_was_asked_for() -> None:
    happened, requests = asyncio.run(read(says("200 OK", b"x" * 500_000), longest_body=1_000_000))
    assert isinstance(happened, Reply)
    assert happened.body == b"x" * 500_000
    assert requests[0].startswith(b"GET /list?To=%2B1 HTTP/1.1\r\n")
    assert SECRET.encode() in requests[0]
    happened, _ = asyncio.run(read(says("200 OK", b"x" * 500_000)))
    assert isinstance(happened, Reply)
    assert len(happened.body or b"") < 500_000


@pytest.mark.parametrize(
    ("behaviour", "why"), [(hangs, Silence.TIMEOUT), (resets, Silence.DISCONNECTED)]
)
def test_a_list_that_is_not_answered_says_nothing(behaviour: Behaviour, why: Silence) -> None:
    assert asyncio.run(read(behaviour))[0] is why


def test_a_redirect_is_not_followed_with_the_key_in_hand() -> None:
    elsewhere = says("307 Temporary Redirect", b"", "Location: http://127.0.0.1:1/")
    happened, requests = asyncio.run(posted(elsewhere))
    assert isinstance(happened, Reply)
    assert happened.status == 307
    assert len(requests) == 1


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    happened, _ = asyncio.run(posted(says("400 Bad", b"x" * 10_000_000)))
    assert isinstance(happened, Reply)
    assert len(happened.body or b"") < 1_000_000


def test_a_server_that_is_not_there_never_had_the_request() -> None:
    """Case 8."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def post() -> Reply | Silence:
        wire = HttpWire(headers={}, connections=1, patience=SHORT)
        try:
            return await wire.post(f"http://127.0.0.1:{port}", b"{}", "application/json")
        finally:
            await wire.close()

    assert asyncio.run(post()) is Silence.CONNECTION_REFUSED


def test_a_server_without_tls_never_had_the_request() -> None:
    async def post() -> tuple[Reply | Silence, list[bytes]]:
        wire = HttpWire(headers={}, connections=1, patience=SHORT)
        async with Server(talks_smtp) as server:
            try:
                url = server.url.replace("http", "https")
                return await wire.post(url, b"{}", "application/json"), server.requests
            finally:
                await wire.close()

    happened, requests = asyncio.run(post())
    assert happened in {Silence.TLS_FAILED, Silence.NO_CONNECTION_IN_TIME}
    assert requests == []


def test_who_gets_no_connection_in_time_has_sent_nothing() -> None:
    async def post() -> tuple[list[Reply | Silence], int]:
        wire = HttpWire(headers={}, connections=1, patience=SHORT)
        async with Server(hangs) as server:
            try:
                posts = (wire.post(server.url, b"{}", "text/plain") for _ in range(2))
                return await asyncio.gather(*posts), len(server.requests)
            finally:
                await wire.close()

    assert asyncio.run(post()) == ([Silence.TIMEOUT, Silence.NO_CONNECTION_IN_TIME], 1)


def connector_error(kind: type[Any], error: Exception) -> Any:
    key = aiohttp.client_reqrep.ConnectionKey("h", 443, True, True, None, None, None)  # noqa: FBT003 - their signature
    return kind(key, error)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            connector_error(aiohttp.ClientConnectorDNSError, socket.gaierror()),
            Silence.NAME_NOT_FOUND,
        ),
        (
            connector_error(aiohttp.ClientConnectorError, ConnectionRefusedError()),
            Silence.CONNECTION_REFUSED,
        ),
        (connector_error(aiohttp.ClientConnectorSSLError, ssl.SSLError()), Silence.TLS_FAILED),
        (
            connector_error(
                aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError()
            ),
            Silence.TLS_FAILED,
        ),
        (aiohttp.ConnectionTimeoutError(), Silence.NO_CONNECTION_IN_TIME),
        (aiohttp.SocketTimeoutError(), Silence.TIMEOUT),
        (TimeoutError(), Silence.TIMEOUT),
        (aiohttp.ServerDisconnectedError(), Silence.DISCONNECTED),
        (aiohttp.ClientOSError(), Silence.DISCONNECTED),
        (aiohttp.ClientPayloadError(), Silence.DISCONNECTED),
        (ConnectionResetError(), Silence.DISCONNECTED),
        (ssl.SSLError(), Silence.DISCONNECTED),
        (aiohttp.ClientError(), Silence.DISCONNECTED),
    ],
)
def test_what_does_not_surely_come_before_the_request_comes_after_it(
    error: Exception, why: Silence
) -> None:
    assert silence(error) is why


def email(number: int = 0) -> EmailMessage:
    return EmailMessage(
        key=MessageKey(f"{number:032x}"),
        campaign="birthday",
        locale="en",
        to=f"planted.canary{number}@customers.example",
        subject="Happy birthday",
        html="<p>Happy birthday</p>",
        text="Happy birthday",
        from_name="Juniper & Rye",
        from_address="hello@juniperandrye.example",
    )


def sms(expires_at: datetime | None = None) -> SmsMessage:
    return SmsMessage(
        key=MessageKey("f" * 32),
        campaign="birthday",
        locale="en",
        to="+15005550123",
        text="Happy birthday",
        segments=1,
        expires_at=expires_at,
    )


def mailer(url: str) -> SendGridEmail:
    account = SendGridAccount(api_key=SecretStr(SECRET), host=url, patience=SHORT)
    return SendGridEmail(account, clock=lambda: NOW)


def texter(url: str) -> TwilioMessages:
    account = TwilioAccount(
        sid="AC00",
        auth_token=SecretStr(SECRET),
        host=url,
        options=TextOptions(sender="Juniper"),
        patience=SHORT,
    )
    return TwilioMessages(account, clock=lambda: NOW)


async def sent(behaviour: Behaviour, *messages: EmailMessage | SmsMessage) -> list[Receipt]:
    async with Server(behaviour) as server:
        texts = isinstance(messages[0], SmsMessage)
        provider = texter(server.url) if texts else mailer(server.url)
        try:
            receipts = list(await provider.send(messages, unhurried))
        finally:
            await provider.close()
        assert len(server.requests) <= len(messages)
        return receipts


BAD_ADDRESS = b'{"errors": [{"message": "no", "field": "personalizations.0.to.0.email"}]}'


@pytest.mark.parametrize(
    ("behaviour", "state", "code"),
    [
        (says("202 Accepted"), MessageState.ACCEPTED, "202"),
        (says("202 Accepted", b"<html>"), MessageState.IN_DOUBT, "202"),
        (cut(says("202 Accepted", b"half", length=400)), MessageState.IN_DOUBT, "202"),
        (
            says("400 Bad Request", BAD_ADDRESS),
            MessageState.REFUSED,
            "400 personalizations.0.to.0.email",
        ),
        (says("413 Too Large", HTML_413), MessageState.REFUSED, "413"),
        (says("503 Busy"), MessageState.IN_DOUBT, "503"),
        (hangs, MessageState.IN_DOUBT, "timeout"),
        (resets, MessageState.IN_DOUBT, "disconnected"),
    ],
    ids=["202", "case 12", "cut", "case 9", "case 10", "case 5", "case 4", "reset"],
)
def test_an_email_ends_like_this(behaviour: Behaviour, state: MessageState, code: str) -> None:
    (receipt,) = asyncio.run(sent(behaviour, email()))
    assert (receipt.state, receipt.code) == (state, code)


SID = b"SM" + b"0" * 32


@pytest.mark.parametrize(
    ("behaviour", "state", "code"),
    [
        (says("201 Created", b'{"sid": "' + SID + b'"}'), MessageState.ACCEPTED, "201"),
        (says("201 Created", b'{"sid": "SM00'), MessageState.IN_DOUBT, "201"),
        (says("400 Bad", b'{"code": 21610}'), MessageState.REFUSED, "21610"),
        (says("400 Bad", b'{"code": 98765}'), MessageState.REFUSED, "98765"),
        (says("429 Slow", b'{"code": 20429}'), MessageState.RETRYABLE, "20429"),
        (says("500 Oh", b'{"code": 20500}'), MessageState.IN_DOUBT, "20500"),
        (hangs, MessageState.IN_DOUBT, "timeout"),
    ],
    ids=["201", "case 12", "case 28", "unknown", "case 6", "case 5", "case 4"],
)
def test_a_text_ends_like_this(behaviour: Behaviour, state: MessageState, code: str) -> None:
    (receipt,) = asyncio.run(sent(behaviour, sms()))
    assert (receipt.state, receipt.code) == (state, code)


def test_a_text_without_time_left_is_not_handed_over() -> None:
    (receipt,) = asyncio.run(sent(resets, sms(NOW + timedelta(seconds=1))))
    assert (receipt.state, receipt.code) == (MessageState.RETRYABLE, "no_time_left")


def test_a_window_that_is_used_up_ends_by_sendgrids_clock_and_not_for_all_at_once() -> None:
    """Case 6."""
    reset = int(NOW.timestamp()) + 40
    full = says(
        "429 Too Many", b"{}", f"X-RateLimit-Reset: {reset}", "Date: Sat, 21 Nov 2026 10:30:00 GMT"
    )
    receipts = asyncio.run(sent(full, *(email(number) for number in range(20))))
    waits = {receipt.not_before for receipt in receipts}
    assert {receipt.state for receipt in receipts} == {MessageState.RETRYABLE}
    assert len(waits) == 20
    assert all(w and NOW + timedelta(seconds=40) <= w <= NOW + timedelta(seconds=50) for w in waits)


def test_a_key_that_is_refused_stops_the_run_and_burns_nobody() -> None:
    """Case 11."""
    with pytest.raises(ProviderStopped, match="PERENNIAL_SENDGRID_API_KEY") as stopped:
        asyncio.run(sent(says("401 No"), email(0), email(1)))
    assert {r.state for r in stopped.value.receipts} == {MessageState.RETRYABLE}


def test_neither_key_nor_address_is_logged_or_in_an_error_or_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Case 47."""
    caplog.set_level(logging.DEBUG)
    answers = [hangs, resets, says("400 Bad", BAD_ADDRESS), says("202 Accepted"), talks_smtp]
    shown = [repr(asyncio.run(sent(behaviour, email()), debug=True)) for behaviour in answers]
    with pytest.raises(ProviderStopped) as stopped:
        asyncio.run(sent(says("403 No", b"planted.canary"), email()), debug=True)
    account = SendGridAccount(api_key=SecretStr(SECRET))
    shown += [repr(stopped.value), repr(account), repr(mailer("http://127.0.0.1:1").__dict__)]
    shown += [repr(texter("http://127.0.0.1:1").__dict__), caplog.text]
    for text in shown:
        assert "canary" not in text
