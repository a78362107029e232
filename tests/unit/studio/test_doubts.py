"""A message in doubt is settled by evidence or by a person who says why, and never by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger_builder import a_message, beginning, claiming, settling
from one_night import DAY, settings_at
from perennial.model.keys import MessageKey
from perennial.model.words import MessageState
from perennial.steps.services import services
from studio_visits import OPERATOR, VIEWER, Door


@pytest.fixture
def doubtful(own_day: Path) -> list[MessageKey]:
    """Keys of three messages whose answers were lost."""
    messages = [a_message(f"doubt-{n}", campaign="win_back", day=DAY) for n in range(3)]
    with services(settings_at(own_day)) as perennial:
        claiming(perennial.ledger, messages)
        beginning(perennial.ledger, messages)
        settling(perennial.ledger, messages, MessageState.IN_DOUBT)
    return [message.key for message in messages]


def _states(home: Path, keys: list[MessageKey]) -> list[MessageState]:
    with services(settings_at(home)) as perennial:
        found = perennial.ledger.states(keys)
    return [found[key] for key in keys]


def test_the_queue_shows_every_doubt(doubtful: list[MessageKey], own_door: Door) -> None:
    page = own_door.see("/doubts")

    assert "3 in doubt" in page.text
    assert all(key[:12] in page.html for key in doubtful)
    assert own_door.see("/doubts?campaign=birthday").text.count("Nothing is in doubt") == 1


def test_a_ruling_settles_what_was_chosen_and_keeps_who_and_why(
    doubtful: list[MessageKey], own_door: Door, own_day: Path
) -> None:
    one, two, three = doubtful
    accepted = own_door.send(
        "/doubts/settle", {"key": [one, two], "verdict": "accepted", "reason": "seen in the feed"}
    )
    refused = own_door.send(
        "/doubts/settle", {"key": three, "verdict": "not_accepted", "reason": "never arrived"}
    )
    page = own_door.see("/doubts")

    assert (accepted.status, refused.status) == (303, 303)
    assert _states(own_day, doubtful) == [
        MessageState.ACCEPTED,
        MessageState.ACCEPTED,
        MessageState.RETRYABLE,
    ]
    assert "Nothing is in doubt" in page.text
    assert page.text.count("seen in the feed") == 2
    assert "ann" in own_door.see("/audit").text


def test_a_ruling_needs_a_choice_a_verdict_and_a_reason(
    doubtful: list[MessageKey], own_door: Door, own_day: Path
) -> None:
    forms: list[dict[str, object]] = [
        {"verdict": "accepted", "reason": "seen"},
        {"key": doubtful, "reason": "seen"},
        {"key": doubtful, "verdict": "accepted", "reason": "  "},
    ]

    assert [own_door.send("/doubts/settle", form).status for form in forms] == [409] * 3
    assert _states(own_day, doubtful) == [MessageState.IN_DOUBT] * 3


def test_only_a_steward_may_rule(doubtful: list[MessageKey], own_door: Door, own_day: Path) -> None:
    form = {"key": doubtful, "verdict": "accepted", "reason": "seen"}

    assert own_door.as_(OPERATOR).send("/doubts/settle", form).status == 403
    assert own_door.as_(VIEWER).send("/doubts/ask", {}).status == 403
    assert _states(own_day, doubtful) == [MessageState.IN_DOUBT] * 3


def test_looking_at_the_queue_settles_nothing(
    doubtful: list[MessageKey], own_door: Door, own_day: Path
) -> None:
    for path in ("/doubts", "/", "/audit"):
        assert own_door.see(path).status == 200

    assert _states(own_day, doubtful) == [MessageState.IN_DOUBT] * 3
