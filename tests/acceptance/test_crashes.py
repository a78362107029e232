"""Nobody gets the same message twice and nobody is lost, wherever the process is killed."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import count
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

import crashing_run
from crashing_run import CAMPAIGN, DAY, WITHOUT_WORDS, Order, ledger_of, planned
from perennial.delivery.mailbox_folder import Mailbox
from perennial.model.words import Channel, MessageState, Reason
from warm_fork import warm_fork

MESSAGES = 60
KEYS = {planned(number).key for number in range(MESSAGES)}
SENDABLE = KEYS - {planned(int(WITHOUT_WORDS)).key}
SETTLED = {MessageState.ACCEPTED, MessageState.IN_DOUBT}


@pytest.fixture(scope="module")
def fork() -> ForkServerContext:
    return warm_fork(crashing_run.__name__)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    ledger = ledger_of(tmp_path)
    ledger.migrate()
    ledger.close()
    return Order(folder=tmp_path, messages=MESSAGES, worker="first")


def start(fork: ForkServerContext, order: Order) -> ForkServerProcess:
    process = fork.Process(target=crashing_run.carry_out, args=(order,))
    process.start()
    return process


def run(fork: ForkServerContext, order: Order) -> int | None:
    process = start(fork, order)
    process.join(30)
    return process.exitcode


def accepted(order: Order) -> Counter[str]:
    mailbox = Mailbox(order.folder / "mailbox", Channel.EMAIL, clock=datetime.now)
    return Counter(entry.key for entry in mailbox.read())


def entries(order: Order) -> dict[str, MessageState | Reason | None]:
    ledger = ledger_of(order.folder)
    try:
        return {key: state or why for key, state, why in ledger.standing(CAMPAIGN, DAY).entries()}
    finally:
        ledger.close()


def run_until_settled(fork: ForkServerContext, order: Order) -> None:
    """Start again after each lease, as a scheduler would, until nothing is left to do."""
    settled = {MessageState.ACCEPTED} if order.provider_can_tell else SETTLED
    for attempt in count(2):
        assert attempt < 6, f"never settled: {Counter(entries(order).values())}"
        time.sleep(order.lease_seconds + 0.05)
        assert run(fork, replace(order, worker=f"worker {attempt}", dies=None)) == 0
        found = entries(order)
        if found.keys() == KEYS and all(found[key] in settled for key in SENDABLE):
            return


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


CRASHES = [
    ("before claim", 1),
    ("before claim", 2),
    ("after claim", 1),
    ("after claim", 3),
    ("before block", 1),
    ("after block", 1),
    ("after release", 1),
    ("before begin_dispatch", 3),
    ("after begin_dispatch", 1),
    ("after begin_dispatch", 6),
    ("before the first byte", 4),
    ("amid a batch, before the acceptance", 13),
    ("amid a batch, after the acceptance", 13),
    ("after the last byte", 5),
    ("before settle", 2),
    ("after settle", 4),
]


@pytest.mark.parametrize(("point", "turn"), CRASHES)
def test_after_a_kill_everyone_is_written_to_once(
    fork: ForkServerContext, order: Order, point: str, turn: int
) -> None:
    """Cases 1 to 3: the row is in doubt or its lease ends; evidence settles it, nothing is sent again blindly."""
    assert run(fork, replace(order, dies=point, turn=turn)) == -signal.SIGKILL
    run_until_settled(fork, order)
    assert accepted(order) == dict.fromkeys(SENDABLE, 1)
    expected = dict.fromkeys(SENDABLE, MessageState.ACCEPTED)
    assert entries(order) == expected | {planned(int(WITHOUT_WORDS)).key: Reason.RENDER_FAILED}


@pytest.mark.parametrize("point", ["after abandon_expired", "after the question", "after settle"])
def test_a_kill_while_doubts_are_being_settled_loses_nothing(
    fork: ForkServerContext, order: Order, point: str
) -> None:
    assert run(fork, replace(order, dies="after the last byte", turn=2)) == -signal.SIGKILL
    time.sleep(order.lease_seconds + 0.05)
    again = replace(order, worker="second", dies=point)
    assert run(fork, again) == -signal.SIGKILL
    run_until_settled(fork, order)
    assert accepted(order) == dict.fromkeys(SENDABLE, 1)


@pytest.mark.parametrize(
    ("point", "turn"), [("before the first byte", 2), ("after the last byte", 2)]
)
def test_without_evidence_a_doubt_stays_and_nothing_is_sent_again(
    fork: ForkServerContext, order: Order, point: str, turn: int
) -> None:
    """Cases 1 and 2, with a provider that cannot tell."""
    mute = replace(order, provider_can_tell=False)
    assert run(fork, replace(mute, dies=point, turn=turn)) == -signal.SIGKILL
    run_until_settled(fork, mute)
    found = entries(mute)
    doubts = {key for key in SENDABLE if found[key] is MessageState.IN_DOUBT}
    # Besides what is on the wire, one batch may be answered and not written down yet.
    assert 0 < len(doubts) <= crashing_run.BATCH * (Mailbox.concurrency + 1)
    assert max(accepted(mute).values()) == 1
    assert accepted(mute).keys() | doubts == SENDABLE
    assert run(fork, replace(mute, worker="last", dies=None)) == 0
    assert entries(mute) == found


def test_while_the_dead_workers_lease_holds_its_messages_are_left_alone(
    fork: ForkServerContext, order: Order
) -> None:
    held = replace(order, lease_seconds=60.0)
    assert run(fork, replace(held, dies="after claim", turn=1)) == -signal.SIGKILL
    assert run(fork, replace(held, worker="second")) == 0
    first_chunk = {planned(number).key for number in range(crashing_run.CHUNK)}
    assert accepted(held) == dict.fromkeys(SENDABLE - first_chunk, 1)


def test_two_workers_on_one_plan_send_every_message_once(
    fork: ForkServerContext, order: Order
) -> None:
    """Cases 15 and 17: a zombie and its retry, or two schedulers."""
    both = replace(order, messages=300, lease_seconds=60.0, patience=0.005)
    processes = [start(fork, replace(both, worker=worker)) for worker in ("first", "second")]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    keys = {planned(number).key for number in range(300)} - (KEYS - SENDABLE)
    assert accepted(both) == dict.fromkeys(keys, 1)


def test_a_second_run_of_a_finished_plan_sends_nothing(
    fork: ForkServerContext, order: Order
) -> None:
    """Case 16: the task is cleared or the run triggered again."""
    assert run(fork, order) == 0
    assert run(fork, replace(order, worker="second")) == 0
    assert accepted(order) == dict.fromkeys(SENDABLE, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_end_gives_back_what_it_has_not_begun(
    fork: ForkServerContext, order: Order, number: signal.Signals
) -> None:
    slow = replace(order, messages=300, lease_seconds=60.0, patience=0.05)
    process = start(fork, slow)
    wait_for(lambda: len(accepted(slow)) >= 20)
    assert process.pid is not None
    os.kill(process.pid, number)
    process.join(20)
    assert process.exitcode == 1
    states = Counter(entries(slow).values())
    assert states[MessageState.ACCEPTED] == len(accepted(slow)) < 300
    assert not states.keys() & {
        MessageState.CLAIMED,
        MessageState.DISPATCHING,
        MessageState.IN_DOUBT,
    }
    assert run(fork, replace(slow, worker="second", patience=0.0)) == 0
    assert set(accepted(slow).values()) == {1}
    assert len(accepted(slow)) == 299
