"""Emails through a real SMTP server, and what its misbehaviour does to them."""

# ruff: noqa: ARG001, ARG002, N802, N811 - the server names its hooks and their arguments

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage as Parsed
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from crashing_run import CAMPAIGN, DAY, NOW, compose, ledger_of, planned
from perennial.delivery.accounts import DispatchSummary
from perennial.delivery.dispatch import dispatch
from perennial.delivery.provider import unhurried
from perennial.delivery.smtp import Smtp, SmtpServer
from perennial.errors import DeliveryError
from perennial.model.message import Message, Receipt
from perennial.model.policy import SendingRules
from perennial.model.words import Channel, MessageState

ACCEPTED, REFUSED = MessageState.ACCEPTED, MessageState.REFUSED
RETRYABLE, IN_DOUBT = MessageState.RETRYABLE, MessageState.IN_DOUBT
TIMEOUT = 0.5


@dataclass
class Post:
    """The server's side: what it took, and how it is to misbehave towards some recipients."""

    taken: list[Parsed] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    sessions: set[object] = field(default_factory=set)
    rcpt: dict[str, str] = field(default_factory=dict)
    mail: str | None = None
    data: dict[str, str | Callable[[], None] | float] = field(default_factory=dict)
    hangs_up_at_data: set[str] = field(default_factory=set)

    async def handle_MAIL(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.sessions.add(session.peer)
        return self.mail or "250 OK"

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt.get(address, "250 OK")

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, Parsed)
        fault = self.data.get(envelope.rcpt_tos[0], "250 2.0.0 Ok: queued as 4F2A1B")
        if isinstance(fault, str) and not fault.startswith(("2", "drop")):
            return fault
        self.taken.append(mail)
        if isinstance(fault, float):
            await asyncio.sleep(fault)
        elif fault == "drop":
            server.transport.abort()
        return fault if isinstance(fault, str) else "250 late"

    @property
    def recipients(self) -> Counter[str]:
        return Counter(str(mail["To"]) for mail in self.taken)


class HangingUp(Server):
    """Hangs up at the word DATA on some recipients."""

    async def smtp_DATA(self, arg: str) -> None:
        if set(self.envelope.rcpt_tos) & self.event_handler.hangs_up_at_data:
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class PostOffice(Controller):
    def factory(self) -> Server:
        return HangingUp(self.handler, **self.SMTP_kwargs)


@contextlib.contextmanager
def open_office(post: Post, **options: object) -> Iterator[SmtpServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    office = PostOffice(post, hostname="127.0.0.1", port=port, **options)
    office.start()
    try:
        yield SmtpServer(host="127.0.0.1", port=port, starttls=False, total_timeout=TIMEOUT)
    finally:
        office.stop()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def office(post: Post) -> Iterator[SmtpServer]:
    with open_office(post) as server:
        yield server


def emails(count: int) -> list[Message]:
    return [compose(planned(number)) for number in range(count)]


def address(number: int) -> str:
    return planned(number).address


def send(server: SmtpServer, *batches: Sequence[Message]) -> list[Receipt]:
    async def all_of_them() -> list[Receipt]:
        provider = Smtp(server, clock=lambda: NOW)
        try:
            return [
                receipt for batch in batches for receipt in await provider.send(batch, unhurried)
            ]
        finally:
            await provider.close()

    return asyncio.run(all_of_them())


def states(receipts: Sequence[Receipt]) -> list[MessageState]:
    return [receipt.state for receipt in receipts]


def test_emails_arrive_whole_over_one_connection(post: Post, office: SmtpServer) -> None:
    receipts = send(office, emails(3), emails(5)[3:])
    assert states(receipts) == [ACCEPTED] * 5
    assert {receipt.provider_id for receipt in receipts} == {"4F2A1B"}
    assert [mail["To"] for mail in post.taken] == [address(number) for number in range(5)]
    assert post.taken[0]["Message-ID"] == f"<{planned(0).key}@juniperandrye.example>"
    assert [p.get_content_type() for p in post.taken[0].iter_parts()] == ["text/plain", "text/html"]
    assert len(post.sessions) == 1


def test_a_recipient_that_is_refused_costs_the_others_nothing(
    post: Post, office: SmtpServer
) -> None:
    post.rcpt = {address(1): "550 5.1.1 unknown", address(2): "451 4.7.1 greylisted"}
    receipts = send(office, emails(4))
    assert [(r.state, r.code) for r in receipts] == [
        (ACCEPTED, "250"),
        (REFUSED, "550 5.1.1"),
        (RETRYABLE, "451 4.7.1"),
        (ACCEPTED, "250"),
    ]
    assert post.recipients == {address(0): 1, address(3): 1}
    assert len(post.sessions) == 1


def test_an_answer_to_the_body_is_an_answer(post: Post, office: SmtpServer) -> None:
    post.data = {address(0): "554 5.7.1 spam", address(1): "452 4.2.2 full"}
    assert states(send(office, emails(3))) == [REFUSED, RETRYABLE, ACCEPTED]


def test_a_connection_that_breaks_after_the_body_leaves_doubt_and_is_opened_again(
    post: Post, office: SmtpServer
) -> None:
    post.data = {address(1): "drop"}
    receipts = send(office, emails(3))
    assert states(receipts) == [ACCEPTED, IN_DOUBT, ACCEPTED]
    assert receipts[1].code == "disconnected"
    assert post.recipients == {address(0): 1, address(1): 1, address(2): 1}
    assert len(post.sessions) == 2


def test_a_connection_that_breaks_at_data_leaves_doubt(post: Post, office: SmtpServer) -> None:
    post.hangs_up_at_data = {address(1)}
    assert states(send(office, emails(3))) == [ACCEPTED, IN_DOUBT, ACCEPTED]


def test_an_answer_that_comes_too_late_leaves_doubt(post: Post, office: SmtpServer) -> None:
    """Case 4: the server took it."""
    post.data = {address(0): TIMEOUT * 3}
    receipts = send(office, emails(2))
    assert [(r.state, r.code) for r in receipts] == [(IN_DOUBT, "timeout"), (ACCEPTED, "250")]
    assert post.recipients == {address(0): 1, address(1): 1}


def test_a_server_that_closes_between_messages_is_no_loss(post: Post, office: SmtpServer) -> None:
    post.rcpt = {address(1): "421 4.3.2 shutting down"}
    assert states(send(office, emails(3))) == [ACCEPTED, RETRYABLE, ACCEPTED]


def test_a_server_that_is_not_there_leaves_everything_retryable() -> None:
    """Case 8."""
    with open_office(Post()) as server:
        pass
    receipts = send(server, emails(3))
    assert {(r.state, r.code) for r in receipts} == {(RETRYABLE, "connection_refused")}


def test_a_wrong_password_stops_the_run(post: Post) -> None:
    """Case 11."""

    def nobody(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with open_office(post, authenticator=nobody, auth_require_tls=False) as server:
        known = SmtpServer(
            host=server.host,
            port=server.port,
            starttls=False,
            user="shop",
            password=SecretStr("wrong"),
        )
        with pytest.raises(DeliveryError, match="PERENNIAL_SMTP_PASSWORD"):
            send(known, emails(2))
    assert post.taken == []


def test_a_sender_that_is_not_allowed_stops_the_run_instead_of_burning_the_audience(
    post: Post, office: SmtpServer
) -> None:
    post.mail = "553 5.7.1 not your address"
    with pytest.raises(DeliveryError, match="from_address"):
        send(office, emails(2))


def test_a_server_without_tls_stops_the_run(office: SmtpServer) -> None:
    strict = SmtpServer(host=office.host, port=office.port)
    with pytest.raises(DeliveryError, match="PERENNIAL_SMTP_STARTTLS"):
        send(strict, emails(1))


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=key.public_key(),
            serial_number=1,
            not_valid_before=today - dt.timedelta(days=1),
            not_valid_after=today + dt.timedelta(days=1),
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return file, context


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    post: Post, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    with open_office(post, tls_context=certificate[1]) as server:
        receipts = send(SmtpServer(host=server.host, port=server.port), emails(2))
    assert {(r.state, r.code) for r in receipts} == {(RETRYABLE, "tls_failed")}
    assert post.taken == []


def test_the_password_goes_over_tls_only_and_the_emails_after_it(
    post: Post, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(
        server: Server, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        assert session.ssl is not None
        post.logins.append(given.password)
        return AuthResult(success=given.login == b"shop")

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with open_office(post, tls_context=certificate[1], authenticator=check) as server:
        known = SmtpServer(
            host=server.host, port=server.port, user="shop", password=SecretStr("right")
        )
        receipts = send(known, emails(2))
    assert states(receipts) == [ACCEPTED, ACCEPTED]
    assert post.logins == [b"right"]


def run(folder: Path, server: SmtpServer, count: int, worker: str) -> DispatchSummary:
    ledger = ledger_of(folder)
    ledger.migrate()
    try:
        return asyncio.run(
            dispatch(
                [[planned(100 + number) for number in range(count)]],
                campaign=CAMPAIGN,
                ledger=ledger,
                providers={Channel.EMAIL: Smtp(server, clock=lambda: NOW)},
                compose=compose,
                rules=SendingRules(),
                clock=lambda: NOW,
                worker=worker,
                lease=dt.timedelta(minutes=5),
            )
        )
    finally:
        ledger.close()


def test_what_is_in_doubt_is_not_sent_again_and_what_was_not_taken_is(
    post: Post, office: SmtpServer, tmp_path: Path
) -> None:
    """Cases 4 and 9, with the ledger and a second run."""
    post.rcpt = {address(101): "550 5.1.1 unknown", address(102): "451 4.7.1 greylisted"}
    post.data = {address(103): "drop", address(104): TIMEOUT * 2}
    first = run(tmp_path, office, 8, "first")
    assert (first.accepted, first.refused, first.retryable, first.in_doubt) == (4, 1, 1, 2)
    post.rcpt, post.data = {}, {}
    second = run(tmp_path, office, 8, "second")
    assert (second.accepted, second.taken) == (1, 7)
    assert post.recipients == {address(100 + n): 1 for n in range(8) if n != 1}
    ledger = ledger_of(tmp_path)
    assert ledger.standing(CAMPAIGN, DAY).states == {ACCEPTED: 5, REFUSED: 1, IN_DOUBT: 2}
    ledger.close()


def test_a_server_that_takes_nothing_is_given_up_and_the_rest_is_left_for_later(
    post: Post, office: SmtpServer, tmp_path: Path
) -> None:
    post.rcpt = {address(100 + number): "550 5.7.1 relaying denied" for number in range(400)}
    with pytest.raises(DeliveryError, match=r"550 5\.7\.1"):
        run(tmp_path, office, 400, "first")
    ledger = ledger_of(tmp_path)
    standing = ledger.standing(CAMPAIGN, DAY).states
    ledger.close()
    assert 100 <= standing[REFUSED] <= 180
    assert standing[RETRYABLE] == 400 - standing[REFUSED]
