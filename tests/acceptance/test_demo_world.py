"""What the demo's providers and people do reaches the ledger by the web app alone, and comes out on the page of the day."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from one_night import CAMPAIGNS, DAY, run_day
from perennial.demo.world import World, a_world
from perennial.emulator.options import Habits
from perennial.ledger.responding import ChannelResponses
from perennial.model.words import Channel, SurveyScale
from perennial.steps.services import Perennial, services

pytestmark = pytest.mark.sample

EAGER = Habits(one_click=0.1, unsubscribed=0.1, answered=0.6, dissatisfied=0.2, stopped=0.3)


@pytest.fixture
def world(home: Path) -> Iterator[World]:
    with (
        patch.dict(os.environ, {"PERENNIAL_HOME": str(home), "PERENNIAL_CLOCK": "simulated"}),
        a_world(seed=7, habits=EAGER) as world,
    ):
        yield world


def played(perennial: Perennial, world: World) -> dict[str, ChannelResponses]:
    """Runs a day, lets people answer, and says what came back for the surveys, by channel."""
    run_day(perennial)
    world.let_people_answer()
    world.wait_until_quiet()
    return {c.channel: c for c in perennial.ledger.responses("feedback_survey", DAY).channels}


def test_everybody_who_was_written_to_is_heard_of(world: World) -> None:
    with services() as perennial:
        emails = played(perennial, world)[Channel.EMAIL]
        for name in CAMPAIGNS:
            channels = perennial.ledger.responses(name, DAY).channels
            account = perennial.account(name, DAY)

            assert sum(c.accepted for c in channels) == account.accepted == account.plan.send
            assert sum(c.untold for c in channels) == 0
        assert perennial.sending_status().unknown_reports == 0

    assert emails.delivered > emails.accepted / 2
    assert emails.unsubscribed > 0
    assert world.repeated() == 0


def test_answers_come_from_the_page_and_low_scores_open_cases(world: World) -> None:
    with services() as perennial:
        back = played(perennial, world)
        responses = perennial.ledger.responses("feedback_survey", DAY)
        scores = responses.scores[SurveyScale.CSAT]

        assert sum(scores.values()) == sum(c.answered for c in back.values()) > 5
        assert (
            responses.cases == scores.get(1, 0) + scores.get(2, 0) == len(perennial.ledger.cases())
        )


def test_who_unsubscribed_or_answered_stop_may_not_be_written_to(world: World) -> None:
    with services() as perennial:
        played(perennial, world)
        days = [perennial.ledger.responses(name, DAY).channels for name in CAMPAIGNS]
        left = sum(c.unsubscribed for channels in days for c in channels)
        stopped = sum(c.stopped for channels in days for c in channels)
        reasons = perennial.ledger.suppressed().column("reason").to_pylist()

    assert reasons.count("unsubscribed") == left > 0
    assert reasons.count("stopped") == stopped > 0


def test_messages_can_be_opened_as_their_recipients_got_them(world: World, home: Path) -> None:
    with services() as perennial:
        played(perennial, world)
        world.fill_mailbox(home / "mailbox", perennial)
        entries = perennial.mailbox()

    assert len(entries) == len({entry.key for entry in entries}) == world.accepted()
    for entry in entries:
        assert (entry.html or entry.path).stat().st_size > 50


def test_the_page_of_the_day_says_what_came_back(world: World) -> None:
    with services() as perennial:
        played(perennial, world)
        page = perennial.report(DAY).read_text(encoding="utf-8")

    assert "What came back" in page
    assert "satisfied: 4 or 5 of 5" in page
    assert "A simulated day" in page
    assert "Nobody has reported" not in page


def test_nothing_is_left_running_whatever_ends_the_world(home: Path) -> None:
    before = set(threading.enumerate())
    with (
        patch.dict(os.environ, {"PERENNIAL_HOME": str(home), "PERENNIAL_CLOCK": "simulated"}),
        pytest.raises(KeyboardInterrupt),
        a_world(seed=7),
    ):
        raise KeyboardInterrupt

    left = [t for t in threading.enumerate() if t not in before and t.name in {"edge", "emulator"}]
    assert left == []
