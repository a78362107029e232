"""A plan leaves when as many different people as it needs have let exactly it leave, with its words and rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.campaigns.definition import Approval
from perennial.errors import PlanError, SettingsError
from perennial.ledger.store import Ledger
from perennial.pipeline.approving import (
    Approvals,
    approvals_of,
    approve_plan,
    given_for,
    refuse_unapproved,
    refuse_unlooked_at,
    why_asked,
)
from perennial.pipeline.releasing import Grounds, LookedAt
from perennial.validation.verdicts import Action, Finding

DAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
PLAN = LookedAt(campaign="win_back", day=DAY, plan_hash="a" * 64, fingerprint="f" * 64)
HELD = Finding(
    dataset="audience of win_back",
    rule="audience_not_lost",
    action=Action.HOLD,
    sentence="The audience is no tenth of what it was.",
    owner="marketing",
    failed_rows=0,
    share=0.0,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    return ledger


def stand(ledger: Ledger, plan: LookedAt = PLAN, needed: int = 2) -> Approvals:
    return approvals_of(ledger, plan, needed=needed, why=["60,000 messages are more than 50,000."])


def say_yes(ledger: Ledger, by: str, plan: LookedAt = PLAN, reason: str = "I have looked.") -> None:
    approve_plan(ledger, stand(ledger, plan), Grounds(by=by, reason=reason, at=NOW), [])


def test_two_different_people_let_a_large_plan_leave_and_the_same_one_twice_does_not(
    ledger: Ledger,
) -> None:
    say_yes(ledger, "ann")
    say_yes(ledger, "ann", reason="Once more.")

    with pytest.raises(PlanError, match="60,000 messages are more than 50,000"):
        refuse_unapproved(stand(ledger), begun=False)
    assert (stand(ledger).missing, stand(ledger).by) == (1, ["ann"])

    say_yes(ledger, "mark")

    refuse_unapproved(stand(ledger), begun=False)
    assert stand(ledger).by == ["ann", "mark"]


def test_an_approval_is_for_one_plan_with_its_words_and_no_other(ledger: Ledger) -> None:
    """Case 45."""
    say_yes(ledger, "ann")

    assert given_for(ledger, PLAN)
    assert not given_for(ledger, replace(PLAN, plan_hash="b" * 64))
    assert not given_for(ledger, replace(PLAN, fingerprint="b" * 64))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (replace(PLAN, fingerprint="b" * 64), "the words, the campaign's file"),
        (replace(PLAN, plan_hash="b" * 64), "planned anew"),
    ],
)
def test_a_void_approval_is_told_with_what_has_changed(
    ledger: Ledger, other: LookedAt, why: str
) -> None:
    say_yes(ledger, "ann")

    void = stand(ledger, other).void

    assert void is not None
    assert "by ann is void" in void
    assert why in void
    assert stand(ledger).void is None
    assert stand(ledger, replace(PLAN, campaign="birthday")).void is None


def test_what_somebody_answers_is_what_they_have_looked_at() -> None:
    refuse_unlooked_at(PLAN, PLAN.subject)
    refuse_unlooked_at(PLAN, None)
    with pytest.raises(PlanError, match="have changed since you looked at them"):
        refuse_unlooked_at(replace(PLAN, fingerprint="b" * 64), PLAN.subject)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 141])
def test_nobody_approves_without_a_reason_that_can_be_kept(ledger: Ledger, reason: str) -> None:
    with pytest.raises(SettingsError, match="Nothing was released"):
        say_yes(ledger, "ann", reason=reason)
    assert stand(ledger).missing == 2


def test_the_longest_name_of_a_campaign_fits_the_log(ledger: Ledger) -> None:
    plan = replace(PLAN, campaign="c" * 64)
    say_yes(ledger, "ann", plan)
    assert given_for(ledger, plan)


def test_who_is_asked_reads_why() -> None:
    """Case 45."""
    assert why_asked(messages=10, needed=0, limit=None, holds=[]) == []
    assert why_asked(messages=10, needed=1, limit=5, holds=[HELD]) == [
        str(HELD),
        "10 messages are more than 5.",
    ]
    assert "Two different people" in why_asked(messages=10, needed=2, limit=5, holds=[])[-1]


@given(messages=st.integers(0, 10**6), above=st.integers(0, 10**6), more=st.integers(0, 10**6))
def test_more_messages_never_need_fewer_people(messages: int, above: int, more: int) -> None:
    rule = Approval(above=above, two_above=above + more, drift=Decimal(0))

    assert rule.needed(messages) <= rule.needed(messages + 1) <= 2
    assert (rule.needed(messages) >= 1) == (messages > above)
    assert (rule.needed(messages) == 2) == (messages > above + more)
