"""What a provider allows is shared by all workers: batches at once, waits, and the rate."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from math import ceil
from typing import ClassVar

import pytest

from dispatch_office import Office, Recorder, keys
from perennial.delivery import throttle as throttle_module
from perennial.delivery.accounts import DispatchSummary
from perennial.delivery.provider import Pace
from perennial.errors import DeliveryError
from perennial.model.keys import MessageKey
from perennial.model.message import Message, PlannedMessage, Receipt
from perennial.model.words import Channel, MessageState

Make = Callable[..., PlannedMessage]
RETRYABLE = MessageState.RETRYABLE


@pytest.fixture
def many(make_planned: Make) -> list[PlannedMessage]:
    return [make_planned(number) for number in range(400)]


async def by_two_workers(
    office: Office, many: Sequence[PlannedMessage], first: Recorder, second: Recorder
) -> list[DispatchSummary]:
    halves = {"first": (first, many[::2]), "second": (second, many[1::2])}
    return await asyncio.gather(
        *(
            office.dispatch(
                [list(part[start : start + 50]) for start in range(0, len(part), 50)],
                providers={Channel.EMAIL: provider},
                worker=worker,
            )
            for worker, (provider, part) in halves.items()
        )
    )


@dataclass
class Meter:
    """How many batches of all workers are on the wire, and how many there were at most."""

    now: int = 0
    most: int = 0


@dataclass
class Metered(Recorder):
    """A provider that is asked by several workers."""

    meter: Meter = field(default_factory=Meter)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        self.meter.now += 1
        self.meter.most = max(self.meter.most, self.meter.now)
        try:
            return await super().send(messages, pace)
        finally:
            self.meter.now -= 1


@pytest.mark.parametrize("concurrency", [1, 3, 4])
def test_all_workers_together_send_no_more_at_once_than_the_provider_takes(
    office: Office, many: list[PlannedMessage], concurrency: int
) -> None:
    meter = Meter()
    first, second = (Metered(concurrency=concurrency, seconds=0.05, meter=meter) for _ in range(2))
    asyncio.run(by_two_workers(office, many, first, second))
    assert meter.most == concurrency
    assert Counter(first.sent + second.sent) == Counter(keys(many))


@dataclass
class Unreachable(Recorder):
    """A provider to which no connection comes about for the first so many messages."""

    until: int = 0

    def receipt(self, key: MessageKey, state: MessageState) -> Receipt:
        away = len(self.sent) <= self.until
        return Receipt(
            key=key,
            state=RETRYABLE if away else state,
            provider=self.name,
            code="connection_refused" if away else None,
        )


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "left alone" in r.getMessage()]


def test_after_some_refused_connections_one_batch_at_a_time_finds_out_whether_it_is_back(
    office: Office, many: list[PlannedMessage], caplog: pytest.LogCaptureFixture
) -> None:
    """Case 8."""
    provider = Unreachable(until=70, concurrency=1)
    office.providers = {Channel.EMAIL: provider}
    summary = office.run(many)
    assert (summary.accepted, summary.retryable) == (330, 70)
    assert summary.resume_at is None
    assert alarms(caplog) == [
        "recorder is left alone for 1 seconds: connection_refused, batches in a row: 5",
        "recorder is left alone for 2 seconds: connection_refused, batches in a row: 6",
        "recorder is left alone for 4 seconds: connection_refused, batches in a row: 7",
    ]
    assert not any(record.levelno > logging.WARNING for record in caplog.records)
    again = office.run(many, worker="second")
    assert again.accepted == 70
    assert max(Counter(provider.sent).values()) == 2, "tried again only after it never got there"


def test_a_provider_that_stays_away_ends_the_run_and_every_worker_knows(
    office: Office, many: list[PlannedMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 8."""
    monkeypatch.setattr(throttle_module, "_LONGEST_WAIT", timedelta(seconds=3.5))
    provider = Unreachable(until=10_000)
    office.providers = {Channel.EMAIL: provider}
    summary = office.run(many)
    assert summary.waiting > 200
    assert summary.waiting + summary.retryable == summary.messages == 400
    assert summary.resume_at is not None
    assert timedelta(0) < summary.resume_at - office.now <= timedelta(minutes=5)
    tried = len(provider.sent)
    monkeypatch.setattr(throttle_module, "_LONGEST_WAIT", timedelta(seconds=0.1))
    assert office.run(many, worker="second").waiting == 400
    assert len(provider.sent) == tried


@dataclass
class Noted(Recorder):
    """A provider of which is known when it was asked, by any worker."""

    asked: list[float] = field(default_factory=list)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        self.asked.append(asyncio.get_running_loop().time())
        return await super().send(messages, pace)


def test_nobody_asks_a_provider_that_has_sent_one_worker_away(
    office: Office, many: list[PlannedMessage]
) -> None:
    """Case 6."""
    asked: list[float] = []
    wait = timedelta(seconds=6)
    away = Noted(answers={many[0].key: RETRYABLE}, not_before=office.now + wait, asked=asked)
    busy = Noted(seconds=0.3, asked=asked)
    summaries = asyncio.run(by_two_workers(office, many, away, busy))
    silence = max(after - before for before, after in pairwise(asked))
    assert silence > wait.total_seconds() / 3, "a moment later the other worker knows it, too"
    assert sum(summary.accepted for summary in summaries) == 399
    assert sum(summary.retryable for summary in summaries) == 1


def test_one_channel_that_is_left_alone_does_not_hold_up_the_other(
    office: Office, provider: Recorder, make_planned: Make
) -> None:
    """Case 7."""
    emails = [make_planned(number) for number in range(200)]
    texts = [make_planned(number, channel=Channel.SMS) for number in range(200, 260)]
    closed = Recorder(
        channel=Channel.SMS,
        name="texter",
        answers=dict.fromkeys(keys(texts), RETRYABLE),
        not_before=office.now + timedelta(hours=1),
    )
    office.providers[Channel.SMS] = closed
    chunks = [texts[:20], *(emails[s : s + 50] for s in range(0, 200, 50)), texts[20:]]
    summary = office.run(*chunks)
    assert len(provider.sent) == 200
    assert summary.waiting == 60 - len(closed.sent) >= 40
    assert summary.resume_at is not None
    assert summary.resume_at - office.now > timedelta(minutes=59)


def test_a_provider_that_answers_and_takes_nobody_stops_the_run(
    office: Office, provider: Recorder, many: list[PlannedMessage]
) -> None:
    provider.answers = dict.fromkeys(keys(many), MessageState.IN_DOUBT)
    provider.batch_size = 25
    with pytest.raises(DeliveryError, match="accepted none of the last 125"):
        office.run(many)
    assert len(provider.sent) <= 25 * 8


@dataclass
class Paced(Recorder):
    """A provider that sends one message a request and notes when each request begins."""

    starts: ClassVar[list[float]] = []
    weight: int = 1

    def units(self, messages: Sequence[Message]) -> int:
        return self.weight * len(messages)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        async def one(message: Message) -> Receipt:
            await pace(self.weight)
            self.starts.append(asyncio.get_running_loop().time())
            await asyncio.sleep(self.seconds)
            self.sent.append(message.key)
            return self.receipt(message.key, MessageState.ACCEPTED)

        return await asyncio.gather(*(one(message) for message in messages))


@pytest.mark.parametrize(("rate", "weight"), [(100.0, 1), (100.0, 3)])
def test_all_workers_together_keep_the_rate_in_every_second_and_never_burst(
    office: Office, many: list[PlannedMessage], rate: float, weight: int
) -> None:
    Paced.starts.clear()
    pair = [
        Paced(rate=rate, weight=weight, concurrency=4, batch_size=20, seconds=0.05)
        for _ in range(2)
    ]
    asyncio.run(by_two_workers(office, many[: 400 // weight], *pair))
    starts = sorted(Paced.starts)
    for seconds in (1.0, 0.2):
        most = max(bisect_left(starts, at + seconds) - n for n, at in enumerate(starts))
        # A turn may begin a little late, and so nearer to the next one.
        assert most <= ceil((seconds + (0.05 if seconds < 1 else 0)) * rate / weight)


def test_a_pause_stops_a_slow_batch_amid_its_requests(
    office: Office, many: list[PlannedMessage]
) -> None:
    """At a request in two seconds a batch of ten would take twenty seconds to leave."""
    Paced.starts.clear()
    slow = Paced(rate=0.5, batch_size=10)

    async def pause() -> None:
        run = asyncio.create_task(office.dispatch([many[:50]], providers={Channel.EMAIL: slow}))
        while len(slow.starts) < 2:  # noqa: ASYNC110 - what is observed is the provider
            await asyncio.sleep(0.05)
        await asyncio.to_thread(office.tell_to_stop)
        await run

    asyncio.run(pause())
    assert len(slow.sent) == len(slow.starts) < 10
