"""A run by SendGrid and Twilio, as they are played on this machine, with the ledger behind it and the truth beside it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from crashing_run import CAMPAIGN, DAY, NOW, compose, ledger_of, planned
from framed_emails import birthday
from perennial.bootstrap import Installation
from perennial.delivery.accounts import DispatchSummary
from perennial.delivery.dispatch import dispatch
from perennial.delivery.http_wire import Patience
from perennial.delivery.provider import unhurried
from perennial.delivery.sendgrid.emails import SendGridAccount, SendGridEmail
from perennial.delivery.sendgrid.payload import MailOptions
from perennial.delivery.twilio.messages import TwilioAccount, TwilioMessages
from perennial.delivery.twilio.payload import TextOptions
from perennial.emulator.faults import Fault, FaultKind, Match
from perennial.emulator.options import MESSAGING_SERVICE, Options
from perennial.emulator.rate_window import RateLimit
from perennial.emulator.serving import Emulator, emulator_thread
from perennial.errors import DeliveryError
from perennial.model.message import Message, PlannedMessage
from perennial.model.policy import SendingRules
from perennial.model.words import Channel, MessageState, Reason
from perennial.settings import Settings

ACCEPTED, REFUSED = MessageState.ACCEPTED, MessageState.REFUSED
RETRYABLE, IN_DOUBT = MessageState.RETRYABLE, MessageState.IN_DOUBT
# Long enough for a machine that stands still for a moment; where nobody answers, a second is enough.
PATIENT, SHORT = Patience(connect=30, total=60), Patience(connect=1, total=1)
WINDOW = RateLimit(requests=40, seconds=1)


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with emulator_thread(getattr(request, "param", Options())) as running:
        yield running


def mailer(
    emulator: Emulator,
    *,
    key: str | None = None,
    options: MailOptions | None = None,
    patience: Patience = PATIENT,
) -> SendGridEmail:
    account = SendGridAccount(
        api_key=SecretStr(key or emulator.options.sendgrid_key),
        host=emulator.url,
        options=options or MailOptions(),
        patience=patience,
    )
    return SendGridEmail(account, clock=lambda: NOW)


def texter(
    emulator: Emulator, *, token: str | None = None, patience: Patience = PATIENT
) -> TwilioMessages:
    account = TwilioAccount(
        sid=emulator.options.account_sid,
        auth_token=SecretStr(token or emulator.options.auth_token),
        host=emulator.url,
        options=TextOptions(
            messaging_service=MESSAGING_SERVICE, status_callback="http://127.0.0.1:9/status"
        ),
        patience=patience,
    )
    return TwilioMessages(account, clock=lambda: NOW)


def people(count: int, channel: Channel = Channel.EMAIL) -> list[PlannedMessage]:
    found = [planned(100 + number) for number in range(count)]
    if channel is Channel.EMAIL:
        return found
    return [
        replace(p, channel=channel, address=f"+1415555{number:04d}")
        for number, p in enumerate(found)
    ]


def compose_framed(message: PlannedMessage) -> Message:
    """An email that shares its frame with all the others, and so a request."""
    return birthday(int(message.customer_id), key=message.key, to=message.address)


def run(
    folder: Path,
    provider: SendGridEmail | TwilioMessages,
    audience: Sequence[PlannedMessage],
    worker: str = "first",
    now: datetime = NOW,
    compose: Callable[[PlannedMessage], Message] = compose,
) -> DispatchSummary:
    ledger = ledger_of(folder)
    ledger.migrate()
    try:
        return asyncio.run(
            dispatch(
                [audience],
                campaign=CAMPAIGN,
                ledger=ledger,
                providers={provider.channel: provider},
                compose=compose,
                rules=SendingRules(),
                clock=lambda: now,
                worker=worker,
                lease=timedelta(minutes=5),
            )
        )
    finally:
        ledger.close()


def the_wait_is_over(folder: Path) -> None:
    """As if the time that a provider asked for had passed by the database's clock."""
    with sqlite3.connect(folder / "ledger.db") as connection:
        connection.execute("update providers set not_before = null")


def states(folder: Path) -> dict[MessageState, int]:
    ledger = ledger_of(folder)
    try:
        return dict(ledger.standing(CAMPAIGN, DAY).states)
    finally:
        ledger.close()


def once(audience: Sequence[PlannedMessage]) -> dict[str, int]:
    return {message.key: 1 for message in audience}


def fault(kind: FaultKind, who: PlannedMessage | None = None, **more: object) -> Fault:
    match = Match(key=who.key) if who else Match()
    return Fault(kind=kind, match=match, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_everybody_is_written_to_once_however_often_the_run_is_run(
    emulator: Emulator, tmp_path: Path, channel: Channel
) -> None:
    audience = people(230, channel)
    for worker in ("first", "second"):
        provider = mailer(emulator) if channel is Channel.EMAIL else texter(emulator)
        run(tmp_path, provider, audience, worker)
    assert emulator.accepted() == once(audience)
    assert states(tmp_path) == {ACCEPTED: 230}


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.NO_ANSWER, None),
        (FaultKind.SERVER_ERROR, 500),
        (FaultKind.SERVER_ERROR, 503),
        (FaultKind.RESET, None),
        (FaultKind.CUT, None),
        (FaultKind.TRUNCATED, None),
        (FaultKind.HTML, None),
    ],
    ids=["case 4", "case 5, 500", "case 5, 503", "reset", "cut", "case 12", "case 12, a page"],
)
def test_what_was_accepted_without_a_clear_yes_is_in_doubt_and_not_sent_again(
    emulator: Emulator, tmp_path: Path, channel: Channel, kind: FaultKind, status: int | None
) -> None:
    audience = people(8, channel)
    emulator.fail(fault(kind, audience[3], before_acceptance=False, status=status, seconds=2.0))
    patience = SHORT if kind is FaultKind.NO_ANSWER else PATIENT
    provider = mailer if channel is Channel.EMAIL else texter
    for worker in ("first", "second"):
        run(tmp_path, provider(emulator, patience=patience), audience, worker)
    assert emulator.accepted() == once(audience)
    assert states(tmp_path) == {ACCEPTED: 7, IN_DOUBT: 1}


@pytest.mark.parametrize("emulator", [Options(mail_limit=WINDOW)], indirect=True)
def test_a_used_up_window_makes_the_run_wait_and_loses_nobody(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Cases 6 and 7: more people than three windows hold; who was sent away waits for the next run."""
    audience = people(150)
    summary = run(tmp_path, mailer(emulator), audience)
    assert summary.retryable > 0
    assert summary.accepted + summary.retryable == 150
    assert sum(emulator.accepted().values()) == summary.accepted
    ledger = ledger_of(tmp_path)
    claim = ledger.claim(
        audience, worker="early", lease=timedelta(minutes=5), now=NOW, rules=SendingRules()
    )
    ledger.close()
    assert not claim.claimed, "who was sent away is left alone until the window ends"


def test_during_a_long_rate_limit_the_run_leaves_and_says_when_to_go_on(
    emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 7: half an hour of 429; what has expired meanwhile is not sent."""
    audience = people(400)
    audience[399] = replace(audience[399], expires_at=NOW + timedelta(minutes=20))
    emulator.fail(fault(FaultKind.RATE_LIMITED, times=1, seconds=1_800.0))
    provider = mailer(emulator)
    provider.batch_size = 20
    summary = run(tmp_path, provider, audience)
    assert summary.resume_at is not None
    assert timedelta(minutes=29) < summary.resume_at - NOW < timedelta(minutes=38)
    assert summary.accepted + summary.retryable + summary.waiting == summary.messages == 400
    assert summary.waiting > 0
    assert sum(emulator.accepted().values()) == summary.accepted
    assert len([r for r in caplog.records if "left alone" in r.message]) == 1

    early = run(tmp_path, mailer(emulator), audience, "early")
    assert early.accepted == 0, "another worker knows it, too"
    assert early.resume_at is not None

    the_wait_is_over(tmp_path)
    later = run(tmp_path, mailer(emulator), audience, "late", now=NOW + timedelta(minutes=40))
    assert later.blocked == {Reason.EXPIRED: 1}
    assert emulator.accepted() == once(audience[:399])


def test_too_many_requests_at_once_are_safe_to_try_again(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Case 6, 20429."""
    audience = people(8, Channel.SMS)
    emulator.fail(fault(FaultKind.RATE_LIMITED, audience[2]))
    summary = run(tmp_path, texter(emulator), audience)
    assert (summary.accepted, summary.retryable) == (7, 1)
    assert emulator.accepted() == once(audience[:2] + audience[3:])


def test_one_bad_recipient_costs_the_others_nothing(emulator: Emulator, tmp_path: Path) -> None:
    """Case 9."""
    audience = people(20)
    audience[7] = replace(audience[7], address="nobody@[not-a-domain]")
    summary = run(tmp_path, mailer(emulator), audience)
    assert (summary.accepted, summary.refused) == (19, 1)
    assert audience[7].key not in emulator.accepted()


def test_a_page_that_says_too_large_refuses_its_message(emulator: Emulator, tmp_path: Path) -> None:
    """Case 10."""
    audience = people(5)
    emulator.fail(fault(FaultKind.REFUSED, audience[1], code=413))
    summary = run(tmp_path, mailer(emulator), audience)
    assert (summary.accepted, summary.refused) == (4, 1)


@pytest.mark.parametrize(("code", "advice"), [(401, "API_KEY"), (403, "Verify")])
def test_a_key_that_is_revoked_in_the_middle_stops_the_run_and_the_rest_goes_later(
    emulator: Emulator, tmp_path: Path, code: int, advice: str
) -> None:
    """Case 11."""
    audience = people(400)
    emulator.fail(Fault(kind=FaultKind.REFUSED, code=code, times=None, match=Match(skip=130)))
    with pytest.raises(DeliveryError, match=advice) as stopped:
        run(tmp_path, mailer(emulator), audience)
    assert "\n" not in str(stopped.value)
    assert states(tmp_path) == {ACCEPTED: 130, RETRYABLE: 270}
    emulator.faults.clear()
    run(tmp_path, mailer(emulator), audience, "second")
    assert emulator.accepted() == once(audience)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
@pytest.mark.parametrize("size", [1, 10])
def test_a_wrong_key_reaches_nobody_and_burns_nobody(
    emulator: Emulator, tmp_path: Path, channel: Channel, size: int
) -> None:
    """Case 11."""
    email = channel is Channel.EMAIL
    provider = mailer(emulator, key="SG.wrong") if email else texter(emulator, token="wrong")
    named = "PERENNIAL_SENDGRID_API_KEY" if email else "PERENNIAL_TWILIO_AUTH_TOKEN"
    with pytest.raises(DeliveryError, match=named):
        run(tmp_path, provider, people(size, channel))
    assert states(tmp_path) == {RETRYABLE: size}
    assert not emulator.accepted()


def test_many_in_a_request_are_each_written_to_once(emulator: Emulator, tmp_path: Path) -> None:
    """Cases 9 and 10: a page that says too large, and one bad recipient."""
    audience = people(450)
    audience[7] = replace(audience[7], address="nobody@[not-a-domain]")
    emulator.fail(fault(FaultKind.REFUSED, audience[301], code=413))
    for worker in ("first", "second"):
        run(tmp_path, mailer(emulator), audience, worker, compose=compose_framed)
    assert emulator.accepted() == once([p for n, p in enumerate(audience) if n != 7])
    assert states(tmp_path) == {ACCEPTED: 449, REFUSED: 1}


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.RESET, FaultKind.TRUNCATED])
def test_a_request_without_a_clear_yes_leaves_all_in_it_in_doubt_and_nobody_else(
    emulator: Emulator, tmp_path: Path, kind: FaultKind
) -> None:
    """Cases 4, 5 and 12."""
    audience = people(450)
    emulator.fail(fault(kind, audience[3], before_acceptance=False))
    for worker in ("first", "second"):
        run(tmp_path, mailer(emulator), audience, worker, compose=compose_framed)
    assert emulator.accepted() == once(audience)
    assert states(tmp_path) == {ACCEPTED: 250, IN_DOUBT: 200}


def test_a_key_that_is_revoked_between_two_requests_burns_nobody(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Case 11."""
    audience = people(1_000)
    emulator.fail(Fault(kind=FaultKind.REFUSED, code=403, times=None, match=Match(skip=2)))
    with pytest.raises(DeliveryError, match="Mail Send"):
        run(tmp_path, mailer(emulator), audience, compose=compose_framed)
    assert states(tmp_path) == {ACCEPTED: 400, RETRYABLE: 600}
    emulator.faults.clear()
    run(tmp_path, mailer(emulator), audience, "second", compose=compose_framed)
    assert emulator.accepted() == once(audience)


@pytest.mark.parametrize(
    "emulator", [Options(mail_limit=RateLimit(requests=2, seconds=600))], indirect=True
)
def test_a_used_up_window_sends_whole_requests_away(emulator: Emulator, tmp_path: Path) -> None:
    """Cases 6 and 7."""
    audience = people(1_000)
    summary = run(tmp_path, mailer(emulator), audience, compose=compose_framed)
    assert summary.accepted == 400
    assert summary.accepted + summary.retryable + summary.waiting == 1_000
    assert sum(emulator.accepted().values()) == 400
    assert set(emulator.accepted().values()) == {1}


def test_who_has_answered_stop_is_suppressed_and_never_tried_again(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Case 28, with Twilio's magic numbers."""
    audience = people(4, Channel.SMS)
    audience[1] = replace(audience[1], address="+15005550004")  # 21610, opted out
    audience[2] = replace(audience[2], address="+15005550003")  # 21408, region off
    summary = run(tmp_path, texter(emulator), audience)
    assert (summary.accepted, summary.refused) == (2, 2)
    ledger = ledger_of(tmp_path)
    suppressed = ledger.suppressed().to_pylist()
    ledger.close()
    assert [(row["address_key"], row["channel"], row["reason"]) for row in suppressed] == [
        (audience[1].address_key, "sms", "stopped")
    ]


def test_a_provider_that_is_not_there_leaves_everybody_for_later(tmp_path: Path) -> None:
    """Case 8."""
    with emulator_thread() as gone:
        provider = mailer(gone)
    summary = run(tmp_path, provider, people(20))
    assert summary.retryable == 20


def test_the_sandbox_takes_everything_and_sends_nothing(emulator: Emulator, tmp_path: Path) -> None:
    summary = run(tmp_path, mailer(emulator, options=MailOptions(sandbox=True)), people(5))
    assert summary.accepted == 5
    assert not emulator.accepted()


def test_no_key_and_no_address_is_logged_or_kept(
    emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 47."""
    caplog.set_level(logging.DEBUG)
    audience = [replace(p, address=f"planted.canary{n}@x.example") for n, p in enumerate(people(9))]
    emulator.fail(*(fault(kind, person) for kind, person in zip(FaultKind, audience, strict=False)))
    run(tmp_path, mailer(emulator, patience=SHORT), audience)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode(errors="replace")
    for text in (caplog.text, kept):
        assert "canary" not in text
        assert emulator.options.sendgrid_key not in text


def test_the_settings_choose_the_providers(emulator: Emulator, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        email_transport="sendgrid",
        sms_transport="twilio",
        sendgrid_api_key=emulator.options.sendgrid_key,
        sendgrid_host=emulator.url,
        twilio_account_sid=emulator.options.account_sid,
        twilio_auth_token=emulator.options.auth_token,
        twilio_messaging_service=MESSAGING_SERVICE,
        twilio_host=emulator.url,
    )
    for channel, provider in Installation(settings).providers().items():
        person = replace(people(1, channel)[0], expires_at=datetime.now(UTC) + timedelta(hours=1))
        message = compose(person)
        receipts = asyncio.run(_sent(provider, message))
        assert [receipt.state for receipt in receipts] == [ACCEPTED]


async def _sent(provider: object, message: Message) -> list[object]:
    try:
        return list(await provider.send([message], unhurried))  # type: ignore[attr-defined]
    finally:
        await provider.close()  # type: ignore[attr-defined]
