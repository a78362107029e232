"""Whatever order nights, late nights, cleared runs, backfills and pauses come in, the same end and the same messages.

A few days of a tiny shop, played by the hour. `INTERLEAVINGS=200` plays so many more of them than a test run does.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from one_night import DAY, accepted, settings_at
from perennial.delivery import run
from perennial.errors import MissingPartition
from perennial.ledger import shared_clock
from perennial.model.words import Control
from perennial.sample.loading import load_sample
from perennial.settings import Clock
from perennial.steps.services import Perennial

pytestmark = [pytest.mark.sample, pytest.mark.timeout(3600)]

EXAMPLES = int(os.environ.get("INTERLEAVINGS", "5"))
CAMPAIGNS = ("birthday", "win_back")
DAYS = [DAY, DAY + timedelta(days=1)]
EARLIER = [DAY - timedelta(days=2), DAY - timedelta(days=1)]
HOURS = (time(9), time(15))
MADE_OF_A_DAY = ("verified/*", "contacts", "customer_features", "memberships")
NOW = {"now": datetime(2026, 6, 10, tzinfo=UTC)}
_SHARED: dict[str, Any] = {}


@dataclass
class Town:
    """An installation of a tiny shop, on a clock that the test sets."""

    home: Path
    perennial: Perennial = field(init=False)

    def __post_init__(self) -> None:
        self.perennial = Perennial(settings_at(self.home, Clock.WALL))
        if "templates" in _SHARED:  # compiled once: they are the same in every town
            self.perennial.__dict__["templates"] = _SHARED["templates"]
        _SHARED["templates"] = self.perennial.templates

    def night(self, day: date) -> None:
        self.perennial.night(day)

    def send(self, day: date) -> None:
        """What the campaigns' runs of a day do at this hour; without data, nothing."""
        for campaign in CAMPAIGNS:
            try:
                plan = self.perennial.plan(campaign, day)
            except MissingPartition:
                return
            if plan.send:
                self.perennial.dispatch(campaign, day, plan_hash=plan.plan_hash)

    def at(self, day: date, hour: time) -> None:
        NOW["now"] = datetime.combine(day, hour, self.perennial.shop.zone).astimezone(UTC)

    def regular_hour(self, day: date) -> None:
        """What happens anyway: the night, if it is still to come; then what is due leaves."""
        if not self.perennial.audiences_formed(day):
            self.night(day)
        for campaign in CAMPAIGNS:
            self.perennial.command(Control.RUN, campaign=campaign, by="ann", reason="seen")
        self.send(day)

    def end(self) -> tuple[dict[str, int], dict[str, bytes]]:
        """How often each message was sent; and what the days came to."""
        lake = self.home / "lake"
        made = {
            path.relative_to(lake).as_posix(): path.read_bytes()
            for dataset in MADE_OF_A_DAY
            for day in DAYS
            for path in lake.glob(f"{dataset}/day={day}/*.parquet")
        }
        return dict(accepted(self.home)), made

    def close(self) -> None:
        self.perennial.close()
        shutil.rmtree(self.home)


@pytest.fixture(scope="module", autouse=True)
def _clock() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_clock, "SharedClock", lambda _: lambda: NOW["now"])
        patch.setattr(Perennial, "now", lambda _: NOW["now"])
        patch.setattr(run, "_LONGEST_PAUSE_SECONDS", 0.0)  # on the wall's clock, which goes on
        yield


def a_town() -> Town:
    """With two nights behind it."""
    if "start" not in _SHARED:
        _SHARED["folder"] = tempfile.TemporaryDirectory(prefix="perennial-town-")
        home = Path(_SHARED["folder"].name) / "start"
        home.mkdir()
        load_sample(home / "shop.db", shift_to=DAYS[-1] + timedelta(days=1), households=200)
        town = Town(home)
        for day in EARLIER:
            town.night(day)
        town.perennial.close()
        _SHARED["start"] = home
    return Town(Path(shutil.copytree(_SHARED["start"], Path(tempfile.mkdtemp()) / "home")))


def the_end_of_a_quiet_life() -> tuple[dict[str, int], dict[str, bytes]]:
    """Every night in time, every hour once."""
    if "quiet" not in _SHARED:
        town = a_town()
        for day in DAYS:
            for hour in HOURS:
                town.at(day, hour)
                town.regular_hour(day)
        _SHARED["quiet"] = town.end()
        town.close()
    return _SHARED["quiet"]  # type: ignore[no-any-return]


class AnyLife(RuleBasedStateMachine):
    """Anything may happen before each of the hours at which what is due leaves anyway."""

    def __init__(self) -> None:
        super().__init__()
        self.quiet = the_end_of_a_quiet_life()
        self.town = a_town()
        self.hours = [(day, hour) for day in DAYS for hour in HOURS]
        self.town.at(*self.hours[0])

    @property
    def today(self) -> date:
        return self.hours[0][0]

    def _days(self) -> list[date]:
        return [day for day in (*EARLIER, *DAYS) if day <= self.today]

    @precondition(lambda self: self.hours)
    @rule(which=st.integers(0, 3))
    def a_night_runs_once_more_or_for_the_first_time(self, which: int) -> None:
        days = self._days()
        self.town.night(days[which % len(days)])

    @precondition(lambda self: self.hours)
    @rule(first=st.integers(0, 3))
    def a_range_is_backfilled(self, first: int) -> None:
        days = self._days()
        self.town.perennial.nights(days[first % len(days) :])

    @precondition(lambda self: self.hours)
    @rule(which=st.integers(0, 3))
    def the_campaigns_of_a_day_are_run_or_cleared(self, which: int) -> None:
        days = self._days()
        self.town.send(days[which % len(days)])

    @precondition(lambda self: self.hours)
    @rule(
        campaign=st.sampled_from(CAMPAIGNS), control=st.sampled_from([Control.PAUSE, Control.RUN])
    )
    def a_campaign_is_paused_or_goes_on(self, campaign: str, control: Control) -> None:
        self.town.perennial.command(control, campaign=campaign, by="ann", reason="looking")

    @rule()
    def an_hour_comes(self) -> None:
        if not self.hours:
            return
        self.town.regular_hour(self.today)
        del self.hours[0]
        if self.hours:
            self.town.at(*self.hours[0])

    def teardown(self) -> None:
        while self.hours:
            self.an_hour_comes()
        sent, made = self.town.end()
        quietly_sent, quietly_made = self.quiet
        self.town.close()

        assert set(sent.values()) <= {1}
        assert sent == quietly_sent
        assert made == quietly_made


def test_a_quiet_life_sends_something_on_every_day() -> None:
    """Else the test below would say nothing."""
    sent, made = the_end_of_a_quiet_life()

    assert len(sent) >= 4
    assert len(made) == len(DAYS) * 9


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=7,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
