"""Whatever workers do, in whatever order: a model of the ledger, and the ledger, agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger_builder import LEASE, NOON, Rows, a_message, a_receipt, beginning, claiming, sent
from perennial.ledger.states import ANSWERS, FINAL, NEXT
from perennial.ledger.store import Ledger
from perennial.ledger.tables import message_changes
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage
from perennial.model.policy import Caps
from perennial.model.words import MessageState, Pressure

NO_CAPS = Caps(promotional_per_day=99, promotional_per_week=99)
ENDED = timedelta(0)
CUSTOMERS = [str(number) for number in range(5)]
WORKERS = st.sampled_from(["worker-1", "worker-2"])
SOME = st.sets(st.sampled_from(CUSTOMERS), min_size=1)
LEASES = st.sampled_from([LEASE, ENDED])
STRAIGHT = {(MessageState.CLAIMED, MessageState.DISPATCHING)} | {
    (MessageState.DISPATCHING, answer) for answer in ANSWERS
}
_RUNS = count(1)


class AnyOrder(RuleBasedStateMachine):
    """Two workers with five messages, whose leases may end at any moment."""

    def __init__(self, ledger: Ledger, rows: Rows) -> None:
        super().__init__()
        self.ledger = ledger
        self.rows = rows
        self.campaign = f"run-{next(_RUNS)}"  # a ledger of its own, without the cost of one
        self.messages = {c: a_message(c, campaign=self.campaign) for c in CUSTOMERS}
        self.known: dict[MessageKey, MessageState] = {}
        self.holder: dict[MessageKey, str] = {}
        self.ended: set[MessageKey] = set()
        self.on_the_wire: Counter[MessageKey] = Counter()
        self.surely_not_sent: Counter[MessageKey] = Counter()
        self.written_over: defaultdict[MessageKey, list[MessageState]] = defaultdict(list)

    def some(self, customers: set[str]) -> list[PlannedMessage]:
        return [self.messages[customer] for customer in sorted(customers)]

    def into(self, state: MessageState, key: MessageKey) -> None:
        before = self.known.get(key)
        assert before is None or state in NEXT[before]
        if before and (before, state) not in STRAIGHT:
            self.written_over[key].append(before)
        self.known[key] = state

    @rule(customers=SOME, worker=WORKERS, lease=LEASES)
    def claim(self, customers: set[str], worker: str, lease: timedelta) -> None:
        wanted = self.some(customers)
        claim = claiming(self.ledger, wanted, worker=worker, lease=lease, caps=NO_CAPS)
        free = {m.key for m in wanted if self.is_free(m.key)}
        assert claim.claimed == free
        assert claim.taken == {m.key for m in wanted} - free
        for key in free:
            self.into(MessageState.CLAIMED, key)
            self.holder[key] = worker
            self.lease_of(key, lease)

    @rule(customers=SOME, worker=WORKERS, lease=LEASES)
    def begin(self, customers: set[str], worker: str, lease: timedelta) -> None:
        wanted = self.some(customers)
        held = {m.key for m in wanted if self.is_held(m.key, worker)}
        assert beginning(self.ledger, wanted, worker=worker, lease=lease) == held
        for key in held:
            self.into(MessageState.DISPATCHING, key)
            self.on_the_wire[key] += 1
            self.lease_of(key, lease)

    @rule(customers=SOME, worker=WORKERS)
    def release(self, customers: set[str], worker: str) -> None:
        wanted = self.some(customers)
        self.ledger.release([m.key for m in wanted], worker=worker)
        for message in wanted:
            if self.known.get(message.key) is MessageState.CLAIMED:
                self.give_back(message.key, worker)

    @rule(customers=SOME, answer=st.sampled_from(sorted(ANSWERS)), worker=WORKERS)
    def settle(self, customers: set[str], answer: MessageState, worker: str) -> None:
        wanted = self.some(customers)
        receipts = [a_receipt(message, answer) for message in wanted]
        self.ledger.settle(receipts, now=NOON, worker=worker)
        for message in wanted:
            self.answered(message.key, answer, own=self.holder.get(message.key) == worker)

    @rule(customers=SOME, answer=st.sampled_from(sorted(ANSWERS)))
    def settle_doubts(self, customers: set[str], answer: MessageState) -> None:
        wanted = self.some(customers)
        self.ledger.settle_doubts([a_receipt(message, answer) for message in wanted], now=NOON)
        for message in wanted:
            doubtful = self.known.get(message.key) is MessageState.IN_DOUBT
            self.answered(message.key, answer, own=doubtful)

    @rule()
    def abandon_expired(self) -> None:
        expired = {k for k in self.ended if self.known[k] is MessageState.DISPATCHING}
        assert self.ledger.abandon_expired() == len(expired)
        for key in expired:
            self.into(MessageState.IN_DOUBT, key)

    @invariant()
    def the_ledger_knows_what_we_know(self) -> None:
        standing = self.ledger.standing(self.campaign, date(2026, 11, 21))
        assert {entry.key: entry.state for entry in standing.entries()} == self.known
        assert standing.total == len(self.known)

    @invariant()
    def a_message_is_sent_again_only_after_it_was_surely_not_sent(self) -> None:
        for key, times in self.on_the_wire.items():
            assert times <= 1 + self.surely_not_sent[key]

    @invariant()
    def every_doubt_is_listed(self) -> None:
        doubts = self.ledger.doubts(campaign=self.campaign)
        in_doubt = {k for k, state in self.known.items() if state is MessageState.IN_DOUBT}
        assert {doubt.key for doubt in doubts} == in_doubt

    @invariant()
    def the_log_tells_what_the_rows_do_not(self) -> None:
        logged = defaultdict[str, list[str]](list)
        for row in self.rows(message_changes):
            logged[row["message_key"]].append(row["state"])
        for message in self.messages.values():
            assert logged[message.key] == self.written_over[message.key]

    def teardown(self) -> None:
        """Leaves nothing behind that the next run would count."""
        receipts = [a_receipt(message) for message in self.messages.values()]
        self.ledger.settle(receipts, now=NOON)
        self.ledger.abandon_expired()

    def is_free(self, key: MessageKey) -> bool:
        state = self.known.get(key)
        ended = state is MessageState.CLAIMED and key in self.ended
        return state in {None, MessageState.RETRYABLE} or ended

    def is_held(self, key: MessageKey, worker: str) -> bool:
        claimed = self.known.get(key) is MessageState.CLAIMED
        return claimed and self.holder[key] == worker and key not in self.ended

    def lease_of(self, key: MessageKey, lease: timedelta) -> None:
        (self.ended.add if lease == ENDED else self.ended.discard)(key)

    def give_back(self, key: MessageKey, worker: str) -> None:
        if self.holder[key] == worker:
            self.into(MessageState.RETRYABLE, key)

    def answered(self, key: MessageKey, answer: MessageState, *, own: bool) -> None:
        state = self.known.get(key)
        if state in FINAL or not self.on_the_wire[key]:
            return
        asked = own and state in {MessageState.DISPATCHING, MessageState.IN_DOUBT}
        if answer is MessageState.ACCEPTED or (asked and answer is not state):
            self.into(answer, key)
            self.surely_not_sent[key] += answer is MessageState.RETRYABLE


def test_in_any_order_of_events_nothing_is_sent_twice_or_forgotten(
    ledger: Ledger, rows: Rows
) -> None:
    run_state_machine_as_test(
        lambda: AnyOrder(ledger, rows),
        settings=settings(max_examples=30, stateful_step_count=25, deadline=None),
    )


@pytest.mark.parametrize("pressure", [Pressure.PROMOTIONAL, Pressure.SURVEY])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.lists(st.integers(0, 24 * 20), min_size=2, max_size=20).map(sorted))
def test_no_person_ever_gets_more_than_the_caps_allow(
    ledger: Ledger, pressure: Pressure, hours: list[int]
) -> None:
    caps = Caps(days_between_surveys=5)
    person = f"person-{next(_RUNS)}"
    went: list[datetime] = []
    for turn, hour in enumerate(hours):
        now = NOON + timedelta(hours=hour)
        message = a_message(
            f"{person}-{turn}",
            person_id=person,
            pressure=pressure,
            expires_at=now + timedelta(hours=1),
        )
        if claiming(ledger, [message], now=now, caps=caps).claimed:
            went.append(now)
    limits = {
        Pressure.PROMOTIONAL: [(1, timedelta(hours=24)), (3, timedelta(days=7))],
        Pressure.SURVEY: [(1, timedelta(days=5))],
    }
    assert went
    for most, window in limits[pressure]:
        for now in went:
            assert sum(now - window < earlier <= now for earlier in went) <= most


def test_sent_is_the_end(ledger: Ledger) -> None:
    message = a_message()
    sent(ledger, message)
    for _ in range(3):
        assert claiming(ledger, [message]).taken == {message.key}
        assert beginning(ledger, [message]) == frozenset()
