"""A campaign is started by hand as its DAG's own form would, in the visitor's name, and that is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from one_night import settings_at
from perennial.model.words import AuditAction
from perennial.steps.services import services
from perennial.studio.airflow_api import DagState, Run
from studio_visits import OPERATOR, VIEWER, Door, PlayedAirflow

PAGE = "/campaigns/win_back/run"
KNOWN = DagState(dag_id="campaign_win_back", paused=True, next_run=None)


@pytest.fixture(autouse=True)
def known(airflow: PlayedAirflow) -> None:
    airflow.states = {KNOWN.dag_id: KNOWN}


def _noted(home: Path) -> list[tuple[str, str, str]]:
    with services(settings_at(home)) as perennial:
        log = perennial.ledger.audit_log(action=AuditAction.STARTED)
    return [(entry.actor, entry.subject, entry.reason) for entry in log]


def test_a_run_for_a_day_starts_as_the_form_says_and_is_kept(
    own_door: Door, own_day: Path, airflow: PlayedAirflow
) -> None:
    form = {
        "day": "2026-06-10",
        "dry_run": "yes",
        "limit": "5",
        "customers": "00000001\r\n00000002, 00000001",
        "reason": "a first\r\n look",
    }

    assert own_door.as_(OPERATOR).send(PAGE, form).status == 303

    conf = {
        "day": "2026-06-10",
        "dry_run": True,
        "limit": 5,
        "customers": ["00000001", "00000002"],
    }
    assert airflow.told == [("mark", "trigger campaign_win_back", (conf, None))]
    said = "for 2026-06-10, as a trial, at most 5, 2 customers alone: a first look"
    assert _noted(own_day) == [("mark", "win_back", said)]


def test_a_later_hour_is_one_of_the_shops_clock_and_gives_the_day(
    own_door: Door, airflow: PlayedAirflow
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()

    own_door.send(PAGE, {"at": f"{tomorrow}T18:30", "reason": "the fair"})

    ((_, _, (conf, at)),) = airflow.told
    assert conf["day"] == tomorrow.isoformat()
    assert str(at.tzinfo) == "America/New_York"
    assert (at.date(), at.hour, at.minute) == (tomorrow, 18, 30)


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": "tomorrow"},
        {"at": "2020-01-01T10:00"},
        {"at": "soon"},
        {"limit": "0"},
        {"limit": "many"},
        {"customers": " ".join(str(n) for n in range(1_001))},
        {"reason": " "},
        {"reason": "x" * 141},
    ],
)
def test_a_form_that_makes_no_sense_starts_nothing(
    own_door: Door, airflow: PlayedAirflow, wrong: dict[str, object]
) -> None:
    assert own_door.send(PAGE, {"reason": "a look"} | wrong).status == 409
    assert not airflow.told


def test_the_schedule_is_paused_and_goes_on(own_door: Door, airflow: PlayedAirflow) -> None:
    for paused in ("yes", "no"):
        own_door.send(f"{PAGE}/pause", {"paused": paused, "reason": "a holiday"})

    assert [(told[1], told[2]) for told in airflow.told] == [
        ("pause campaign_win_back", True),
        ("pause campaign_win_back", False),
    ]


def test_the_page_says_what_airflow_will_do(own_door: Door, airflow: PlayedAirflow) -> None:
    airflow.past[KNOWN.dag_id] = [
        Run(
            dag_id=KNOWN.dag_id,
            run_id="r",
            state="<b>failed</b>",
            day="2026-06-10",
            started_at=datetime(2026, 6, 10, 10, tzinfo=UTC),
            ended_at=None,
        )
    ]
    page = own_door.see(PAGE)
    airflow.states.clear()

    assert "paused in Airflow" in page.text
    assert "<b>failed" not in page.html
    assert "2026-06-10" in page.text
    assert "does not know this campaign yet" in own_door.see(PAGE).text


def test_a_viewer_starts_nothing(own_door: Door, airflow: PlayedAirflow) -> None:
    viewer = own_door.as_(VIEWER)

    assert viewer.see(PAGE).status == 200
    assert "<form" not in viewer.see(PAGE).html
    assert viewer.send(PAGE, {"reason": "a look"}).status == 403
    assert not airflow.told
