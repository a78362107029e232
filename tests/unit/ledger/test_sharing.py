"""Whatever workers come, stay, leave and die: a provider gets no more at once than it takes, and no less."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing.context import ForkServerContext

import pytest
import time_machine
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, create_engine, update

from ledger_builder import Rows, sharing
from ledger_workers import fill_the_wire
from perennial.ledger.store import Ledger, Share
from perennial.ledger.tables import provider_workers, providers

NAMES = st.sampled_from(["a", "b", "c", "d"])
MINUTE = timedelta(minutes=1)
_RUNS = count(1)


def test_a_lone_worker_gets_everything(ledger: Ledger) -> None:
    assert sharing(ledger, "a") == Share(at_once=4)


def test_a_newcomer_waits_until_the_others_have_renewed(ledger: Ledger) -> None:
    sharing(ledger, "a")
    assert sharing(ledger, "b").at_once == 0
    assert sharing(ledger, "a").at_once == 2
    assert sharing(ledger, "b").at_once == 2


def test_a_busy_worker_makes_room_as_its_batches_come_back(ledger: Ledger) -> None:
    sharing(ledger, "a")
    for busy, for_the_other in ((4, 0), (3, 1), (2, 2), (1, 2)):
        sharing(ledger, "b")
        assert sharing(ledger, "a", busy=busy).at_once == 2
        assert sharing(ledger, "b").at_once == for_the_other


def test_what_cannot_be_divided_is_not_lost(ledger: Ledger) -> None:
    for _ in range(2):
        shares = [sharing(ledger, worker, at_once=5).at_once for worker in "abc"]
    assert sorted(shares) == [1, 2, 2]


def test_more_workers_than_batches_share_all_the_same(ledger: Ledger) -> None:
    for _ in range(2):
        shares = [sharing(ledger, worker, at_once=2).at_once for worker in "abcd"]
    assert sorted(shares) == [0, 0, 1, 1]


@pytest.mark.parametrize("how", ["leaves", "dies"])
def test_the_share_of_who_is_gone_comes_back(ledger: Ledger, how: str) -> None:
    for _ in range(2):
        for worker in "ab":
            sharing(ledger, worker)
    if how == "leaves":
        ledger.leave("sendgrid", worker="b")
    else:
        sharing(ledger, "b", lease=timedelta(0))
    assert sharing(ledger, "a").at_once == 4


def test_who_is_gone_leaves_no_row(ledger: Ledger, rows: Rows) -> None:
    for number in range(10):
        sharing(ledger, f"worker-{number}", lease=timedelta(0))
    sharing(ledger, "a")
    assert [row["worker"] for row in rows(provider_workers)] == ["a"]


def test_providers_are_shared_apart(ledger: Ledger) -> None:
    sharing(ledger, "a")
    assert sharing(ledger, "b", provider="twilio").at_once == 4
    ledger.leave("twilio", worker="a")
    assert sharing(ledger, "b").at_once == 0


def test_a_worker_that_was_away_too_long_gets_no_more_than_is_left(
    ledger: Ledger, rows: Rows
) -> None:
    """Its batches are still on the wire, but others have its share by now."""
    sharing(ledger, "a", lease=timedelta(0))
    sharing(ledger, "b")
    assert sharing(ledger, "a", busy=4).at_once == 0
    assert sum(row["at_once"] for row in rows(provider_workers)) == 4


def test_a_limit_that_was_lowered_holds_for_who_renews(ledger: Ledger) -> None:
    for _ in range(2):
        for worker in "ab":
            sharing(ledger, worker, at_once=8)
    for _ in range(2):
        shares = [sharing(ledger, worker, at_once=2).at_once for worker in "ab"]
    assert shares == [1, 1]


@pytest.mark.parametrize("skew", [timedelta(minutes=10), timedelta(hours=-2)])
def test_a_wrong_clock_of_a_worker_changes_nothing(ledger: Ledger, skew: timedelta) -> None:
    """Case 48."""
    sharing(ledger, "a")
    ledger.leave_alone("sendgrid", wait=MINUTE, cause="429")
    with time_machine.travel(datetime.now(UTC) + skew, tick=True):
        late = sharing(ledger, "b")
        assert late.at_once == 0
        assert late.wait is not None
        assert timedelta(seconds=50) < late.wait <= MINUTE
        wait = ledger.take_turns("sendgrid", units=1, per_second=1, lead=MINUTE)
        assert wait == MINUTE
    assert sharing(ledger, "a").at_once == 2


class Workers(RuleBasedStateMachine):
    """Four workers of one provider who come, work, stumble, leave and die as they like."""

    def __init__(self, ledger: Ledger, engine: Engine) -> None:
        super().__init__()
        self.ledger, self.engine = ledger, engine
        self.provider = f"provider-{next(_RUNS)}"
        self.told: dict[str, int] = {}
        self.busy: dict[str, int] = {}
        self.stumbled: set[str] = set()

    @initialize(at_once=st.integers(1, 9))
    def begin(self, at_once: int) -> None:
        self.at_once = at_once

    @rule(worker=NAMES, back=st.integers(0, 3))
    def work(self, worker: str, back: int) -> None:
        """Some of its batches come back, it renews, and puts on the wire whatever it may."""
        self.busy[worker] = max(0, self.busy.get(worker, 0) - back)
        self.renew(worker)
        self.busy[worker] = max(self.busy[worker], self.told[worker])

    @precondition(lambda self: len(self.told) > 1)
    @rule(turn=st.integers(0), how=st.sampled_from(["die", "stumble", "leave"]))
    def go(self, turn: int, how: str) -> None:
        """Who stumbles lives on after its lease: it begins nothing more, but what it began goes on."""
        worker = sorted(self.told)[turn % len(self.told)]
        if how == "stumble":
            self.end_lease(worker)
            self.told[worker] = 0
            self.stumbled.add(worker)
            return
        if how == "die":
            self.end_lease(worker)
        else:
            self.ledger.leave(self.provider, worker=worker)
        self.forget(worker)

    @precondition(lambda self: self.told)
    @rule()
    def everybody_finishes_and_renews_twice(self) -> None:
        workers = sorted(self.told)
        for worker in [*workers, *workers]:
            self.busy[worker] = 0
            self.renew(worker)
        shares = [self.told[worker] for worker in workers]
        assert sum(shares) == self.at_once
        assert max(shares) - min(shares) <= 1

    @invariant()
    def nobody_holds_more_than_there_is(self) -> None:
        if self.told:
            held = self.held()
            assert sum(held.values()) <= self.at_once
            steady = set(held) - self.stumbled
            assert all(self.busy[worker] <= held[worker] for worker in steady)
            assert all(self.told[worker] <= held[worker] for worker in steady)

    def renew(self, worker: str) -> None:
        share = sharing(
            self.ledger,
            worker,
            at_once=self.at_once,
            busy=self.busy[worker],
            provider=self.provider,
        )
        self.told[worker] = share.at_once
        if self.busy[worker] == 0:
            self.stumbled.discard(worker)

    def held(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            rows = connection.execute(
                provider_workers.select().where(
                    provider_workers.c.provider == self.provider,
                    provider_workers.c.lease_until > datetime.now(UTC),
                )
            )
            return {row.worker: row.at_once for row in rows}

    def end_lease(self, worker: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                update(provider_workers)
                .where(provider_workers.c.provider == self.provider)
                .where(provider_workers.c.worker == worker)
                .values(lease_until=datetime.now(UTC) - MINUTE)
            )

    def forget(self, worker: str) -> None:
        self.told.pop(worker, None)
        self.busy.pop(worker, None)
        self.stumbled.discard(worker)


def test_in_any_order_of_events_the_shares_never_add_up_to_more(
    ledger: Ledger, ledger_url: str
) -> None:
    engine = create_engine(ledger_url)
    run_state_machine_as_test(
        lambda: Workers(ledger, engine),
        settings=settings(max_examples=30, stateful_step_count=30, deadline=None),
    )
    engine.dispose()


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_six_processes_never_have_more_on_the_wire_and_use_all_of_it(
    ledger_url: str, processes: ForkServerContext
) -> None:
    """Two of them fall silent on the way; their shares come back."""
    wire, most = processes.Value("i", 0), processes.Value("i", 0)
    running = [
        processes.Process(target=fill_the_wire, args=(ledger_url, number, wire, most))
        for number in range(6)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * 6
    assert (wire.value, most.value) == (0, 7)
    ledger = Ledger(ledger_url)
    assert sum(sharing(ledger, f"worker-{n}", at_once=7).at_once for n in range(4)) == 7
    ledger.close()


def test_everybody_is_told_to_leave_a_provider_alone_and_why(ledger: Ledger) -> None:
    """Case 6: one worker's 429 holds for all of them."""
    ledger.leave_alone("sendgrid", wait=MINUTE, cause="429")
    for worker in "ab":
        share = sharing(ledger, worker)
        assert share.cause == "429"
        assert share.wait is not None
        assert timedelta(seconds=50) < share.wait <= MINUTE
    assert sharing(ledger, "a", provider="twilio").wait is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_several_waits_the_longest_stands_with_its_cause(
    ledger: Ledger, order: tuple[int, ...]
) -> None:
    waits = [(MINUTE, "429"), (2 * MINUTE, "unreachable"), (60 * MINUTE, "429 again")]
    for turn in order:
        wait, cause = waits[turn]
        ledger.leave_alone("sendgrid", wait=wait, cause=cause)
    share = sharing(ledger, "a")
    assert share.cause == "429 again"
    assert share.wait is not None
    assert share.wait > 59 * MINUTE


def test_a_wait_that_is_over_is_not_told(ledger: Ledger) -> None:
    ledger.leave_alone("sendgrid", wait=timedelta(0), cause="429")
    assert sharing(ledger, "a") == Share(at_once=4)


def test_failures_in_a_row_are_counted_by_all_workers_together(ledger: Ledger) -> None:
    """Case 8."""
    assert [ledger.unreached("sendgrid") for _ in range(3)] == [1, 2, 3]
    assert ledger.unreached("twilio") == 1
    ledger.reached("sendgrid")
    assert ledger.unreached("sendgrid") == 1
    assert ledger.unreached("twilio") == 2


def test_reaching_a_provider_does_not_end_a_wait(ledger: Ledger) -> None:
    """What was on the wire when the 429 came may still be answered."""
    ledger.leave_alone("sendgrid", wait=MINUTE, cause="429")
    ledger.unreached("sendgrid")
    ledger.reached("sendgrid")
    assert sharing(ledger, "a").cause == "429"


def test_reaching_a_provider_that_never_failed_writes_nothing(
    ledger: Ledger, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: object, _work: Callable[..., object]) -> None:
        pytest.fail("It wrote.")

    monkeypatch.setattr("perennial.ledger.database.Database.write", refuse)
    ledger.reached("sendgrid")
    assert rows(providers) == []


def test_reports_of_a_provider_leave_its_rate_and_its_waits_alone(ledger: Ledger) -> None:
    ledger.take_turns("sendgrid", units=60, per_second=1, lead=timedelta(0))
    ledger.leave_alone("sendgrid", wait=MINUTE, cause="429")
    ledger.unreached("sendgrid")
    assert ledger.take_turns("sendgrid", units=1, per_second=1, lead=timedelta(0)) > 0.9 * MINUTE
    assert sharing(ledger, "a").cause == "429"
