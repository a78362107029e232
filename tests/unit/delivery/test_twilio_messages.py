"""Text and WhatsApp messages against Twilio as it is played on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from perennial.delivery.http_wire import Patience
from perennial.delivery.provider import Question, unhurried
from perennial.delivery.twilio.messages import TwilioAccount, TwilioMessages
from perennial.delivery.twilio.payload import TextOptions
from perennial.emulator.faults import Fault, FaultKind, Match, Operation
from perennial.emulator.options import MESSAGING_SERVICE, Options
from perennial.emulator.serving import Emulator, emulator_thread
from perennial.model.keys import MessageKey
from perennial.model.message import Message, Receipt, SmsMessage, WhatsAppMessage
from perennial.model.words import Channel, MessageState

TEMPLATE = "HX" + "0123456789abcdef" * 2
SMS, WHATSAPP = Channel.SMS, Channel.WHATSAPP


def texter(
    emulator: Emulator, channel: Channel = SMS, *, redact: bool = False, **account: Any
) -> TwilioMessages:
    options = TextOptions(
        messaging_service=MESSAGING_SERVICE if channel is SMS else None,
        sender="+15005550006" if channel is WHATSAPP else None,
        status_callback="http://127.0.0.1:9/status",
        redact=redact,
    )
    given: dict[str, Any] = {
        "sid": emulator.options.account_sid,
        "auth_token": SecretStr(emulator.options.auth_token),
        "host": emulator.url,
        "options": options,
        "patience": Patience(connect=5, total=10),
        **account,
    }
    return TwilioMessages(TwilioAccount(**given), channel, clock=lambda: datetime.now(UTC))


def message(number: int, channel: Channel = SMS, **changes: Any) -> SmsMessage | WhatsAppMessage:
    fields: dict[str, Any] = {
        "key": MessageKey(f"{number:032x}"),
        "campaign": "birthday",
        "locale": "en",
        "to": f"+1415555{number:04d}",
        "text": f"Juniper & Rye: happy birthday, number {number}. STOP to opt out",
        **changes,
    }
    if channel is SMS:
        return SmsMessage(**({"segments": 1} | fields))
    return WhatsAppMessage(content_sid=TEMPLATE, variables={"1": f"{number}"}, **fields)


def done(provider: TwilioMessages, act: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        try:
            return await act()
        finally:
            await provider.close()

    return asyncio.run(run())


def send(provider: TwilioMessages, *messages: Message) -> Sequence[Receipt]:
    return list(done(provider, lambda: provider.send(messages, unhurried)))


def find(
    provider: TwilioMessages, *messages: Message | None, ago: timedelta = timedelta(minutes=6)
) -> dict[str, MessageState]:
    begun_at = datetime.now(UTC) - ago
    questions = [
        Question(key=m.key if m else MessageKey("f" * 32), begun_at=begun_at, message=m)
        for m in messages
    ]
    found = done(provider, lambda: provider.find(questions))
    return {key: receipt.state for key, receipt in found.items()}


@pytest.mark.parametrize("channel", [SMS, WHATSAPP])
def test_a_message_is_taken_on_once_and_named(channel: Channel) -> None:
    with emulator_thread() as emulator:
        [receipt] = send(texter(emulator, channel), message(1, channel))
        assert receipt.state is MessageState.ACCEPTED
        assert receipt.provider_id is not None
        assert emulator.accepted() == {message(1).key: 1}


def test_each_channel_is_a_provider_of_its_own() -> None:
    with emulator_thread() as emulator:
        assert (texter(emulator).name, texter(emulator).channel) == ("twilio", SMS)
        other = texter(emulator, WHATSAPP)
        assert (other.name, other.channel) == ("twilio_whatsapp", WHATSAPP)
        with pytest.raises(TypeError, match="whatsapp messages only"):
            send(other, message(1))


@pytest.mark.parametrize("channel", [SMS, WHATSAPP])
@pytest.mark.parametrize("taken_on", [True, False])
def test_a_doubt_is_settled_by_twilios_own_list(channel: Channel, *, taken_on: bool) -> None:
    """Cases 4 and 5: an error after the message was taken on, and one before."""
    with emulator_thread() as emulator:
        emulator.fail(Fault(kind=FaultKind.SERVER_ERROR, before_acceptance=not taken_on))
        provider = texter(emulator, channel)
        [receipt] = send(provider, message(1, channel))
        assert receipt.state is MessageState.IN_DOUBT
        expected = MessageState.ACCEPTED if taken_on else MessageState.RETRYABLE
        assert find(provider, message(1, channel)) == {message(1).key: expected}


def test_a_fresh_doubt_stays_one_while_the_list_may_lag_behind() -> None:
    with emulator_thread() as emulator:
        provider = texter(emulator)
        assert find(provider, message(1), ago=timedelta(minutes=4)) == {}


def test_a_number_is_not_taken_for_the_same_number_on_another_channel() -> None:
    with emulator_thread() as emulator:
        send(texter(emulator), message(1))
        found = find(texter(emulator, WHATSAPP), message(1, WHATSAPP))
        assert found == {message(1).key: MessageState.RETRYABLE}


def test_of_what_twilio_does_not_keep_nothing_is_known() -> None:
    with emulator_thread() as emulator:
        provider = texter(emulator, redact=True)
        send(provider, message(1))
        assert find(provider, message(1), message(2)) == {}


def test_a_question_without_its_message_is_not_asked() -> None:
    with emulator_thread() as emulator:
        emulator.fail(Fault(kind=FaultKind.SERVER_ERROR, times=None))
        assert find(texter(emulator), None) == {}
        assert emulator.faults.played == 0


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.SERVER_ERROR,
        FaultKind.RATE_LIMITED,
        FaultKind.RESET,
        FaultKind.HTML,
        FaultKind.TRUNCATED,
    ],
)
def test_a_list_that_fails_settles_nothing(kind: FaultKind) -> None:
    with emulator_thread() as emulator:
        match = Match(operation=Operation.TEXT_LIST)
        emulator.fail(
            Fault(kind=kind, match=match, times=None),
            Fault(kind=kind, match=match, times=None, before_acceptance=False),
        )
        assert find(texter(emulator), message(1)) == {}


def test_a_message_is_found_behind_many_later_ones() -> None:
    with emulator_thread() as emulator:
        provider = texter(emulator)
        later = [message(n, to="+14155550001", text=f"Other {n}") for n in range(2, 80)]
        send(provider, message(1))
        send(provider, *later)
        assert find(provider, message(1)) == {message(1).key: MessageState.ACCEPTED}


def test_a_few_questions_are_asked_at_a_time_and_others_the_next_time() -> None:
    with emulator_thread() as emulator:
        provider = texter(emulator)
        messages = [message(n) for n in range(120)]
        send(provider, *messages)
        known: set[str] = set()
        for _ in range(30):
            found = find(provider, *messages)
            assert 0 < len(found) <= 50
            known |= found.keys()
        assert known == {m.key for m in messages}


def test_the_rate_is_kept_in_segments() -> None:
    with emulator_thread() as emulator:
        provider = texter(emulator, rate=30.0)
        long, short = message(1, segments=3), message(2)
        taken: list[int] = []

        async def pace(units: int) -> None:
            taken.append(units)

        done(provider, lambda: provider.send([long, short], pace))
        assert provider.rate == 30.0
        assert sorted(taken) == [1, 3]
        assert provider.units([long, short]) == 4
        assert texter(emulator, WHATSAPP).units([message(1, WHATSAPP)]) == 1


@given(st.integers(1, 2_000), st.none() | st.floats(0.1, 5_000))
def test_there_are_never_more_requests_at_once_than_the_account_may_have(
    at_once: int, rate: float | None
) -> None:
    account = TwilioAccount(
        sid="AC0",
        auth_token=SecretStr("x"),
        options=TextOptions(sender="+15005550006"),
        concurrency=at_once,
        rate=rate,
    )
    provider = TwilioMessages(account, clock=lambda: datetime.now(UTC))
    together = provider.batch_size * provider.concurrency
    assert 1 <= together <= at_once
    if rate is None:
        assert together > at_once / 2
    else:
        assert together <= max(1, rate * 5), "what is begun gets its turn within seconds"


@pytest.mark.parametrize("at_once", [150, 200])
def test_as_many_requests_are_on_their_way_as_the_account_may_have(at_once: int) -> None:
    """At a tenth of a second each, 150 at once are 1,500 messages a second."""
    with emulator_thread(Options(latency=2.0, text_concurrency=149)) as emulator:
        provider = texter(emulator, concurrency=at_once, patience=Patience(connect=30, total=60))
        messages = [message(n) for n in range(at_once)]
        size = provider.batch_size

        async def act() -> list[Receipt]:
            batches = [messages[start : start + size] for start in range(0, at_once, size)]
            sent = await asyncio.gather(*(provider.send(batch, unhurried) for batch in batches))
            return [receipt for receipts in sent for receipt in receipts]

        receipts = done(provider, act)
        refused = [receipt for receipt in receipts if receipt.code == "20429"]
        assert len(refused) == at_once - 149
        assert all(receipt.state is MessageState.RETRYABLE for receipt in refused)
        assert emulator.accepted().total() == 149
