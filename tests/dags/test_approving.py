"""Airflow's own question about a plan: answers count for what would leave, from different people, and silence is a no."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.airflow

DAY = date(2026, 11, 21)
NOW = f"birthday {DAY} 1.1"
BEFORE = f"birthday {DAY} 1.0"
Answer = Callable[..., Any]


@dataclass
class Steps:
    """An installation whose plan stands as NOW, and that remembers who said no."""

    by: list[str] = field(default_factory=list)
    said_no: list[tuple[str, str]] = field(default_factory=list)

    def approvals(self, _: str, __: date) -> SimpleNamespace:
        return SimpleNamespace(looked_at=SimpleNamespace(subject=NOW), by=self.by)

    def reject(self, _: str, __: date, *, by: str, reason: str) -> None:
        self.said_no.append((by, reason))


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def answer(dags: dict[str, Any], steps: Steps, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Hands an answer to the task; `by` is nobody when the time is over."""
    from perennial.orchestration import installing

    monkeypatch.setattr(installing, "services", lambda _: nullcontext(steps))
    task = dags["campaign_birthday"].get_task("approve")
    monkeypatch.setattr(type(task), "skip", lambda *_, **__: None)
    run = SimpleNamespace(partition_key=DAY.isoformat())
    context = {"dag_run": run, "params": {}, "task": task, "ti": None}

    def hand_over(
        option: str, *, by: str | None = "ann", plan: str = NOW, reason: str = "good"
    ) -> Any:
        event = {
            "chosen_options": [option],
            "params_input": {"reason": reason, "plan": plan} if by else {},
            "responded_by_user": {"id": by, "name": by} if by else None,
            "responded_at": datetime(2026, 11, 21, tzinfo=UTC),
        }
        return task.execute_complete(context, event)

    return hand_over


def test_a_yes_for_what_would_leave_counts(answer: Answer) -> None:
    assert answer("Approve")["chosen_options"] == ["Approve"]


def test_a_yes_for_what_was_there_before_is_asked_for_again(answer: Answer) -> None:
    from perennial.orchestration.asking import AskedAgain

    with pytest.raises(AskedAgain, match="is not what would leave"):
        answer("Approve", plan=BEFORE)


def test_the_same_person_does_not_count_twice(answer: Answer, steps: Steps) -> None:
    from perennial.orchestration.asking import AskedAgain

    steps.by.append("ann")

    with pytest.raises(AskedAgain, match="Two different people"):
        answer("Approve", by="ann")
    assert answer("Approve", by="mark")


@pytest.mark.parametrize(
    ("reason", "kept"), [("wrong offer", "wrong offer"), (" ", "no reason given")]
)
def test_a_no_is_kept_even_without_a_reason(
    answer: Answer, steps: Steps, reason: str, kept: str
) -> None:
    answer("Reject", plan=BEFORE, reason=reason)

    assert steps.said_no == [("ann", kept)]


def test_silence_is_a_no_that_nobody_said(answer: Answer, steps: Steps) -> None:
    assert answer("Reject", by=None)["chosen_options"] == ["Reject"]
    assert not steps.said_no
