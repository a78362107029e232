"""A month's budget holds however many workers claim, and what was never sent is given back."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ledger_builder
from ledger_builder import DAY, NOON, Rows, a_message, beginning, settling
from perennial.ledger.store import Claim, Ledger
from perennial.ledger.tables import blocks
from perennial.model.message import PlannedMessage
from perennial.model.policy import Budget, Limit
from perennial.model.words import Channel, MessageState, Reason

ALL = "*"


def texts(count: int, *, segments: int = 3, first: int = 0, **more: Any) -> list[PlannedMessage]:
    """Texts to different people, as they are after merging."""
    priced = {"segments": segments, "cost": segments * Decimal("0.0079"), "channel": Channel.SMS}
    return [a_message(str(first + n), **(priced | more)) for n in range(count)]


def claiming(ledger: Ledger, messages: list[PlannedMessage], budget: Budget, **more: Any) -> Claim:
    return ledger_builder.claiming(ledger, messages, budget=budget, **more)


def of_segments(most: int) -> Budget:
    return Budget(together=Limit(sms_segments=most))


def test_texts_that_grew_to_three_segments_stop_at_the_budget(ledger: Ledger) -> None:
    """Case 49."""
    claim = claiming(ledger, texts(10), of_segments(20))

    assert len(claim.claimed) == 6
    assert list(claim.blocked.values()) == [Reason.BUDGET_EXHAUSTED] * 4


def test_the_budget_holds_over_claims_workers_and_campaigns(ledger: Ledger) -> None:
    budget = of_segments(20)
    first = claiming(ledger, texts(4), budget)
    second = claiming(ledger, texts(4, first=10, campaign="birthday"), budget, worker="worker-2")

    assert len(first.claimed) == 4
    assert len(second.claimed) == 2


def test_a_campaign_has_a_limit_of_its_own_within_that_of_all(ledger: Ledger) -> None:
    budget = Budget(
        together=Limit(money=Decimal(1)), campaigns={"win_back": Limit(money=Decimal("0.05"))}
    )
    mine = claiming(ledger, texts(4), budget)
    others = claiming(ledger, texts(4, first=10, campaign="birthday"), budget)

    assert len(mine.claimed) == 2
    assert len(others.claimed) == 4


def test_what_costs_nothing_passes_a_budget_that_is_spent(ledger: Ledger) -> None:
    budget = of_segments(3)
    claiming(ledger, texts(1), budget)
    email = a_message("90", cost=Decimal("0.0008"))

    assert claiming(ledger, [email], budget).claimed == {email.key}


def test_another_month_has_its_own_budget(ledger: Ledger) -> None:
    budget = of_segments(3)
    claiming(ledger, texts(1), budget)
    later = texts(1, first=5, day=date(2026, 12, 1))

    assert len(claiming(ledger, later, budget).claimed) == 1


def test_claiming_the_same_again_counts_once(ledger: Ledger) -> None:
    budget, messages = of_segments(6), texts(1)
    claiming(ledger, messages, budget)
    ledger.release([messages[0].key], worker="worker-1")
    again = claiming(ledger, messages, budget)
    other = claiming(ledger, texts(1, first=5), budget)

    assert len(again.claimed) == len(other.claimed) == 1


def test_what_may_not_leave_for_another_reason_costs_nothing(ledger: Ledger) -> None:
    late = texts(1, expires_at=NOON - timedelta(hours=1))
    claim = claiming(ledger, [*late, *texts(1, first=5)], of_segments(6))
    rest = claiming(ledger, texts(1, first=8), of_segments(6))

    assert claim.blocked == {late[0].key: Reason.EXPIRED}
    assert len(rest.claimed) == 1


def test_what_may_not_leave_takes_no_room_from_what_comes_after_it(ledger: Ledger) -> None:
    late = texts(3, expires_at=NOON - timedelta(hours=1))
    claim = claiming(ledger, [*late, *texts(3, first=5)], of_segments(6))

    assert set(claim.blocked.values()) == {Reason.EXPIRED, Reason.BUDGET_EXHAUSTED}
    assert len(claim.claimed) == 2


def test_of_two_messages_of_a_person_only_the_one_that_may_leave_takes_room(ledger: Ledger) -> None:
    mine = texts(1, campaign="birthday") + texts(1, campaign="win_back")
    claim = claiming(ledger, [*mine, *texts(1, first=5)], of_segments(6))

    assert claim.claimed == {mine[0].key, texts(1, first=5)[0].key}
    assert claim.blocked == {mine[1].key: Reason.CAPPED}


@pytest.mark.parametrize(
    "answer", [MessageState.ACCEPTED, MessageState.REFUSED, MessageState.IN_DOUBT]
)
def test_a_budget_that_is_set_later_blocks_nothing_that_was_sent_before(
    ledger: Ledger, rows: Rows, answer: MessageState
) -> None:
    sent = texts(1)
    claiming(ledger, sent, Budget())
    beginning(ledger, sent)
    settling(ledger, sent, answer)
    again = claiming(ledger, sent, of_segments(0))

    assert again.taken == {sent[0].key}
    assert again.blocked == {}
    assert rows(blocks) == []


def test_what_was_released_before_a_budget_was_set_is_held_to_it(ledger: Ledger) -> None:
    messages = texts(1)
    claiming(ledger, messages, Budget())
    ledger.release([messages[0].key], worker="worker-1")

    assert claiming(ledger, messages, of_segments(0)).blocked == {
        messages[0].key: Reason.BUDGET_EXHAUSTED
    }


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=12), st.integers(0, 12))
def test_a_budget_is_spent_on_the_first_that_may_leave_as_far_as_it_goes(
    migrated_sqlite: Path, told: list[tuple[int, bool]], most: int
) -> None:
    """Whatever else stands among them."""
    messages = [
        texts(1, segments=segments, first=n, expires_at=NOON + timedelta(hours=1 if due else -1))[0]
        for n, (segments, due) in enumerate(told)
    ]
    expected, left = set(), most
    for message, (segments, due) in zip(messages, told, strict=True):
        if due and segments <= left:
            expected.add(message.key)
            left -= segments

    with TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{shutil.copy(migrated_sqlite, folder)}")
        claim = claiming(ledger, messages, of_segments(most))
        ledger.close()

    assert claim.claimed == expected


def test_what_was_refused_is_given_back(ledger: Ledger) -> None:
    budget, messages = of_segments(6), texts(2)
    claiming(ledger, messages, budget)
    beginning(ledger, messages)
    settling(ledger, messages[:1], MessageState.REFUSED)
    settling(ledger, messages[1:])
    tomorrow = DAY + timedelta(days=1)

    assert claiming(ledger, texts(1, first=5), budget).claimed == frozenset()
    spent = ledger.spent_before(tomorrow, now=NOON)
    assert spent[ALL].sms_segments == spent["win_back"].sms_segments == 3
    assert spent[ALL].money == Decimal("0.0237")
    assert len(claiming(ledger, texts(1, first=5), budget).claimed) == 1


def test_a_plan_counts_the_days_before_its_own(ledger: Ledger) -> None:
    claiming(ledger, texts(2), of_segments(100))

    assert ledger.spent_before(DAY, now=NOON) == {}
    assert ledger.spent_before(DAY + timedelta(days=1), now=NOON)[ALL].sms_segments == 6


def test_without_a_budget_nothing_is_written_down(ledger: Ledger) -> None:
    claiming(ledger, texts(2), Budget())

    assert ledger.spent_before(DAY + timedelta(days=1), now=NOON) == {}
