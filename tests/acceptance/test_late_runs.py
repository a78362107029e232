"""The scheduler was down over the hour of sending, and comes back: each campaign says what becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from one_night import DAY, accepted, settings_at
from perennial.campaigns.catching_up import CatchUp, CatchUpRule
from perennial.campaigns.timing import plan_instant
from perennial.ledger import shared_clock
from perennial.model.words import Reason
from perennial.settings import Clock
from perennial.steps.services import Perennial, services

pytestmark = pytest.mark.sample
CAMPAIGN = "win_back"  # planned at 06:00, sent at 10:30 on the customer's clock, for twelve hours
SKIP = CatchUp(CatchUpRule.SKIP)
LATEST = CatchUp(CatchUpRule.LATEST_ONLY)
WALL = {"now": datetime(2026, 6, 10, tzinfo=UTC)}
YOUNG = CatchUp(CatchUpRule.SEND_IF_YOUNGER_THAN, timedelta(hours=6))


@pytest.fixture
def on_the_wall(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Perennial]:
    """An installation that goes by the clock on the wall, which a test sets."""
    monkeypatch.setattr(shared_clock, "SharedClock", lambda _: lambda: WALL["now"])
    with services(settings_at(home, Clock.WALL)) as perennial:
        yield perennial


def declare(perennial: Perennial, policy: CatchUp) -> None:
    """As if the campaign's file said so."""
    campaigns = [
        each.model_copy(update={"catch_up": policy}) if each.name == CAMPAIGN else each
        for each in perennial.campaigns
    ]
    perennial.__dict__["_campaign_files"] = (tuple(campaigns), {})


def run_at(perennial: Perennial, at: datetime) -> tuple[int, int]:
    """Plans and dispatches at an instant; how many left, and how many were too late."""
    WALL["now"] = at
    plan = perennial.plan(CAMPAIGN, DAY)
    perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan.plan_hash)
    account = perennial.account(CAMPAIGN, DAY)
    return account.accepted, account.blocked.get(Reason.EXPIRED, 0)


def hour_of_most(perennial: Perennial) -> datetime:
    """When the last of the customers in the shop's own country has had their hour."""
    zone = perennial.shop.zone
    return datetime.combine(DAY, perennial.campaign(CAMPAIGN).send_at, zone).astimezone(
        UTC
    ) + timedelta(hours=3, minutes=1)


@pytest.mark.parametrize(
    ("policy", "late_by", "some_leave"),
    [
        pytest.param(SKIP, timedelta(hours=4), False, id="skip"),
        pytest.param(YOUNG, timedelta(hours=2), True, id="younger than six hours"),
        pytest.param(YOUNG, timedelta(hours=6), False, id="older than six hours"),
        pytest.param(LATEST, timedelta(hours=6), True, id="latest day, not expired"),
        pytest.param(LATEST, timedelta(days=1), False, id="the next day has come"),
    ],
)
def test_after_an_outage_a_campaign_catches_up_as_it_declares(
    on_the_wall: Perennial,
    home: Path,
    caplog: pytest.LogCaptureFixture,
    policy: CatchUp,
    late_by: timedelta,
    some_leave: bool,  # noqa: FBT001 - a table
) -> None:
    """Case 19."""
    declare(on_the_wall, policy)
    caplog.set_level(logging.WARNING)
    left, too_late = run_at(on_the_wall, hour_of_most(on_the_wall) + late_by)

    assert (left > 0) is some_leave
    assert accepted(home).total() == left
    assert (too_late > 0) is ("they are not sent" in caplog.text)
    assert left or too_late


def test_a_run_that_is_cleared_later_is_not_a_late_run(on_the_wall: Perennial) -> None:
    """Case 16: the task is cleared hours after it began in time; what it had not sent still may leave."""
    declare(on_the_wall, SKIP)
    zone = on_the_wall.shop.zone
    planned = plan_instant(on_the_wall.campaign(CAMPAIGN), DAY, zone)
    at_first, _ = run_at(on_the_wall, planned)
    left, too_late = run_at(on_the_wall, hour_of_most(on_the_wall) + timedelta(hours=4))

    assert too_late == 0
    assert left > at_first


def test_clearing_says_that_those_who_were_written_to_stay_as_they_are(
    on_the_wall: Perennial, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 16."""
    caplog.set_level(logging.INFO)
    at = hour_of_most(on_the_wall)
    left, _ = run_at(on_the_wall, at)
    again, _ = run_at(on_the_wall, at)

    assert again == left == accepted(home).total()
    assert f"{left} messages were settled by an earlier run" in caplog.text


def test_a_day_of_the_past_sends_nothing_and_says_so(
    on_the_wall: Perennial, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left, too_late = run_at(on_the_wall, datetime(2026, 11, 22, 12, tzinfo=UTC))

    assert left == accepted(home).total() == 0
    assert too_late > 0
    assert f"{CAMPAIGN} of {DAY}: the time of {too_late} messages has passed" in caplog.text
