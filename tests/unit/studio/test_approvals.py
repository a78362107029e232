"""Who approves sees what would leave, answers in their own name, and only for what they have seen."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from one_night import DAY, sending, settings_at
from perennial.model.keys import coupon_code
from perennial.settings import PROJECT, Clock, Settings
from perennial.steps.services import services
from perennial.studio.airflow_api import RequiredAction
from studio_visits import DEMO_SECRET, OPERATOR, STEWARD, VIEWER, Door, PlayedAirflow, studio_door

RUN = "manual__2026-06-10T06:00:00+00:00"
ASKED_AT = datetime.now(UTC) - timedelta(hours=1)
ASKED = RequiredAction(
    dag_id="campaign_win_back",
    run_id=RUN,
    task_id="approve",
    subject="Send “Win back <b>customers</b> {{7*7}}” to 35 customers?",
    body="<b>customers</b> {{7*7}}",
    options=("Approve", "Reject"),
    waiting_since=ASKED_AT,
)
PAGE = f"/approvals/campaign_win_back/{quote(RUN)}/approve"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The shop's files, with a campaign that two people have to approve of."""
    project = tmp_path / "project"
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, project)
    campaign = project / "campaigns" / "win_back.yaml"
    words = campaign.read_text(encoding="utf-8")
    rule = "approval: {above: 0, two_above: 1}"
    campaign.write_text(words.replace("approval: {above: 5000}", rule), encoding="utf-8")
    return project


@pytest.fixture
def settings(own_day: Path, project: Path) -> Settings:
    return settings_at(own_day).model_copy(update={"project": project})


@pytest.fixture
def subject(settings: Settings) -> str:
    with services(settings) as perennial:
        return perennial.looked_at("win_back", DAY).subject


@pytest.fixture
def door(settings: Settings, subject: str, airflow: PlayedAirflow) -> Iterator[Door]:
    airflow.waiting = [replace(ASKED, given={"reason": "", "plan": subject})]
    with studio_door(settings, airflow=airflow) as door:
        yield door


def test_who_approves_sees_the_way_down_the_words_the_cost_and_why(
    door: Door, settings: Settings
) -> None:
    page = door.as_(OPERATOR).see(PAGE)
    with services(settings) as perennial:
        samples = perennial.samples("win_back", DAY)
        approvals = perennial.approvals("win_back", DAY)
        until = (ASKED_AT + timedelta(hours=12)).astimezone(perennial.shop.zone)

    assert page.status == 200
    assert len(samples) > 1
    assert all(sample.text in page.text for sample in samples[:8])
    assert all(why in page.text for why in approvals.why)
    assert f"{settings.edge_url}/u/…" in page.text
    assert not re.search(rf"{re.escape(settings.edge_url)}/\w+/\w", page.text)
    assert "Will be written to" in page.text
    assert f"Without an answer by {until:%A}" in page.text


def test_a_yes_goes_to_airflow_in_the_visitors_name_for_what_they_have_seen(
    door: Door, subject: str, airflow: PlayedAirflow
) -> None:
    form = {"option": "Approve", "reason": " looks\r\n good ", "plan": subject}

    assert door.as_(OPERATOR).send(PAGE, form).status == 303
    assert airflow.told == [
        ("mark", "answer approve", ("Approve", {"reason": "looks good", "plan": subject}))
    ]


def test_words_that_change_before_the_answer_void_it(
    door: Door, subject: str, airflow: PlayedAirflow, project: Path
) -> None:
    words = project / "templates" / "sms" / "win_back_hello" / "en.txt"
    words.write_text(words.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    told = door.send(PAGE, {"option": "Approve", "reason": "good", "plan": subject})

    assert told.status == 409
    assert "have changed since you looked at them" in told.text
    assert not airflow.told


def test_the_second_yes_comes_from_somebody_else(
    door: Door, subject: str, airflow: PlayedAirflow, settings: Settings
) -> None:
    with services(settings) as perennial:
        plan_hash = perennial.looked_at("win_back", DAY).plan_hash
        perennial.approve("win_back", DAY, plan_hash=plan_hash, by="mark", reason="good")
    form = {"option": "Approve", "reason": "good", "plan": subject}

    assert door.as_(OPERATOR).send(PAGE, form).status == 409
    assert not airflow.told
    assert "You have approved already" in door.as_(OPERATOR).see(PAGE).text
    assert door.as_(STEWARD).send(PAGE, form).status == 303


def test_a_no_needs_nothing_but_a_reason(door: Door, airflow: PlayedAirflow) -> None:
    assert door.send(PAGE, {"option": "Reject", "reason": " "}).status == 409
    assert door.send(PAGE, {"option": "Reject", "reason": "the offer is wrong"}).status == 303
    assert [told[2][0] for told in airflow.told] == ["Reject"]


@pytest.mark.parametrize(
    "form",
    [
        {"option": "Approve", "plan": "win_back 2026-06-10 0.0", "reason": "good"},
        {"option": "Approve", "reason": "good"},
        {"option": "Approve", "reason": "x" * 141},
        {"option": "Both", "reason": "good"},
    ],
)
def test_answers_that_make_no_sense_are_refused(
    door: Door, airflow: PlayedAirflow, form: dict[str, object]
) -> None:
    assert door.send(PAGE, form).status == 409
    assert not airflow.told


def test_a_viewer_looks_and_does_not_answer(
    door: Door, subject: str, airflow: PlayedAirflow
) -> None:
    form = {"option": "Approve", "reason": "good", "plan": subject}

    assert "may look, but not approve" in door.as_(VIEWER).see(PAGE).text
    assert door.as_(VIEWER).send(PAGE, form).status == 403
    assert not airflow.told


def test_what_nobody_waits_for_any_more_is_said(door: Door, airflow: PlayedAirflow) -> None:
    airflow.waiting.clear()

    assert "Nothing waits for an answer" in door.see("/approvals").text
    assert door.see(PAGE).status == 404


def test_what_airflow_says_is_text_and_nothing_else(door: Door, airflow: PlayedAirflow) -> None:
    airflow.waiting = [ASKED]

    for page in (door.see("/approvals"), door.see(PAGE)):
        assert "<b>customers</b>" not in page.html
        assert "{{7*7}}" in page.text


def test_a_question_that_airflow_keeps_from_before_is_answered_for_what_is_there_now(
    door: Door, subject: str, airflow: PlayedAirflow
) -> None:
    airflow.waiting = [replace(ASKED, given={"reason": "", "plan": f"win_back {DAY} 0.0"})]
    form = {"option": "Approve", "reason": "good", "plan": subject}

    assert subject in door.see(PAGE).html
    assert door.send(PAGE, form).status == 303
    assert airflow.told[0][2] == ("Approve", {"reason": "good", "plan": subject})


@pytest.mark.parametrize("too_late", ["silence was the answer", "every message has expired"])
def test_what_it_is_too_late_for_is_listed_apart_and_not_approved(
    settings: Settings, subject: str, too_late: str
) -> None:
    silent = too_late.startswith("silence")
    since = ASKED_AT - timedelta(hours=12) if silent else ASKED_AT
    airflow = PlayedAirflow()
    airflow.waiting = [
        replace(ASKED, waiting_since=since, given={"reason": "", "plan": subject}),
        replace(ASKED, dag_id="of_others", given={"plan": "no plan of ours"}),
    ]
    clock = Clock.SIMULATED if silent else Clock.WALL
    form = {"option": "Approve", "reason": "good", "plan": subject}
    with studio_door(settings.model_copy(update={"clock": clock}), airflow=airflow) as door:
        everything, page = door.see("/approvals"), door.see(PAGE)
        answered = door.send(PAGE, form)
        today = door.see("/")
        refused = door.send(PAGE, {"option": "Reject", "reason": "too late anyway"})

    assert f"/studio{PAGE}" not in everything.html
    assert everything.text.count(ASKED.subject) == 2
    assert "Too late" in everything.text
    assert today.text.count(ASKED.subject) == 1
    assert "nothing of this plan may leave any more" in page.text
    assert answered.status == 409
    assert refused.status == 303
    assert [told[2][0] for told in airflow.told] == ["Reject"]


def test_no_coupon_of_a_sample_belongs_to_a_customer(
    own_day: Path, project: Path, tmp_path: Path
) -> None:
    campaign = project / "campaigns" / "win_back.yaml"
    words = campaign.read_text(encoding="utf-8")
    offer = "win_back_offer_10\n    offer: {kind: percent, value: 10, valid_days: 14, prefix: BACK}"
    campaign.write_text(words.replace("win_back_hello", offer, 1), encoding="utf-8")
    unsent = {"home": tmp_path / "unsent", "lake": str(own_day / "lake"), "project": project}
    with services(settings_at(own_day).model_copy(update=unsent)) as perennial:
        perennial.plan("win_back", DAY)
        shown = " ".join(sample.text for sample in perennial.samples("win_back", DAY))
        keys = [row["message_key"] for row in sending(perennial, "win_back")]
    stand_ins = set(re.findall(r"BACK-\w{5}-\w{5}", shown))

    assert stand_ins
    assert not stand_ins & {coupon_code("BACK", key, DEMO_SECRET) for key in keys}
