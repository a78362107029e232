from __future__ import annotations

import socket
import ssl

import aiosmtplib
import pytest

from perennial.delivery.smtp import Stage, classify_smtp
from perennial.model.words import MessageState

ACCEPTED, REFUSED = MessageState.ACCEPTED, MessageState.REFUSED
RETRYABLE, IN_DOUBT = MessageState.RETRYABLE, MessageState.IN_DOUBT


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def refused(code: int) -> Exception:
    return aiosmtplib.SMTPRecipientRefused(code, "5.1.1 no such user", "anna@customers.example")


REFUSED_CONNECTION = caused(aiosmtplib.SMTPConnectError("no"), ConnectionRefusedError())
NO_SUCH_NAME = caused(aiosmtplib.SMTPConnectError("no"), socket.gaierror())
DISCONNECTED = aiosmtplib.SMTPServerDisconnected("gone")
READ_TIMEOUT = aiosmtplib.SMTPReadTimeoutError("slow")


@pytest.mark.parametrize(
    ("stage", "error", "state", "code"),
    [
        (Stage.CONNECT, REFUSED_CONNECTION, RETRYABLE, "connection_refused"),
        (Stage.CONNECT, NO_SUCH_NAME, RETRYABLE, "name_not_found"),
        (Stage.CONNECT, aiosmtplib.SMTPConnectTimeoutError("slow"), RETRYABLE, "timeout"),
        (Stage.CONNECT, aiosmtplib.SMTPConnectResponseError(554, "no"), RETRYABLE, "554"),
        (Stage.CONNECT, aiosmtplib.SMTPConnectResponseError(421, "busy"), RETRYABLE, "421"),
        (Stage.TLS, ssl.SSLCertVerificationError(), RETRYABLE, "tls_failed"),
        (Stage.TLS, aiosmtplib.SMTPResponseException(454, "not now"), RETRYABLE, "454"),
        (Stage.TLS, aiosmtplib.SMTPHeloError(501, "what?"), RETRYABLE, "501"),
        (
            Stage.LOGIN,
            aiosmtplib.SMTPAuthenticationError(454, "4.7.0 later"),
            RETRYABLE,
            "454 4.7.0",
        ),
        (Stage.LOGIN, DISCONNECTED, RETRYABLE, "disconnected"),
        (Stage.MAIL, aiosmtplib.SMTPSenderRefused(451, "later", "x"), RETRYABLE, "451"),
        (Stage.MAIL, aiosmtplib.SMTPSenderRefused(552, "too big", "x"), REFUSED, "552"),
        (Stage.MAIL, DISCONNECTED, RETRYABLE, "disconnected"),
        (Stage.RCPT, refused(550), REFUSED, "550 5.1.1"),
        (Stage.RCPT, refused(450), RETRYABLE, "450 5.1.1"),
        (Stage.RCPT, aiosmtplib.SMTPResponseException(421, "closing"), RETRYABLE, "421"),
        (Stage.RCPT, READ_TIMEOUT, RETRYABLE, "timeout"),
        (Stage.RCPT, aiosmtplib.SMTPResponseException(-1, "Malformed"), RETRYABLE, "-1"),
        (Stage.DATA, aiosmtplib.SMTPDataError(554, "5.7.1 spam"), REFUSED, "554 5.7.1"),
        (Stage.DATA, aiosmtplib.SMTPDataError(451, "later"), RETRYABLE, "451"),
        (Stage.DATA, aiosmtplib.SMTPDataError(421, "closing"), RETRYABLE, "421"),
        (Stage.DATA, aiosmtplib.SMTPDataError(299, "perhaps"), IN_DOUBT, "299"),
        (Stage.DATA, aiosmtplib.SMTPResponseException(-1, "Malformed"), IN_DOUBT, "-1"),
        (Stage.DATA, DISCONNECTED, IN_DOUBT, "disconnected"),
        (Stage.DATA, READ_TIMEOUT, IN_DOUBT, "timeout"),
        (Stage.DATA, TimeoutError(), IN_DOUBT, "timeout"),
        (Stage.DATA, ConnectionResetError(), IN_DOUBT, "disconnected"),
        (Stage.DATA, ValueError("a fault of ours"), IN_DOUBT, "ValueError"),
        (Stage.RCPT, ValueError("a fault of ours"), RETRYABLE, "ValueError"),
    ],
)
def test_a_failure_says_this_about_the_message(
    stage: Stage, error: Exception, state: MessageState, code: str
) -> None:
    verdict = classify_smtp(stage, error)
    assert (verdict.state, verdict.code, verdict.stops) == (state, code, False)


@pytest.mark.parametrize(
    ("stage", "error"),
    [
        (Stage.TLS, aiosmtplib.SMTPException("SMTP STARTTLS extension not supported by server.")),
        (Stage.TLS, aiosmtplib.SMTPResponseException(502, "no")),
        (Stage.LOGIN, aiosmtplib.SMTPAuthenticationError(535, "5.7.8 wrong")),
        (Stage.LOGIN, aiosmtplib.SMTPException("No suitable authentication method found.")),
        (Stage.MAIL, aiosmtplib.SMTPSenderRefused(530, "log in first", "x")),
        (Stage.MAIL, aiosmtplib.SMTPSenderRefused(553, "not your address", "x")),
        (Stage.RCPT, refused(530)),
    ],
)
def test_what_every_message_would_meet_stops_the_run_and_burns_nothing(
    stage: Stage, error: Exception
) -> None:
    verdict = classify_smtp(stage, error)
    assert verdict.stops
    assert verdict.state is RETRYABLE


@pytest.mark.parametrize("stage", Stage)
def test_a_server_that_is_not_reached_is_not_tried_again_for_the_rest_of_the_batch(
    stage: Stage,
) -> None:
    verdict = classify_smtp(stage, DISCONNECTED)
    assert verdict.unreachable == (stage in {Stage.CONNECT, Stage.TLS, Stage.LOGIN})


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("reply", [-1, 299, 354, 421, 450, 451, 550, 552, 554])
def test_a_message_is_in_doubt_only_after_data_and_only_without_an_answer(
    stage: Stage, reply: int
) -> None:
    state = classify_smtp(stage, aiosmtplib.SMTPResponseException(reply, "…")).state
    assert (state is IN_DOUBT) == (stage is Stage.DATA and reply < 400)


def test_no_verdict_repeats_the_servers_words() -> None:
    verdict = classify_smtp(
        Stage.RCPT, aiosmtplib.SMTPRecipientRefused(550, "anna@x.y", "anna@x.y")
    )
    assert "anna" not in repr(verdict)
