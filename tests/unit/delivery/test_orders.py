"""People pause, resume and stop campaigns while their runs go on."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from dispatch_office import Office, Recorder, compose, keys
from perennial.delivery import run as run_module
from perennial.delivery.accounts import DispatchSummary
from perennial.model.message import Message, PlannedMessage
from perennial.model.words import Control, Reason

Make = Callable[..., PlannedMessage]
EVERYTHING = None


@pytest.fixture
def many(make_planned: Make) -> list[PlannedMessage]:
    return [make_planned(number) for number in range(2_000)]


def tell(office: Office, control: Control, campaign: str | None = "birthday") -> None:
    office.ledger.command(control, campaign=campaign, by="ada", reason="a test", at=office.now)


async def _while_it_runs(
    office: Office,
    many: list[PlannedMessage],
    meddle: Callable[[], Awaitable[None]],
) -> DispatchSummary:
    chunks = [many[start : start + 100] for start in range(0, len(many), 100)]
    run = asyncio.create_task(office.dispatch(chunks))
    try:
        await meddle()
    finally:
        summary = await run
    return summary


async def _sent(provider: Recorder, at_least: int) -> None:
    async with asyncio.timeout(20):
        while len(provider.sent) < at_least:  # noqa: ASYNC110 - what is observed is the provider
            await asyncio.sleep(0.01)


async def _in_time(condition: Callable[[], bool], seconds: float = 20) -> float:
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is observed is the ledger
            await asyncio.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.parametrize("campaign", ["birthday", EVERYTHING])
def test_a_pause_is_heard_within_two_seconds_and_so_is_the_end_of_it(
    office: Office, provider: Recorder, many: list[PlannedMessage], campaign: str | None
) -> None:
    provider.seconds = 0.05

    async def pause_and_resume() -> None:
        await _sent(provider, 50)
        await asyncio.to_thread(tell, office, Control.PAUSE, campaign)
        await asyncio.sleep(2)
        before = len(provider.sent)
        assert not {"claimed", "dispatching"} & set(office.states().values())
        await asyncio.sleep(1)
        assert len(provider.sent) == before
        await asyncio.to_thread(tell, office, Control.RUN, campaign)
        assert await _in_time(lambda: len(provider.sent) > before) < 2
        provider.seconds = 0.0

    summary = asyncio.run(_while_it_runs(office, many, pause_and_resume))
    assert summary.accepted == summary.messages == len(many)
    assert Counter(provider.sent) == Counter(keys(many))


def test_after_a_stop_what_is_due_is_blocked_and_everybody_is_accounted_for(
    office: Office, provider: Recorder, many: list[PlannedMessage]
) -> None:
    provider.seconds = 0.05

    async def stop() -> None:
        await _sent(provider, 50)
        await asyncio.to_thread(tell, office, Control.STOP)

    summary = asyncio.run(_while_it_runs(office, many, stop))
    assert 50 <= len(provider.sent) < len(many)
    stopped = len(many) - len(provider.sent)
    assert summary.blocked == {Reason.CAMPAIGN_STOPPED: stopped}
    assert summary.accepted == len(provider.sent)
    assert summary.resume_at is None
    assert Counter(office.states().values()) == {
        "accepted": len(provider.sent),
        "campaign_stopped": stopped,
    }


def test_a_campaign_that_was_stopped_may_be_run_again_and_writes_to_nobody_twice(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    tell(office, Control.STOP)
    assert office.run(people).blocked == {Reason.CAMPAIGN_STOPPED: 50}
    assert provider.sent == []
    tell(office, Control.RUN)
    assert office.run(people, worker="second").accepted == 50
    assert Counter(provider.sent) == Counter(keys(people))


def test_another_campaign_is_not_concerned(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    tell(office, Control.STOP, "win_back")
    assert office.run(people).accepted == len(provider.sent) == 50


def test_a_long_pause_ends_the_run_and_says_when_to_look_again(
    office: Office,
    provider: Recorder,
    people: list[PlannedMessage],
    make_planned: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_module, "_LONGEST_PAUSE_SECONDS", 0.2)
    too_late = make_planned(61, expires_at=office.now - timedelta(minutes=1))
    tell(office, Control.PAUSE)
    summary = office.run([*people, too_late])
    assert provider.sent == []
    assert summary.waiting == 50
    assert summary.blocked == {Reason.EXPIRED: 1}, "what expires meanwhile is recorded as ever"
    assert summary.resume_at == office.now + timedelta(minutes=1)
    assert office.states() == {too_late.key: "expired"}


def test_who_expires_while_the_run_waits_is_not_written_to(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    tell(office, Control.PAUSE)

    async def let_time_pass() -> None:
        await asyncio.sleep(0.7)
        office.now += timedelta(hours=20)
        await asyncio.to_thread(tell, office, Control.RUN)

    summary = asyncio.run(_while_it_runs(office, people, let_time_pass))
    assert provider.sent == []
    assert summary.blocked == {Reason.EXPIRED: 50}


def test_a_pause_that_comes_between_the_claim_and_the_request_holds(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    """The ledger refuses to begin, although the run has not heard of the pause."""
    paused = False

    def compose_while_somebody_pauses(planned: PlannedMessage) -> Message:
        nonlocal paused
        if not paused:
            paused = True
            tell(office, Control.PAUSE)
        return compose(planned)

    async def resume() -> None:
        await _in_time(lambda: paused)
        await asyncio.sleep(0.7)
        assert provider.sent == []
        await asyncio.to_thread(tell, office, Control.RUN)

    async def both() -> DispatchSummary:
        run = asyncio.create_task(office.dispatch([people], compose=compose_while_somebody_pauses))
        await resume()
        return await run

    summary = asyncio.run(both())
    assert summary.accepted == summary.messages == 50
    assert Counter(provider.sent) == Counter(keys(people))
