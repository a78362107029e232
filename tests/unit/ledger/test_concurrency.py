"""Whatever runs at the same time, and whoever dies: one message, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from multiprocessing.context import ForkServerContext
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import Connection as Transaction
from sqlalchemy import create_engine, update

from ledger_builder import (
    NOON,
    a_message,
    a_receipt,
    beginning,
    claiming,
    settling,
    states,
)
from ledger_workers import die_at, send_what_it_gets
from perennial.ledger.database import Database
from perennial.ledger.store import Claim, Ledger
from perennial.ledger.tables import dispatch_days, messages
from perennial.model.words import MessageState

WORKERS = 8
Result = TypeVar("Result")


def test_eight_workers_who_claim_the_same_messages_share_them(ledger_url: str) -> None:
    """Cases 15 and 17: a zombie and its retry, two schedulers, overlapping runs."""
    many = [a_message(str(number)) for number in range(300)]

    def work(ledger: Ledger, worker: int) -> frozenset[str]:
        order = many[worker * 30 :] + many[: worker * 30]
        chunks = (order[start : start + 50] for start in range(0, len(order), 50))
        claimed = [claiming(ledger, chunk, worker=f"worker-{worker}").claimed for chunk in chunks]
        return frozenset().union(*claimed)

    shares = at_once(ledger_url, work)
    assert Counter(chain.from_iterable(shares)) == Counter(message.key for message in many)


def test_eight_processes_send_each_message_once(
    ledger_url: str, processes: ForkServerContext
) -> None:
    """A process has its own connections and its own idea of everything but the database."""
    many = [a_message(str(number)) for number in range(200)]
    told = processes.SimpleQueue()
    running = [
        processes.Process(target=send_what_it_gets, args=(ledger_url, worker, many, told))
        for worker in range(WORKERS)
    ]
    for process in running:
        process.start()
    sent = Counter(chain.from_iterable(told.get() for _ in running))
    for process in running:
        process.join()
    assert sent == Counter(message.key for message in many)


def test_no_two_campaigns_get_one_person_past_the_cap(ledger_url: str) -> None:
    def work(ledger: Ledger, worker: int) -> Claim:
        mine = [a_message(str(n), campaign=f"campaign-{worker}") for n in range(100)]
        return claiming(ledger, mine[::-1] if worker % 2 else mine, worker=f"worker-{worker}")

    claims = at_once(ledger_url, work)
    assert sum(len(claim.claimed) for claim in claims) == 100
    assert sum(len(claim.blocked) for claim in claims) == 100 * (WORKERS - 1)


def test_a_retryable_message_is_claimed_again_by_one_worker(ledger_url: str) -> None:
    message = a_message()
    ledger = Ledger(ledger_url)
    claiming(ledger, [message])
    beginning(ledger, [message])
    settling(ledger, [message], MessageState.RETRYABLE)
    ledger.close()

    def work(ledger: Ledger, worker: int) -> Claim:
        return claiming(ledger, [message], worker=f"worker-{worker}")

    claims = at_once(ledger_url, work)
    assert sorted(len(claim.claimed) for claim in claims) == [0] * (WORKERS - 1) + [1]


def test_settling_abandoning_and_claiming_do_not_stop_each_other(ledger_url: str) -> None:
    many = [a_message(str(number)) for number in range(200)]
    first = Ledger(ledger_url)
    claiming(first, many)
    beginning(first, many, lease=timedelta(0))
    first.close()

    def work(ledger: Ledger, worker: int) -> None:
        order = many if worker % 2 else many[::-1]
        if worker < 4:
            ledger.settle([a_receipt(message) for message in order], now=NOON)
        elif worker < 6:
            ledger.abandon_expired()
        else:
            claiming(ledger, order, worker=f"worker-{worker}")

    at_once(ledger_url, work)
    ledger = Ledger(ledger_url)
    assert set(states(ledger).values()) == {"accepted"}
    ledger.close()


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_two_transactions_that_wait_for_each_other_both_come_through(ledger_url: str) -> None:
    """PostgreSQL ends one of them; it is run again."""
    database, both_hold_one = Database(ledger_url), Barrier(2)
    many = [a_message(str(number)) for number in range(2)]
    ledger = Ledger(ledger_url)
    claiming(ledger, many)
    runs: Counter[int] = Counter()

    def cross(transaction: Transaction, me: int) -> None:
        first, second = (many[me].key, many[1 - me].key)
        runs[me] += 1
        transaction.execute(update(messages).where(messages.c.key == first).values(code="1"))
        if runs[me] == 1:
            both_hold_one.wait()
        transaction.execute(update(messages).where(messages.c.key == second).values(code="2"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda me: database.write(lambda t: cross(t, me)), range(2)))
    database.close()
    ledger.close()
    assert sum(runs.values()) > 2


def test_every_request_is_counted_whoever_begins_it(ledger_url: str) -> None:
    many = [a_message(str(number)) for number in range(WORKERS * 30)]

    def work(ledger: Ledger, worker: int) -> None:
        mine = many[worker::WORKERS]
        claiming(ledger, mine, worker=f"worker-{worker}")
        for start in range(0, len(mine), 10):
            beginning(ledger, mine[start : start + 10], worker=f"worker-{worker}")

    ledger = Ledger(ledger_url)
    before = ledger.fence().begun
    at_once(ledger_url, work)
    assert ledger.fence().begun == before + len(many)
    ledger.close()


def test_a_worker_killed_after_the_claim_loses_nothing(
    ledger: Ledger, ledger_url: str, processes: ForkServerContext
) -> None:
    """Case 3: claimed again when the lease ends, and sent once."""
    message = a_message()
    with killed(processes, ledger_url, MessageState.CLAIMED):
        assert states(ledger) == {message.key: "claimed"}
    assert claiming(ledger, [message]).taken == {message.key}
    let_leases_end(ledger_url)
    assert claiming(ledger, [message]).claimed == {message.key}
    assert beginning(ledger, [message]) == {message.key}


def test_a_worker_killed_with_a_request_on_the_wire_leaves_a_doubt(
    ledger: Ledger, ledger_url: str, processes: ForkServerContext
) -> None:
    """Cases 1 and 2: not sent again by anybody, however long it takes."""
    message = a_message()
    with killed(processes, ledger_url, MessageState.DISPATCHING):
        assert states(ledger) == {message.key: "dispatching"}
    assert ledger.abandon_expired() == 0
    let_leases_end(ledger_url)
    assert claiming(ledger, [message]).taken == {message.key}
    assert ledger.abandon_expired() == 1
    assert states(ledger) == {message.key: "in_doubt"}
    assert claiming(ledger, [message], now=NOON + timedelta(hours=9)).taken == {message.key}
    settling(ledger, [message], MessageState.ACCEPTED)
    assert states(ledger) == {message.key: "accepted"}


def at_once(url: str, work: Callable[[Ledger, int], Result]) -> list[Result]:
    """Runs eight workers, each with its own connections, from the same instant."""
    start = Barrier(WORKERS)

    def run(worker: int) -> Result:
        ledger = Ledger(url)
        start.wait()
        try:
            return work(ledger, worker)
        finally:
            ledger.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


@contextmanager
def killed(processes: ForkServerContext, url: str, point: MessageState) -> Iterator[None]:
    """A worker that has come to a point; killed with -9 when the block ends."""
    here, there = processes.Pipe()
    process = processes.Process(target=die_at, args=(url, point, there))
    process.start()
    assert here.recv() == point
    yield
    process.kill()
    process.join()
    assert process.exitcode == -9


def let_leases_end(url: str) -> None:
    """As if an hour had passed on the database's clock."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in (messages, dispatch_days):
            connection.execute(
                update(table)
                .where(table.c.lease_until.is_not(None))
                .values(lease_until=datetime.now(UTC) - timedelta(hours=1))
            )
    engine.dispose()
