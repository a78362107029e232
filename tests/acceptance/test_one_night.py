"""One night from the shop to the mailbox: everybody accounted for, nobody written to twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from one_night import CAMPAIGNS, DAY, accepted, order_again, run_day, sending, settings_at, shop
from perennial.cli.commands import app
from perennial.errors import CampaignError, MissingPartition, NightStopped, PlanError, SourceError
from perennial.lake.partitions import Lake, Partition
from perennial.model.words import Channel, SuppressionReason
from perennial.settings import PROJECT, Clock
from perennial.steps.services import Perennial, services

pytestmark = pytest.mark.sample


def test_every_member_of_every_audience_has_one_decision(perennial: Perennial) -> None:
    for name in CAMPAIGNS:
        plan = perennial.plan(name, DAY)

        assert plan.audience == plan.send + plan.defer + sum(plan.skip.values()) + plan.hold_out


def test_planning_twice_in_any_order_gives_the_same_plans(perennial: Perennial) -> None:
    first = [perennial.plan(name, DAY).plan_hash for name in CAMPAIGNS]

    assert [perennial.plan(name, DAY).plan_hash for name in reversed(CAMPAIGNS)] == first[::-1]


def test_the_plan_as_json_adds_up_and_is_the_same_twice(home: Path) -> None:
    environment = {"PERENNIAL_HOME": str(home), "PERENNIAL_CLOCK": "simulated"}
    command = ["plan", "feedback_survey", "--day", DAY.isoformat(), "--json"]
    printed = [CliRunner().invoke(app, command, env=environment).stdout for _ in range(2)]
    plan = json.loads(printed[0])

    assert printed[0] == printed[1]
    assert {"campaign", "day", "audience", "send", "defer", "skip", "hold_out", "plan_hash"} <= set(
        plan
    )
    assert (
        plan["audience"]
        == plan["send"] + plan["defer"] + sum(plan["skip"].values()) + plan["hold_out"]
    )
    assert plan["send"] > 20


def test_running_the_day_twice_writes_to_nobody_twice(perennial: Perennial, home: Path) -> None:
    run_day(perennial)
    first = accepted(home)
    run_day(perennial)

    assert len(first) > 50
    assert accepted(home) == first
    assert set(first.values()) == {1}


def test_everybody_is_accounted_for_after_the_day(perennial: Perennial) -> None:
    run_day(perennial)
    for name in CAMPAIGNS:
        account = perennial.account(name, DAY)

        assert account.accepted == account.plan.send
        assert account.in_doubt + account.retryable + account.refused + account.not_yet_claimed == 0


def test_a_plan_that_is_being_carried_out_stands(perennial: Perennial) -> None:
    before = perennial.plan("feedback_survey", DAY)
    perennial.dispatch("feedback_survey", DAY, plan_hash=before.plan_hash, limit=3)
    after = perennial.plan("feedback_survey", DAY)

    assert after.begun
    assert after.plan_hash == before.plan_hash


def test_a_trial_run_writes_to_a_few_and_the_next_run_to_the_rest(
    perennial: Perennial, home: Path
) -> None:
    plan = perennial.plan("feedback_survey", DAY)
    perennial.dispatch("feedback_survey", DAY, plan_hash=plan.plan_hash, limit=3)
    few = accepted(home)
    perennial.dispatch("feedback_survey", DAY, plan_hash=plan.plan_hash)

    assert few.total() == 3
    assert accepted(home).total() == plan.send
    assert set(accepted(home).values()) == {1}


def test_only_the_chosen_customers_are_written_to(perennial: Perennial, home: Path) -> None:
    plan = perennial.plan("feedback_survey", DAY)
    chosen = sending(perennial, "feedback_survey")[:2]
    ids = [row["customer_id"] for row in chosen]
    perennial.dispatch("feedback_survey", DAY, plan_hash=plan.plan_hash, customers=ids)

    assert set(accepted(home)) == {row["message_key"] for row in chosen}


def test_another_plan_than_the_approved_one_is_refused(perennial: Perennial, home: Path) -> None:
    perennial.plan("feedback_survey", DAY)

    with pytest.raises(PlanError, match="has changed since it was made"):
        perennial.dispatch("feedback_survey", DAY, plan_hash="0" * 64)
    assert not accepted(home)


def test_an_unsubscribe_between_planning_and_dispatch_is_honoured(
    perennial: Perennial, home: Path
) -> None:
    """Case 26."""
    plan = perennial.plan("feedback_survey", DAY)
    gone = next(r for r in sending(perennial, "feedback_survey") if r["channel"] == Channel.EMAIL)
    perennial.ledger.suppress(
        address_key=gone["address_key"],
        channel=Channel.EMAIL,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=datetime.now(UTC),
    )
    perennial.dispatch("feedback_survey", DAY, plan_hash=plan.plan_hash)

    assert gone["message_key"] not in accepted(home)
    assert perennial.account("feedback_survey", DAY).blocked == {"suppressed": 1}


def test_an_order_between_planning_and_dispatch_ends_a_win_back(
    perennial: Perennial, home: Path
) -> None:
    plan = perennial.plan("win_back", DAY)
    back = sending(perennial, "win_back")[0]
    order_again(home, back["customer_id"], datetime(2026, 6, 10, 5, tzinfo=UTC))
    perennial.dispatch("win_back", DAY, plan_hash=plan.plan_hash)

    assert back["message_key"] not in accepted(home)
    assert perennial.account("win_back", DAY).blocked == {"converted": 1}


def test_with_the_wall_clock_a_day_of_another_time_sends_nothing(home: Path) -> None:
    with services(settings_at(home, Clock.WALL)) as perennial:
        plan = perennial.plan("feedback_survey", DAY)
        perennial.dispatch("feedback_survey", DAY, plan_hash=plan.plan_hash)
        account = perennial.account("feedback_survey", DAY)
    late = datetime.now(UTC) > plan.last_expiry

    assert not accepted(home)
    assert account.blocked == ({"expired": plan.send} if late else {})
    assert account.not_yet_claimed == (0 if late else plan.send)


def test_a_worker_whose_clock_is_wrong_sends_nothing_before_its_time_or_after_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 48: to this worker it is the day of the campaign; the ledger knows better."""
    noon = datetime(DAY.year, DAY.month, DAY.day, 18, tzinfo=UTC)
    with services(settings_at(home, Clock.WALL)) as perennial:
        monkeypatch.setattr(type(perennial), "now", lambda _: noon)
        plan = perennial.plan("feedback_survey", DAY)
        perennial.dispatch("feedback_survey", DAY, plan_hash=plan.plan_hash)

    assert plan.send > 0
    assert not accepted(home)


def test_killed_in_the_middle_of_dispatch_each_message_arrives_once(home: Path) -> None:
    environment = os.environ | {
        "PERENNIAL_HOME": str(home),
        "PERENNIAL_CLOCK": "simulated",
        "PERENNIAL_LEASE_SECONDS": "2",
    }
    command = [
        sys.executable,
        "-m",
        "perennial.cli.commands",
        "send",
        "feedback_survey",
        "--day",
        str(DAY),
    ]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while accepted(home).total() < 5 and running.poll() is None:
        time.sleep(0.001)
    running.send_signal(signal.SIGKILL)
    running.wait()
    before = accepted(home).total()
    time.sleep(2.1)
    subprocess.run(command, env=environment, check=True, capture_output=True)

    with services(settings_at(home)) as perennial:
        account = perennial.account("feedback_survey", DAY)
    assert 5 <= before <= account.plan.send
    assert account.accepted == account.plan.send
    assert set(accepted(home).values()) == {1}
    assert len(accepted(home)) == account.plan.send


def hashes(perennial: Perennial) -> dict[str, str]:
    lake = perennial.engine.lake
    names = (
        "verified/orders",
        "verified/order_lines",
        "verified/customers",
        "verified/points_entries",
        "verified/consents",
        "quarantine/orders",
        "contacts",
        "customer_features",
        "memberships",
    )
    return {
        str(partition): perennial.engine.content_hash(partition)
        for name in names
        for partition in lake.partitions(name)
    }


def test_a_night_run_twice_gives_the_same_rows_in_the_same_order(perennial: Perennial) -> None:
    first = hashes(perennial)
    perennial.night(DAY)

    assert len(first) == 9
    assert hashes(perennial) == first


def test_an_unreadable_shop_is_named_and_changes_nothing(home: Path) -> None:
    before = files(home)
    (home / "shop.db").write_bytes(b"not a database" * 1000)
    with (
        services(settings_at(home)) as perennial,
        pytest.raises(SourceError, match=r"orders|customers"),
    ):
        perennial.night(DAY + timedelta(days=1))

    assert files(home) == before


def test_a_missing_column_is_named(home: Path) -> None:
    with shop(home) as connection:
        connection.execute("alter table customers rename column email to mail")
    with services(settings_at(home)) as perennial, pytest.raises(SourceError, match="email"):
        perennial.night(DAY + timedelta(days=1))


def test_a_stopped_night_publishes_nothing_and_no_campaign_can_be_planned(home: Path) -> None:
    fresh = home.parent / "fresh"
    fresh.mkdir()
    (home / "shop.db").rename(fresh / "shop.db")
    with shop(fresh) as connection:
        connection.execute("update orders set currency = 'EUR' where order_id like '%1'")
    with services(settings_at(fresh)) as perennial:
        with pytest.raises(NightStopped, match=r"rows of orders .* break `currency"):
            perennial.night(DAY)
        with pytest.raises(MissingPartition, match="Run the night first"):
            perennial.plan("birthday", DAY)

    assert not Lake(fresh / "lake").partitions("verified/orders")
    assert not accepted(fresh)


def test_previews_touch_no_ledger_and_send_nothing(perennial: Perennial, home: Path) -> None:
    customer = sending_customer(perennial)
    for locale in ("en", "es", "ru"):
        for channel in (Channel.EMAIL, Channel.SMS):
            shown = perennial.preview(
                "win_back", customer, day=DAY, locale=locale, channel=channel, step=2
            )

            assert shown.message.locale == locale
            assert shown.step == 2
    assert not accepted(home)
    assert not perennial.ledger.dispatch_begun("win_back", DAY)


def sending_customer(perennial: Perennial) -> str:
    perennial.plan("win_back", DAY)
    return str(sending(perennial, "win_back")[0]["customer_id"])


def test_an_unknown_customer_is_said_to_be_unknown(perennial: Perennial) -> None:
    with pytest.raises(PlanError, match="no customer 'nobody'"):
        perennial.preview("win_back", "nobody", day=DAY)
    with pytest.raises(PlanError, match="no customer 'nobody'"):
        perennial.explain("nobody", DAY)


def test_everybody_can_be_explained(perennial: Perennial) -> None:
    run_day(perennial, "win_back")
    outcomes: Counter[str] = Counter()
    perennial.engine.view("f", Partition(dataset="customer_features", day=DAY))
    for row in perennial.engine.rows("select customer_id from f order by 1 limit 60"):
        for decision in perennial.explain(row["customer_id"], DAY).decisions:
            outcomes[decision.outcome] += 1
            assert decision.sentence.endswith(".")
            assert (decision.state == "accepted") == (decision.outcome == "send")

    assert outcomes["send"] > 0


def test_nothing_personal_lies_in_what_tasks_hand_on(perennial: Perennial) -> None:
    plan = perennial.plan("feedback_survey", DAY)
    progress = perennial.dispatch("feedback_survey", DAY, plan_hash=plan.plan_hash)
    handed = json.dumps(
        [plan.as_json(), progress.as_json(), perennial.account("feedback_survey", DAY).as_json()]
    )
    people = sending(perennial, "feedback_survey")

    assert people
    assert not [p for p in people if p["address"] in handed or p["customer_id"] in handed]


def test_the_page_of_the_day_shows_every_decision(perennial: Perennial) -> None:
    run_day(perennial)
    page = perennial.report(DAY).read_text(encoding="utf-8")
    listed = json.loads(page.split('id="people">')[1].split("</script>")[0])

    assert len(listed) == sum(perennial.plan(name, DAY).audience for name in CAMPAIGNS)
    assert all(p["html"] or p["text"] for p in listed if p["outcome"] == "send")
    assert all(p["reason"] for p in listed if p["outcome"] in {"skip", "defer"})


def files(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in (home / "lake").rglob("*.parquet")}


def test_a_broken_campaign_file_stops_no_other_campaign(home: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for folder in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / folder, project / folder)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, project)
    broken = project / "campaigns" / "win_back.yaml"
    broken.write_text(broken.read_text(encoding="utf-8").replace("channels", "chanels"))
    settings = settings_at(home).model_copy(update={"project": project})

    with services(settings) as perennial:
        perennial.night(DAY)
        run_day(perennial, "feedback_survey")
        with pytest.raises(CampaignError, match="Did you mean 'channels'"):
            perennial.plan("win_back", DAY)
    assert accepted(home)
