"""What the DAGs do with a stopped night, a held campaign, and a day without data; Airflow's own parts stay Airflow's."""

from __future__ import annotations

from collections import defaultdict
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from perennial.errors import NightStopped
from perennial.pipeline.no_data import NoData
from perennial.steps.verdicts import Judgement

pytestmark = pytest.mark.airflow

DAY = date(2026, 11, 21)
SEEN = "a" * 64
MISSING = NoData(day=DAY, why="The night was stopped: 3 rows of orders break a rule.")


@dataclass
class Steps:
    """An installation that remembers what it was asked for."""

    waits: bool = False
    missing: NoData | None = None
    stopped: str | None = None
    did: list[tuple[Any, ...]] = field(default_factory=list)

    def judge_night(self, day: date) -> Judgement:
        return Judgement(
            day=day, verdict_hash=SEEN, stopped=self.waits, released=False, why=["Orders …"]
        )

    def release_night(self, day: date, **said: str) -> None:
        self.did.append(("release", day, said))

    def publish(self, day: date) -> dict[str, int]:
        if self.stopped:
            raise NightStopped(self.stopped)
        self.did.append(("publish", day))
        return {"orders": 1}

    def written(self, folder: str, day: date) -> dict[str, Any]:
        return {"day": day.isoformat(), "folder": folder}

    def write_night_page(self, day: date) -> None:
        self.did.append(("page", day))

    def approve(self, campaign: str, day: date, **said: str) -> SimpleNamespace:
        self.did.append(("approve", campaign, day, said))
        return SimpleNamespace(reason=said["reason"])

    def no_data(self, _: date) -> NoData | None:
        return self.missing


@dataclass
class Instance:
    """A task instance that holds what the tasks before it handed on."""

    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, *, key: str, value: object) -> None:
        self.xcoms[key] = value

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        return self.xcoms.get(task_ids if key == "return_value" else key)


def answer(option: str, reason: str = "It was a price correction.") -> dict[str, Any]:
    return {
        "chosen_options": [option],
        "params_input": {"reason": reason},
        "responded_by_user": {"id": "7", "name": "ann"},
    }


def run_task(
    monkeypatch: pytest.MonkeyPatch,
    task: str,
    steps: Steps,
    *given: object,
    instance: Instance | None = None,
    run_type: str = "manual",
    started: timedelta = timedelta(0),
) -> Any:
    from perennial.orchestration import installing

    module, _, name = task.partition(".")
    monkeypatch.setattr(installing, "services", lambda _: nullcontext(steps))
    run = SimpleNamespace(
        partition_key=DAY.isoformat(),
        run_type=run_type,
        run_after=datetime(2026, 11, 21, tzinfo=UTC),
        start_date=datetime.now(UTC) - started,
    )
    return getattr(import_module(f"perennial.orchestration.{module}"), name).function(
        *given,
        dag_run=run,
        params={},
        ti=instance or Instance(),
        outlet_events=defaultdict(SimpleNamespace),
    )


@pytest.mark.parametrize(
    ("waits", "run_type", "then"),
    [
        (False, "scheduled", "publish"),
        (True, "scheduled", "release"),
        (True, "manual", "release"),
        (True, "backfill", "publish"),
    ],
)
def test_a_person_is_asked_of_a_stopped_night_but_never_by_a_backfill(
    monkeypatch: pytest.MonkeyPatch, *, waits: bool, run_type: str, then: str
) -> None:
    assert run_task(monkeypatch, "nightly.judge", Steps(waits=waits), run_type=run_type) == then


def test_an_approved_night_is_released_as_it_was_seen_and_then_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = Steps()
    told = {"release": answer("Approve"), "judgement": {"verdict_hash": SEEN}}

    assert run_task(monkeypatch, "nightly.publish", steps, instance=Instance(told)) == {"orders": 1}

    said = {"by": "ann", "reason": "It was a price correction.", "seen": SEEN}
    assert steps.did == [("release", DAY, said), ("publish", DAY), ("page", DAY)]


def test_a_night_that_nobody_was_asked_of_is_published_without_a_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = Steps()
    run_task(monkeypatch, "nightly.publish", steps)
    assert steps.did == [("publish", DAY), ("page", DAY)]


def test_a_stopped_night_of_a_backfill_fails_at_once_and_tells_its_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    steps = Steps(stopped="3 rows of orders")
    with pytest.raises(AirflowFailException, match="3 rows of orders"):
        run_task(monkeypatch, "nightly.publish", steps)
    assert steps.did == [("page", DAY)]


def test_a_campaign_waits_for_data_and_then_says_that_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    steps, instance = Steps(missing=MISSING), Instance()
    assert run_task(monkeypatch, "waiting.wait_for_audiences", steps, instance=instance) is False

    with pytest.raises(AirflowFailException) as ended:
        run_task(
            monkeypatch,
            "waiting.wait_for_audiences",
            steps,
            instance=instance,
            started=timedelta(hours=6),
        )

    assert str(ended.value) == str(MISSING)
    assert str(MISSING).startswith("No verified data for 2026-11-21: nothing was sent. The night")
    assert instance.xcoms["no_data"] == str(MISSING)


def test_a_campaign_goes_on_as_soon_as_there_is_data(monkeypatch: pytest.MonkeyPatch) -> None:
    late = timedelta(days=1)
    assert run_task(monkeypatch, "waiting.wait_for_audiences", Steps(), started=late) is True


@pytest.mark.parametrize(
    ("dry_run", "missing", "then"),
    [
        (False, 0, "dispatch"),
        (False, 1, "approve"),
        (False, 2, "approve"),
        (True, 1, "account"),
    ],
)
def test_a_large_or_a_held_plan_is_asked_about(*, dry_run: bool, missing: int, then: str) -> None:
    """Case 45."""
    from perennial.orchestration.campaigns import gate

    assert gate.function({"missing": missing}, params={"dry_run": dry_run}) == then


def test_who_let_a_plan_leave_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 45."""
    steps = Steps()
    noted = run_task(
        monkeypatch,
        "campaigns.note_approval",
        steps,
        "birthday",
        {"plan_hash": SEEN},
        instance=Instance({"approve": answer("Approve")}),
    )

    said = {"plan_hash": SEEN, "by": "ann", "reason": "It was a price correction.", "seen": None}
    assert steps.did == [("approve", "birthday", DAY, said)]
    assert noted == "It was a price correction."


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_an_approval_without_a_reason_is_asked_for_again(
    dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch, reason: str | None
) -> None:
    release = dags["nightly"].get_task("release")
    asked: list[object] = []
    monkeypatch.setattr(type(release), "execute", lambda _, context: asked.append(context))

    release.execute_complete({}, answer("Approve") | {"params_input": {"reason": reason}})

    assert asked


def test_a_rejected_night_fails_and_is_not_asked_about_again(dags: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match="nothing was published, nothing is sent"):
        dags["nightly"].get_task("release").execute_complete({}, answer("Reject", ""))
