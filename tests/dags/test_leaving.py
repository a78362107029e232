"""A dispatch task leaves its worker while there is nothing to do, and is retried only where that helps."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from perennial.errors import DeliveryError, LedgerError, RestoredLedger, RunInterrupted
from perennial.steps.campaign_day import Progress

pytestmark = pytest.mark.airflow

IN_A_MINUTE = datetime(2026, 11, 21, 10, 31, tzinfo=UTC)


@dataclass
class Steps:
    """An installation whose dispatch ends as it is told."""

    end: Progress | Exception

    def dispatch(self, *_: object, **__: object) -> Progress:
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


def run_task(monkeypatch: pytest.MonkeyPatch, end: Progress | Exception) -> Any:
    from perennial.orchestration import campaigns, installing

    monkeypatch.setattr(installing, "services", lambda _: nullcontext(Steps(end)))
    run = SimpleNamespace(partition_key="2026-11-21", run_after=IN_A_MINUTE - timedelta(minutes=1))
    return campaigns.dispatch.function(
        "birthday",
        {"plan_hash": "0" * 64},
        0,
        dag_run=run,
        params={"customers": None, "limit": None},
    )


def test_what_is_due_later_lets_the_task_go_and_come_back_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Case 7: no worker is held during an hour of 429, nor during a long pause."""
    from airflow.sdk.exceptions import AirflowRescheduleException

    with pytest.raises(AirflowRescheduleException) as left:
        run_task(monkeypatch, Progress(counts={"accepted": 3}, next_wave=IN_A_MINUTE))
    assert left.value.reschedule_date == IN_A_MINUTE


def test_when_nothing_is_left_the_task_ends_with_its_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = run_task(monkeypatch, Progress(counts={"accepted": 3}, next_wave=None))
    assert ended == {"counts": {"accepted": 3}, "next_wave": None}


@pytest.mark.parametrize("error", [DeliveryError("bad key"), RestoredLedger()])
def test_what_a_person_has_to_cure_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Case 11: one alarm."""
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match=str(error)):
        run_task(monkeypatch, error)


@pytest.mark.parametrize("error", [RunInterrupted(), LedgerError("restarting")])
def test_what_the_next_worker_can_do_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Case 13."""
    with pytest.raises(type(error)):
        run_task(monkeypatch, error)
