"""SendGrid's adapter against the emulator: many in a request end as each would alone, and doubts are asked about."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import SecretStr

from framed_emails import birthday
from perennial.delivery.http_wire import Patience
from perennial.delivery.provider import ProviderStopped, Question, unhurried
from perennial.delivery.sendgrid.emails import SendGridAccount, SendGridEmail
from perennial.delivery.sendgrid.payload import MailOptions
from perennial.emulator.faults import Fault, FaultKind, Match
from perennial.emulator.options import SENDGRID_KEY, Options
from perennial.emulator.record import read_record
from perennial.emulator.serving import Emulator
from perennial.errors import DeliveryError
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Receipt, SmsMessage
from perennial.model.words import MessageState

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
ACCEPTED, REFUSED = MessageState.ACCEPTED, MessageState.REFUSED
RETRYABLE, IN_DOUBT = MessageState.RETRYABLE, MessageState.IN_DOUBT
Found = TypeVar("Found")
HOSTILE = [
    "~0",
    "`a~b0",
    "-name-",
    "{{7*7}}",
    "%25",
    "Анна 👩‍👧",
    '"><b>',
    "",
    "  ",
    "\\n",
    "~0~1~2",
]


def account(**changes: object) -> SendGridAccount:
    patience = Patience(connect=1, total=1)
    made = SendGridAccount(api_key=SecretStr(SENDGRID_KEY), patience=patience)
    return replace(made, **changes)  # type: ignore[arg-type]


def mailing(
    act: Callable[[SendGridEmail, Emulator], Awaitable[Found]],
    emulated: Options | None = None,
    now: datetime = NOW,
    **changes: object,
) -> Found:
    """What `act(provider, emulator)` returns."""

    async def run() -> Found:
        async with Emulator(emulated or Options()) as emulator:
            provider = SendGridEmail(account(host=emulator.url, **changes), clock=lambda: now)
            try:
                return await act(provider, emulator)
            finally:
                await provider.close()

    return asyncio.run(run())


def sent(
    messages: Sequence[EmailMessage], *faults: Fault, **changes: object
) -> tuple[list[Receipt], Counter[str]]:
    async def act(
        provider: SendGridEmail, emulator: Emulator
    ) -> tuple[list[Receipt], Counter[str]]:
        emulator.fail(*faults)
        receipts = list(await provider.send(messages, unhurried))
        return receipts, emulator.accepted()

    return mailing(act, **changes)


def people(count: int) -> list[EmailMessage]:
    return [birthday(number) for number in range(count)]


def states(receipts: Sequence[Receipt]) -> Counter[MessageState]:
    return Counter(receipt.state for receipt in receipts)


def told(messages: Sequence[EmailMessage], record: Path, batch: int) -> dict[str, tuple[str, ...]]:
    """What the emulator took note of for each key."""
    receipts, _ = sent(messages, emulated=Options(record=record), batch=batch)
    assert states(receipts) == {ACCEPTED: len(messages)}
    lines = list(read_record(record))
    assert len(lines) == len(messages)
    return {each.key: (each.recipient, each.subject, each.content) for each in lines}


def test_what_many_get_in_one_request_is_what_each_gets_alone(tmp_path: Path) -> None:
    messages = [birthday(n, name=name or None) for n, name in enumerate(HOSTILE * 3)]
    messages += [birthday(100 + n, gift=f"gift {n} ~") for n in range(20)]
    alone = told(messages, tmp_path / "alone", 1)
    assert told(messages, tmp_path / "batch", 200) == alone
    assert told(messages, tmp_path / "small", 7) == alone


def test_many_in_a_request_share_its_id() -> None:
    receipts, accepted = sent(people(30))
    assert len({receipt.provider_id for receipt in receipts}) == 1
    assert set(accepted.values()) == {1}


def assert_only_one_refused(messages: Sequence[EmailMessage], code: str, *faults: Fault) -> None:
    receipts, accepted = sent(messages, *faults, batch=1_000)
    assert states(receipts) == {ACCEPTED: 999, REFUSED: 1}
    assert (receipts[417].state, receipts[417].code) == (REFUSED, code)
    assert accepted == {m.key: 1 for n, m in enumerate(messages) if n != 417}


def test_one_bad_recipient_costs_one_message() -> None:
    """Case 9: 999 are sent, one is refused with its reason."""
    messages = people(1_000)
    messages[417] = replace(messages[417], to="nobody@[not-a-domain]")
    assert_only_one_refused(messages, "400 personalizations.0.to.0.email")


def test_one_bad_recipient_whom_no_answer_names_costs_one_message() -> None:
    """Case 9."""
    messages = people(1_000)
    match = Match(key=messages[417].key)
    page = Fault(kind=FaultKind.HTML, status=400, match=match, times=None)
    assert_only_one_refused(messages, "400", page)


def test_several_bad_ones_cost_themselves() -> None:
    """Case 9."""
    messages = people(60)
    for number in (0, 17, 18, 59):
        messages[number] = replace(messages[number], to=f"no{number}@[x]")
    receipts, accepted = sent(messages)
    assert [n for n, receipt in enumerate(receipts) if receipt.state is REFUSED] == [0, 17, 18, 59]
    assert set(accepted.values()) == {1}


def test_a_page_that_says_too_large_divides_the_request() -> None:
    """Case 10."""
    receipts, accepted = sent(people(40), Fault(kind=FaultKind.REFUSED, code=413))
    assert states(receipts) == {ACCEPTED: 40}
    assert len({receipt.provider_id for receipt in receipts}) == 2
    assert set(accepted.values()) == {1}


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (FaultKind.SERVER_ERROR, IN_DOUBT),
        (FaultKind.RESET, IN_DOUBT),
        (FaultKind.TRUNCATED, IN_DOUBT),
        (FaultKind.RATE_LIMITED, RETRYABLE),
    ],
    ids=["case 5", "reset", "case 12", "case 6"],
)
def test_a_half_that_ends_in_another_way_ends_in_that_way_alone(
    kind: FaultKind, state: MessageState
) -> None:
    """The second half is asked about first."""
    messages = people(40)
    too_large = Fault(kind=FaultKind.REFUSED, code=413)
    then = Fault(kind=kind, match=Match(key=messages[0].key))
    receipts, accepted = sent(messages, too_large, then)
    assert states(receipts[:20]) == {state: 20}
    assert states(receipts[20:]) == {ACCEPTED: 20}
    assert [bool(receipt.not_before) for receipt in receipts[:20]] == [state is RETRYABLE] * 20
    assert set(accepted) == {message.key for message in messages[20:]}


def test_a_limit_in_the_middle_is_heeded_for_all_that_is_left() -> None:
    """Case 6."""
    messages = people(40)
    too_large = Fault(kind=FaultKind.REFUSED, code=413)
    limit = Fault(kind=FaultKind.RATE_LIMITED, match=Match(key=messages[39].key), seconds=20.0)
    receipts, accepted = sent(messages, too_large, limit)
    assert states(receipts) == {RETRYABLE: 40}
    assert all(receipt.not_before for receipt in receipts)
    assert not accepted


def test_a_stop_in_the_middle_keeps_what_is_known() -> None:
    """Case 11."""
    messages = people(40)
    too_large = Fault(kind=FaultKind.REFUSED, code=413)
    stop = Fault(kind=FaultKind.REFUSED, code=403, match=Match(key=messages[0].key))
    with pytest.raises(ProviderStopped, match="Mail Send") as stopped:
        sent(messages, too_large, stop)
    by_state = states(stopped.value.receipts)
    assert by_state == {ACCEPTED: 20, RETRYABLE: 20}
    assert [r.key for r in stopped.value.receipts] == [m.key for m in messages]


@pytest.mark.parametrize("batch", [1, 200])
def test_the_sandbox_takes_everything_and_sends_nothing(batch: int) -> None:
    receipts, accepted = sent(people(10), batch=batch, options=MailOptions(sandbox=True))
    assert states(receipts) == {ACCEPTED: 10}
    assert not accepted


def test_an_account_says_how_much_at_once_and_how_fast() -> None:
    def limits(**changes: object) -> tuple[int, int, float | None]:
        provider = SendGridEmail(account(**changes), clock=lambda: NOW)
        return provider.batch_size, provider.concurrency, provider.rate

    assert limits() == (200, 8, None)
    assert limits(batch=1) == (50, 2, None)
    assert limits(batch=1_000, concurrency=3, rate=12.5) == (1_000, 3, 12.5)


def test_a_batch_takes_as_many_units_as_requests() -> None:
    provider = SendGridEmail(account(), clock=lambda: NOW)
    assert provider.units(people(200)) == 1
    assert provider.units([*people(150), birthday(200, campaign="other")]) == 2
    assert SendGridEmail(account(batch=1), clock=lambda: NOW).units(people(50)) == 50


def test_what_is_no_email_is_not_sent() -> None:
    text = SmsMessage(
        key=MessageKey("f" * 32),
        campaign="birthday",
        locale="en",
        to="+15005550123",
        text="Hello",
        segments=1,
    )

    async def act(provider: SendGridEmail, _: Emulator) -> None:
        await provider.send([text], unhurried)

    with pytest.raises(DeliveryError, match="nothing of the batch was sent"):
        mailing(act)


def asked(number: int, **ago: float) -> Question:
    return Question(key=MessageKey(f"{number:032x}"), begun_at=NOW - timedelta(**ago))


PAID = Options(email_activity=True)


def found(*questions: Question, emulated: Options = PAID, **changes: object) -> dict[str, Receipt]:
    """What is found after a hundred were taken on."""

    async def act(provider: SendGridEmail, emulator: Emulator) -> dict[str, Receipt]:
        await provider.send(people(100), unhurried)
        await emulator.settled()
        return dict(await provider.find(questions))

    return mailing(act, emulated, **({"email_activity": True} | changes))


def test_what_was_taken_on_is_found_by_our_key_and_accepted() -> None:
    """Cases 1, 2, 4 and 5."""
    receipts = found(asked(3, minutes=6), asked(500, minutes=6))
    (receipt,) = receipts.values()
    assert receipt.key == f"{3:032x}"
    assert (receipt.state, receipt.provider) == (ACCEPTED, "sendgrid")
    assert receipt.provider_id
    assert "." not in receipt.provider_id, "the id of the request, as its answer names it"


def test_what_was_begun_a_moment_ago_is_not_asked_about_yet() -> None:
    assert found(asked(3, minutes=4)) == {}


def test_without_the_setting_nothing_is_asked() -> None:
    assert found(asked(3, hours=1), email_activity=False) == {}


def test_an_account_that_has_not_paid_leaves_doubts_as_they_are() -> None:
    assert found(asked(3, hours=1), emulated=Options()) == {}


def test_a_handful_a_minute_are_asked_about_and_others_the_next_minute() -> None:
    questions = [asked(number, hours=1) for number in range(100)]

    async def act(provider: SendGridEmail, emulator: Emulator) -> list[set[str]]:
        await provider.send(people(100), unhurried)
        await emulator.settled()
        return [set(await provider.find(questions)) for _ in range(2)]

    def first_found(**later: float) -> set[str]:
        first, second = mailing(act, PAID, NOW + timedelta(**later), email_activity=True)
        assert (len(first), second) == (5, set())
        return first

    assert first_found() == first_found()
    assert first_found() != first_found(minutes=1)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.RATE_LIMITED, times=None),
        Fault(kind=FaultKind.HTML, times=None),
        Fault(kind=FaultKind.RESET, times=None),
        Fault(kind=FaultKind.CUT, times=None),
    ],
    ids=lambda fault: fault.kind,
)
def test_an_answer_that_says_nothing_proves_nothing(fault: Fault) -> None:
    async def act(provider: SendGridEmail, emulator: Emulator) -> dict[str, Receipt]:
        await provider.send(people(5), unhurried)
        await emulator.settled()
        emulator.fail(fault)
        return dict(await provider.find([asked(3, hours=1)]))

    assert mailing(act, PAID, email_activity=True) == {}
