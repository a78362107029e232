"""Everybody sees whether a night can be trusted; a steward lets a stopped one pass, with a reason, as it was seen."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from one_night import DAY, settings_at
from perennial.model.words import AuditAction
from perennial.pipeline.releasing import release_of_night
from perennial.pipeline.verifying import read_verdicts
from perennial.steps.services import services
from perennial.studio.airflow_api import RequiredAction
from perennial.validation.verdicts import Action, Finding, as_text, verdict_from_json
from studio_visits import OPERATOR, VIEWER, Door, PlayedAirflow


@pytest.fixture
def stopped(own_day: Path) -> Path:
    """The home, as if a check had stopped its night before anything was published."""
    path = own_day / "lake" / "verdicts" / f"day={DAY}" / "orders.json"
    finding = Finding(
        dataset="orders",
        rule="orders_usual",
        action=Action.STOP,
        sentence="A night brings about as many orders as the same weekday did.",
        owner="shop team",
        failed_rows=0,
        share=0.0,
    )
    verdict = replace(verdict_from_json(json.loads(path.read_text("utf-8"))), findings=(finding,))
    path.write_text(as_text(verdict.as_json()), encoding="utf-8")
    night = own_day / "lake" / "verdicts" / f"day={DAY}" / "night.json"
    night.unlink(missing_ok=True)
    return own_day


def _released(home: Path) -> tuple[str, str] | None:
    with services(settings_at(home)) as perennial:
        entry = release_of_night(perennial.ledger, read_verdicts(perennial.engine.lake, DAY))
    return (entry.actor, entry.reason) if entry else None


def _seen(door: Door) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', door.see(f"/data/{DAY}").html)
    assert found
    return found[1]


def test_a_verified_night_shows_its_rows_and_findings(sent_door: Door) -> None:
    night = sent_door.see(f"/data/{DAY}")

    assert night.status == 200
    assert "The night passed" in night.text
    assert "order lines" in night.text
    assert "Let this night pass" not in night.text


def test_a_night_that_never_ran_says_so(sent_door: Door) -> None:
    assert sent_door.see("/data/2020-01-01").status == 409
    assert sent_door.see("/data/someday").status == 404


def test_a_stopped_night_is_marked_and_only_a_steward_finds_the_button(
    stopped: Path, own_door: Door
) -> None:
    assert "The night is stopped" in own_door.see(f"/data/{DAY}").text
    assert "Let this night pass" in own_door.see(f"/data/{DAY}").text
    assert "Let this night pass" not in own_door.as_(OPERATOR).see(f"/data/{DAY}").text
    form = {"reason": "a holiday", "seen": _seen(own_door)}
    assert own_door.as_(OPERATOR).send(f"/data/{DAY}/release", form).status == 403
    assert _released(stopped) is None


def test_a_release_is_kept_with_who_and_why_and_answers_the_run_that_waits(
    stopped: Path, own_door: Door, airflow: PlayedAirflow
) -> None:
    airflow.waiting.append(
        RequiredAction(
            dag_id="nightly",
            run_id="scheduled__1",
            task_id="release",
            subject=f"Release the night of {DAY}?",
            body="",
            options=("Approve", "Reject"),
            waiting_since=None,
        )
    )
    told = own_door.send(
        f"/data/{DAY}/release", {"reason": "a public holiday", "seen": _seen(own_door)}
    )
    kept = _released(stopped)

    assert told.status == 303
    assert kept is not None
    assert kept[0] == "ann"
    assert kept[1].startswith("a public holiday")
    assert airflow.told == [("ann", "answer release", ("Approve", {"reason": "a public holiday"}))]
    assert "Released by ann" in own_door.see(f"/data/{DAY}").text


def test_a_night_is_released_only_as_it_was_seen_and_with_a_reason(
    stopped: Path, own_door: Door
) -> None:
    other = own_door.send(f"/data/{DAY}/release", {"reason": "a holiday", "seen": "0" * 64})
    silent = own_door.send(f"/data/{DAY}/release", {"reason": " ", "seen": _seen(own_door)})

    assert (other.status, silent.status) == (409, 409)
    assert _released(stopped) is None


def test_nights_of_the_past_are_rebuilt_in_the_visitors_name_and_that_is_kept(
    own_door: Door, airflow: PlayedAirflow, own_day: Path
) -> None:
    form = {"since": "2026-03-07", "until": "2026-03-08", "reason": "late\r\n orders"}

    assert own_door.as_(OPERATOR).send("/data/rebuild", form).status == 303
    assert own_door.as_(VIEWER).send("/data/rebuild", form).status == 403

    # Airflow takes what their clock shows for a time in New York.
    since, until = datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 3, 8, 23, 59, 59, tzinfo=UTC)
    assert airflow.told == [("mark", "backfill nightly", (since, until, False))]
    with services(settings_at(own_day)) as perennial:
        (entry,) = perennial.ledger.audit_log(action=AuditAction.STARTED)
    assert (entry.actor, entry.subject) == ("mark", "nightly")
    assert "2 nights from 2026-03-07 to 2026-03-08" in entry.reason
    assert entry.reason.endswith(": late orders")


@pytest.mark.parametrize(
    "form",
    [
        {"since": "2026-03-08", "until": "2026-03-07", "reason": "x"},
        {"since": "2024-03-08", "until": "2026-03-07", "reason": "x"},
        {"since": "2026-03-08", "until": "2999-03-07", "reason": "x"},
        {"since": "2026-03-07", "until": "soon", "reason": "x"},
        {"since": "2026-03-07", "until": "2026-03-08", "reason": " "},
    ],
)
def test_a_rebuild_that_makes_no_sense_is_refused(
    own_door: Door, airflow: PlayedAirflow, form: dict[str, object]
) -> None:
    assert own_door.send("/data/rebuild", form).status == 409
    assert not airflow.told


def test_a_visitor_reads_that_a_rebuild_sends_nothing(sent_door: Door) -> None:
    assert "Nothing is ever sent by it" in sent_door.as_(OPERATOR).see("/data").text
    assert "Rebuild" not in sent_door.as_(VIEWER).see("/data").text
