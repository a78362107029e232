"""Email over SMTP: one message a transaction, connections kept between them."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import aiosmtplib
from pydantic import SecretStr

from perennial.delivery.mail_format import ascii_address, mail_bytes
from perennial.delivery.provider import Pace, Question
from perennial.errors import DeliveryError, RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Message, Receipt
from perennial.model.words import Channel, MessageState

_QUEUE_ID = re.compile(r"\b(?:queued as|id=)\s*<?([\w.-]{1,64})", re.IGNORECASE)
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_NOT_LOGGED_IN = frozenset({530, 534, 535, 538})
_TOO_LARGE = 552
_CLOSING = 421


class Stage(StrEnum):
    """How far a transaction has come."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an answer of the server, or the lack of one, means for the message.

    `unreachable`: the same awaits the rest of the batch. `stops`: it awaits every message, until a person helps.
    """

    state: MessageState
    code: str
    unreachable: bool = False
    stops: bool = False
    queue_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where to deliver, and how long to wait; times in seconds."""

    host: str
    port: int
    user: str | None = None
    password: SecretStr | None = None
    starttls: bool = True
    connect_timeout: float = 5
    total_timeout: float = 30


def classify_smtp(stage: Stage, error: Exception) -> Verdict:
    """What a failure at that stage says about the message.

    From the word DATA on a lost connection leaves doubt; before it the server cannot have the message. A reply,
    even a bad one, is an answer: 4xx means not processed (RFC 5321, 4.2.1), 5xx means no.
    """
    reply = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
    unreachable = stage in {Stage.CONNECT, Stage.TLS, Stage.LOGIN}
    stops = _for_everybody(stage, error, reply)
    state = MessageState.RETRYABLE
    if not (stops or unreachable) and 500 <= reply < 600:
        state = MessageState.REFUSED
    elif stage is Stage.DATA and not (stops or 400 <= reply < 500):
        state = MessageState.IN_DOUBT
    return Verdict(state=state, code=_code(error), unreachable=unreachable, stops=stops)


def _for_everybody(stage: Stage, error: Exception, reply: int) -> bool:
    """Whether the fault is ours or the sender's, so that every message would meet it."""
    if stage is Stage.CONNECT or isinstance(error, aiosmtplib.SMTPHeloError):
        return False
    if stage in {Stage.TLS, Stage.LOGIN}:
        # The library says "not supported by the server" with the bare base class.
        return type(error) is aiosmtplib.SMTPException or reply >= 500
    if stage is Stage.MAIL:
        return reply >= 500 and reply != _TOO_LARGE
    return reply in _NOT_LOGGED_IN


def _code(error: Exception) -> str:
    """The server's own word for it, without its text, which may quote an address."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        enhanced = _ENHANCED_CODE.match(error.message)
        return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
    kinds: tuple[tuple[type[BaseException], str], ...] = (
        (TimeoutError, "timeout"),
        (socket.gaierror, "name_not_found"),
        (ssl.SSLError, "tls_failed"),
        (ConnectionRefusedError, "connection_refused"),
        (ConnectionError, "disconnected"),
    )
    for seen in (error.__cause__, error):
        for kind, word in kinds:
            if isinstance(seen, kind):
                return word
    return type(error).__name__


async def greet(server: SmtpServer) -> str | None:
    """Opens a connection as a message would, and says goodbye; says where that ended and why, or nothing."""
    connection = _Connection(server)
    try:
        async with asyncio.timeout(server.total_timeout):
            await connection.open()
    except Exception as error:  # noqa: BLE001 - whatever it is, the stage says what it means
        return f"{connection.stage}: {_code(error)}"
    finally:
        await connection.close()
    return None


class Smtp:
    """Delivers emails to an SMTP server, which takes them for good or says why not."""

    name = "smtp"
    channel = Channel.EMAIL
    batch_size = 20
    concurrency = 4
    rate = None

    def __init__(self, server: SmtpServer, *, clock: Callable[[], datetime]) -> None:
        self._server = server
        self._clock = clock
        self._idle: list[_Connection] = []

    def units(self, messages: Sequence[Message]) -> int:
        return len(messages)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        connection = self._idle.pop() if self._idle else _Connection(self._server)
        receipts: list[Receipt] = []
        for message in messages:
            await pace(1)
            verdict = await self._hand_over(connection, message)
            if verdict.stops and not receipts:
                raise DeliveryError(_advice(connection.stage, verdict.code))
            if verdict.stops or verdict.unreachable:
                rest = messages[len(receipts) :]
                receipts += [self._receipt(m.key, verdict) for m in rest]
                break
            receipts.append(self._receipt(message.key, verdict))
        self._idle.append(connection)
        return receipts

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:  # noqa: ARG002
        """SMTP has no question for it: what is in doubt stays so until a person looks at the server's log."""
        return {}

    async def close(self) -> None:
        """Say goodbye on every connection."""
        while self._idle:
            await self._idle.pop().close()

    async def _hand_over(self, connection: _Connection, message: Message) -> Verdict:
        if not isinstance(message, EmailMessage):
            msg = "SMTP carries emails only."
            raise TypeError(msg)
        try:
            data = mail_bytes(message, at=self._clock())
            sender, to = ascii_address(message.from_address), ascii_address(message.to)
        except RenderError:
            return Verdict(state=MessageState.REFUSED, code="cannot_be_written_down")
        return await connection.deliver(sender, to, data)

    def _receipt(self, key: MessageKey, verdict: Verdict) -> Receipt:
        return Receipt(
            key=key,
            state=verdict.state,
            provider=self.name,
            provider_id=verdict.queue_id,
            code=verdict.code,
        )


class _Connection:
    """One connection, opened when it is needed and opened again after it was lost."""

    def __init__(self, server: SmtpServer) -> None:
        self.stage = Stage.CONNECT
        self._server = server
        self._client = self._new_client()

    async def deliver(self, sender: str, to: str, data: bytes) -> Verdict:
        try:
            async with asyncio.timeout(self._server.total_timeout):
                reply = await self._transact(sender, to, data)
        except asyncio.CancelledError:
            self._client.close()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the stage says what it means
            verdict = classify_smtp(self.stage, error)
            await self._recover(error, verdict)
            return verdict
        queue_id = _QUEUE_ID.search(reply.message)
        return Verdict(
            state=MessageState.ACCEPTED,
            code=str(reply.code),
            queue_id=queue_id[1] if queue_id else None,
        )

    async def close(self) -> None:
        with suppress(aiosmtplib.SMTPException, OSError):
            await self._client.quit(timeout=self._server.connect_timeout)
        self._client.close()

    async def _transact(self, sender: str, to: str, data: bytes) -> aiosmtplib.SMTPResponse:
        if not self._client.is_connected:
            await self.open()
        self.stage = Stage.MAIL
        await self._client.mail(sender)
        self.stage = Stage.RCPT
        await self._client.rcpt(to)
        self.stage = Stage.DATA
        return await self._client.data(data)

    async def open(self) -> None:
        self.stage = Stage.CONNECT
        self._client = self._new_client()
        await self._client.connect(timeout=self._server.connect_timeout)
        if self._server.starttls:
            self.stage = Stage.TLS
            await self._client.starttls()
        if self._server.user is not None:
            self.stage = Stage.LOGIN
            password = self._server.password or SecretStr("")
            await self._client.login(self._server.user, password.get_secret_value())

    async def _recover(self, error: Exception, verdict: Verdict) -> None:
        """Leave the connection ready for the next message, or closed."""
        reply = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
        if reply >= 400 and reply != _CLOSING and not verdict.unreachable:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.rset(timeout=self._server.connect_timeout)
                return
        self._client.close()

    def _new_client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            timeout=self._server.total_timeout,
            start_tls=False,
        )


def _advice(stage: Stage, code: str) -> str:
    cure = {
        Stage.TLS: "It offers no TLS: set PERENNIAL_SMTP_STARTTLS=false only if the way to it is your own.",
        Stage.LOGIN: "Check PERENNIAL_SMTP_USER and PERENNIAL_SMTP_PASSWORD.",
        Stage.MAIL: "It does not let us write as from_address in shop.yaml: verify the sender there, or log in.",
    }.get(stage, "It wants a login: set PERENNIAL_SMTP_USER and PERENNIAL_SMTP_PASSWORD.")
    return (
        f"The SMTP server says no to every message ({stage}: {code}). {cure} "
        "Nothing more was sent; run it again afterwards."
    )
