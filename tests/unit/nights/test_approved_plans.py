"""What was approved is what leaves: other words void it, another audience beyond a stated share voids it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from one_night import DAY, HOUSEHOLDS, accepted, sending, settings_at
from perennial.errors import PlanError
from perennial.model.words import AuditAction, Channel
from perennial.sample.loading import load_sample
from perennial.settings import PROJECT
from perennial.steps.services import Perennial, services

CAMPAIGN = "win_back"
Opened = Callable[[], AbstractContextManager[Perennial]]

pytestmark = pytest.mark.sample


@pytest.fixture(scope="module")
def a_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("approved")
    load_sample(home / "shop.db", shift_to=DAY, households=HOUSEHOLDS)
    with services(settings_at(home)) as perennial:
        perennial.night(DAY)
    return home


@pytest.fixture
def home(a_night: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(a_night, tmp_path / "home"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, project)
    return project


@pytest.fixture
def opened(home: Path, project: Path) -> Opened:
    @contextmanager
    def open_anew() -> Iterator[Perennial]:
        with services(settings_at(home).model_copy(update={"project": project})) as perennial:
            yield perennial

    return open_anew


def rule(project: Path, words: str) -> None:
    file = project / "campaigns" / f"{CAMPAIGN}.yaml"
    text = re.sub("(?m)^approval:.*$", f"approval: {words}", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")


def say_yes(perennial: Perennial, by: str) -> str:
    plan_hash = perennial.plan(CAMPAIGN, DAY).plan_hash
    perennial.approve(CAMPAIGN, DAY, plan_hash=plan_hash, by=by, reason="I have looked.")
    return plan_hash


def one_fewer(perennial: Perennial) -> None:
    """Somebody who was planned for asks to be left alone, and the day is planned anew."""
    address = sending(perennial, CAMPAIGN)[0]["address"]
    for channel in Channel:
        if ("@" in address) == (channel is Channel.EMAIL):
            perennial.suppress_by_hand(address, channel, by="ann", reason="asked us")
    perennial.plan(CAMPAIGN, DAY)


def add_a_line(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def test_a_plan_made_anew_that_hardly_differs_stays_approved(
    opened: Opened, project: Path, home: Path
) -> None:
    rule(project, "{above: 0, drift: 5%}")
    with opened() as perennial:
        before = say_yes(perennial, "ann")
        one_fewer(perennial)
        approvals = perennial.approvals(CAMPAIGN, DAY)
        plan_hash = approvals.looked_at.plan_hash

        assert plan_hash != before
        assert (approvals.missing, approvals.by) == (0, ["ann"])
        assert "of the messages differ" in approvals.given[0].reason

        perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan_hash)

    assert accepted(home)


def test_an_audience_does_not_wander_off_in_small_steps(opened: Opened, project: Path) -> None:
    rule(project, "{above: 0, drift: 5%}")
    with opened() as perennial:
        say_yes(perennial, "ann")
        one_fewer(perennial)
        one_fewer(perennial)
        approvals = perennial.approvals(CAMPAIGN, DAY)

    assert approvals.missing == 1
    assert approvals.void is not None
    assert "the audience is another one" in approvals.void


def test_without_a_stated_share_any_other_plan_is_asked_about(
    opened: Opened, project: Path
) -> None:
    rule(project, "{above: 0}")
    with opened() as perennial:
        say_yes(perennial, "ann")
        one_fewer(perennial)

        assert perennial.approvals(CAMPAIGN, DAY).missing == 1


def test_words_that_change_after_the_yes_keep_a_plan_from_leaving(
    opened: Opened, project: Path, home: Path
) -> None:
    rule(project, "{above: 0, drift: 50%}")
    with opened() as perennial:
        plan_hash = say_yes(perennial, "ann")
    add_a_line(project / "templates/sms/win_back_hello/en.txt")

    with opened() as perennial:
        with pytest.raises(PlanError, match="approval by ann is void: the words"):
            perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan_hash)
        assert not accepted(home)

        say_yes(perennial, "mark")
        perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan_hash)

    assert accepted(home)


def test_a_large_plan_leaves_when_two_people_have_said_yes(
    opened: Opened, project: Path, home: Path
) -> None:
    rule(project, "{above: 0, two_above: 1}")
    with opened() as perennial:
        plan_hash = say_yes(perennial, "ann")
        say_yes(perennial, "ann")
        with pytest.raises(PlanError, match="Two different people have to approve"):
            perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan_hash)
        assert not accepted(home)

        say_yes(perennial, "mark")
        perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan_hash)

    assert accepted(home)


@pytest.mark.parametrize("words", ["{above: 100000}", "{drift: 5%}"])
def test_an_installation_may_ask_above_a_limit_of_its_own_whatever_a_campaign_says(
    home: Path, project: Path, words: str
) -> None:
    rule(project, words)
    update = {"project": project, "approve_above": 0}
    with services(settings_at(home).model_copy(update=update)) as perennial:
        plan_hash = perennial.plan(CAMPAIGN, DAY).plan_hash
        with pytest.raises(PlanError, match=r"messages are more than 0\."):
            perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan_hash)
        assert not accepted(home)

        say_yes(perennial, "ann")
        perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan_hash)

    assert accepted(home)


def test_what_was_looked_at_is_what_is_approved(opened: Opened, project: Path) -> None:
    rule(project, "{above: 0}")
    with opened() as perennial:
        plan_hash = perennial.plan(CAMPAIGN, DAY).plan_hash
        seen = perennial.looked_at(CAMPAIGN, DAY).subject
        add_a_line(project / "policy.yaml")
        with pytest.raises(PlanError, match="have changed since you looked"):
            perennial.approve(
                CAMPAIGN, DAY, plan_hash=plan_hash, by="ann", reason="good", seen=seen
            )

        assert perennial.approvals(CAMPAIGN, DAY).missing == 1


def test_a_no_is_kept_with_who_and_why(opened: Opened) -> None:
    with opened() as perennial:
        perennial.plan(CAMPAIGN, DAY)
        perennial.reject(CAMPAIGN, DAY, by="ann", reason="the offer\nis wrong")
        (entry,) = perennial.ledger.audit_log(action=AuditAction.REJECTED)

    assert (entry.actor, entry.reason) == ("ann", "the offer is wrong")
    assert entry.subject.startswith(f"{CAMPAIGN} {DAY} ")
