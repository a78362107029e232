"""Every DAG keeps the house rules; the set of DAGs is asserted first, so that no rule passes on nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

CAMPAIGNS = {
    "campaign_birthday",
    "campaign_feedback_survey",
    "campaign_points_reminder",
    "campaign_win_back",
}

pytestmark = pytest.mark.airflow


def test_exactly_these_dags_exist(dags: dict[str, Any]) -> None:
    assert set(dags) == CAMPAIGNS | {"nightly"}


def test_every_dag_says_what_it_does_and_whose_it_is(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.doc_md, dag.dag_id
        assert "perennial" in dag.tags, dag.dag_id
        assert all(task.owner not in {"", "airflow"} for task in dag.tasks), dag.dag_id


def test_no_dag_catches_up_or_runs_beside_itself(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.catchup is False, dag.dag_id
        assert dag.max_active_runs == 1, dag.dag_id


def test_every_task_has_an_end_and_is_tried_again(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        for task in dag.tasks:
            assert task.execution_timeout or task.task_id == "approve", (
                f"{dag.dag_id}.{task.task_id}"
            )
            assert task.retries >= 1, f"{dag.dag_id}.{task.task_id}"


def test_campaigns_run_by_their_own_clock_and_never_by_assets(dags: dict[str, Any]) -> None:
    for name in CAMPAIGNS:
        timetable = dags[name].timetable
        assert type(timetable).__name__ == "CronTriggerTimetable", name
        assert not getattr(timetable, "asset_condition", None), name


def test_the_night_runs_on_partitions_named_by_their_day(dags: dict[str, Any]) -> None:
    timetable = dags["nightly"].timetable

    assert type(timetable).__name__ == "CronPartitionTimetable"
    assert timetable.key_format == "%Y-%m-%d"


def test_what_talks_to_the_outside_is_bounded_by_a_pool(dags: dict[str, Any]) -> None:
    assert dags["nightly"].get_task("extract").pool == "shop"
    for name in CAMPAIGNS:
        assert dags[name].get_task("dispatch").pool == "providers"


def test_a_campaign_waits_for_its_audiences_before_it_plans_and_plans_before_it_sends(
    dags: dict[str, Any],
) -> None:
    for name in CAMPAIGNS:
        dag = dags[name]
        assert dag.get_task("plan").upstream_task_ids == {"wait_for_audiences"}
        assert dag.get_task("plan").task_id in dag.get_task("dispatch").get_flat_relative_ids(
            upstream=True
        )
        assert dag.get_task("dispatch").upstream_task_ids >= {"gate", "approve"}


def test_a_rejection_or_silence_sends_nothing(dags: dict[str, Any]) -> None:
    for name in CAMPAIGNS:
        approve = dags[name].get_task("approve")
        assert approve.defaults == ["Reject"]
        assert approve.response_timeout


def test_a_stopped_night_is_published_only_by_way_of_its_release(dags: dict[str, Any]) -> None:
    night = dags["nightly"]
    assert night.get_task("publish").upstream_task_ids == {"judge", "release"}
    assert night.get_task("release").upstream_task_ids == {"judge"}
    assert night.get_task("release").defaults == ["Reject"]
    assert night.get_task("release").response_timeout
    assert set(night.get_task("release").params) == {"reason"}


def test_a_held_campaign_leaves_only_when_its_approval_is_written_down(
    dags: dict[str, Any],
) -> None:
    """Case 45."""
    for name in CAMPAIGNS:
        assert "note_approval" in dags[name].get_task("dispatch").upstream_task_ids
        assert set(dags[name].get_task("approve").params) == {"reason", "plan"}


def test_the_forms_offer_a_day_a_dry_run_some_customers_and_a_limit(dags: dict[str, Any]) -> None:
    for name in CAMPAIGNS:
        assert set(dags[name].params) == {"day", "dry_run", "customers", "limit"}


def test_a_night_waits_for_those_before_it_to_publish_and_for_no_more(dags: dict[str, Any]) -> None:
    """Case 17."""
    night = dags["nightly"]
    assert night.get_task("extract").upstream_task_ids == {"wait_for_turn"}
    assert night.get_task("wait_for_turn").upstream_task_ids == set()


def test_a_turn_comes_when_no_earlier_day_is_still_to_be_published() -> None:
    from perennial.orchestration.waiting import unpublished_before

    states: dict[str, dict[str, str | None]] = {
        "backfill__2026-11-22T02:00:00+00:00__2026-11-18__a": {"publish": "success"},
        "backfill__2026-11-22T02:00:00+00:00__2026-11-19__b": {"publish": None},
        "scheduled__2026-11-20T07:00:00+00:00__2026-11-20__c": {"publish": "running"},
        "backfill__2026-11-22T02:00:00+00:00__2026-11-17__d": {"publish": "failed"},
        "backfill__2026-11-22T02:00:00+00:00__2026-11-21__e": {"publish": None},
        "manual__2026-11-22T02:00:00+00:00": {"publish": None},
    }
    found = [run[-1] for run in unpublished_before(date(2026, 11, 21), states)]

    assert found == ["b", "c"]


@pytest.mark.parametrize(
    ("asked", "partition", "run_type", "day"),
    [
        (None, "2026-11-18", "backfill", date(2026, 11, 18)),
        ("2026-11-18", "2026-11-18", "backfill", date(2026, 11, 18)),
        ("2026-11-18", None, "manual", date(2026, 11, 18)),
        ("2026-11-18", "2026-11-20", "manual", date(2026, 11, 18)),
        (None, None, "manual", date(2026, 11, 21)),
    ],
)
def test_a_run_is_for_the_day_of_its_form_else_of_its_partition(
    asked: str | None, partition: str | None, run_type: str, day: date
) -> None:
    from perennial.orchestration.runs import day_of

    assert day_of(_context(asked, partition, run_type)) == day


def test_a_backfill_whose_form_names_one_day_does_nothing() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from perennial.orchestration.runs import day_of

    with pytest.raises(AirflowFailException, match="leave Day empty"):
        day_of(_context("2026-11-18", "2026-11-20", "backfill"))


def _context(asked: str | None, partition: str | None, run_type: str) -> dict[str, Any]:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    run = SimpleNamespace(partition_key=partition, run_type=run_type, run_after=noon)
    return {"dag_run": run, "params": {"day": asked}}
