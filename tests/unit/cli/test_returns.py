"""`perennial status` says what came back by campaign and day, as the report and the results count it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger_builder import DAY, NOON, a_message, sent
from perennial.cli.commands import app
from perennial.ledger.store import Ledger
from perennial.ledger.values import PlanRecord
from perennial.model.events import ProviderEvent
from perennial.model.message import PlannedMessage
from perennial.model.words import Actor, Channel, EventWord, Pressure, SurveyScale

LATER = datetime.now(UTC) + timedelta(hours=1)
YESTERDAY = DAY - timedelta(days=1)

Status = Callable[..., str]


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Status:
    """What the command prints."""
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, ["status", *words])
        assert result.exit_code == 0, result.exception
        return result.stdout

    return invoke


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    return ledger


def planned(ledger: Ledger, campaign: str, day: Any = DAY) -> None:
    plan = PlanRecord(campaign=campaign, day=day, plan_hash="1", counts={}, planned_at=NOON)
    ledger.record_plan(plan)


def told(message: PlannedMessage, word: EventWord, actor: Actor | None = None) -> ProviderEvent:
    return ProviderEvent(key=message.key, word=word, provider="sendgrid", at=LATER, actor=actor)


@pytest.fixture
def answered(ledger: Ledger) -> Ledger:
    """A win-back of which everything came back, one of the day before of which nothing did, and a survey with answers."""
    words = [
        (EventWord.DELIVERED, None),
        (EventWord.OPENED, Actor.PERSON),
        (EventWord.CLICKED, Actor.PERSON),
        (EventWord.CLICKED, Actor.MACHINE),
        (EventWord.UNSUBSCRIBED, None),
        (EventWord.COMPLAINED, None),
        (EventWord.BOUNCED, None),
    ]
    people = [a_message(f"{number}") for number in range(len(words))]
    surveys = [
        a_message(f"s{n}", campaign="feedback_survey", pressure=Pressure.SURVEY, topic=None)
        for n in range(3)
    ]
    before = a_message("before", day=YESTERDAY)
    for campaign, day in (
        ("win_back", YESTERDAY),
        ("win_back", DAY),
        ("feedback_survey", DAY),
        ("birthday", DAY),
    ):
        planned(ledger, campaign, day)
    sent(ledger, before, *people, *surveys)
    events = [told(m, word, actor) for m, (word, actor) in zip(people, words, strict=True)]
    ledger.apply_events(events, received_at=LATER)
    for message, score in zip(surveys, (5, 4, 1), strict=True):
        ledger.record_answer(
            message.key, scale=SurveyScale.CSAT, score=score, comment=None, at=LATER
        )
    return ledger


def test_what_came_back_is_data_by_campaign_and_day(answered: Ledger, status: Status) -> None:
    found = json.loads(status("--json", "--days", "7"))["returns"]

    assert [(row["campaign"], row["day"]) for row in found] == [
        ("feedback_survey", "2026-11-21"),
        ("win_back", "2026-11-21"),
        ("win_back", "2026-11-20"),
    ]
    survey, back, silent = found
    (channel,) = answered.responses("win_back", DAY).channels
    assert back["delivered"] == channel.delivered
    assert {name: back[name] for name in ("accepted", "bounced", "opened", "clicked")} == {
        "accepted": 7,
        "bounced": 1,
        "opened": 1,
        "clicked": 1,
    }
    assert (back["opened_by_machines"], back["clicked_by_machines"]) == (0, 1)
    assert (back["unsubscribed"], back["complained"], back["orders"]) == (1, 1, None)
    assert [(s["scale"], s["answers"], s["value"]) for s in survey["surveys"]] == [
        ("csat", 3, 0.6667)
    ]
    assert (silent["accepted"], silent["delivered"], silent["clicked_by_machines"]) == (
        1,
        None,
        None,
    )


def test_a_narrow_terminal_shows_it_without_colours(answered: Ledger, status: Status) -> None:  # noqa: ARG001 - it holds the answers
    shown = status("--days", "7")
    lines = [" ".join(line.split()) for line in shown.splitlines()]

    assert "day accepted delivered bounced opened clicked machines" in lines
    assert "2026-11-21 7 5 1 1 1 1" in lines
    assert "2026-11-20 1 – – – – –" in lines
    assert "2026-11-21: 1 unsubscribed, 1 marked it as spam" in lines
    assert any(line.startswith("2026-11-21: 3 answers, CSAT 67% (") for line in lines)
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "\x1b" not in shown


def test_large_figures_fit_a_narrow_terminal(ledger: Ledger, status: Status) -> None:
    long = a_message("1", campaign="a_campaign_with_a_rather_long_name", channel=Channel.SMS)
    planned(ledger, long.campaign)
    sent(ledger, long)

    assert all(len(line) <= 80 for line in status().splitlines())


def test_the_span_is_chosen_and_ends_with_the_latest_plan(answered: Ledger, status: Status) -> None:
    planned(answered, "birthday", DAY + timedelta(days=1))

    def days(*words: str) -> set[str]:
        return {row["day"] for row in json.loads(status("--json", *words))["returns"]}

    assert days() == set()
    assert days("--days", "2") == {"2026-11-21"}
    assert days("--days", "3") == {"2026-11-20", "2026-11-21"}
    assert days("--days", "0") == set()
    assert "What came back" not in status("--days", "0")


def test_a_ledger_from_which_nothing_has_left_says_so(ledger: Ledger, status: Status) -> None:  # noqa: ARG001 - it is empty
    assert "Nothing has left: --days looks further back." in status()
