"""A campaign's day is paused, resumed or stopped by way of the ledger, and messages in doubt are recalled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from one_night import DAY, accepted, sending
from perennial.delivery import run as run_module
from perennial.ledger.values import Doubt
from perennial.model.keys import MessageKey
from perennial.model.words import Channel, Control, Reason
from perennial.pipeline.recalling import Recall
from perennial.steps.campaign_day import Progress
from perennial.steps.services import Perennial

CAMPAIGN = "win_back"


def tell(perennial: Perennial, control: Control) -> None:
    perennial.ledger.command(
        control, campaign=CAMPAIGN, by="ada", reason="a test", at=datetime.now(UTC)
    )


def send(perennial: Perennial) -> Progress:
    plan = perennial.plan(CAMPAIGN, DAY)
    return perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan.plan_hash)


def test_a_paused_day_is_looked_at_again_in_a_minute_and_goes_on_where_it_was(
    perennial: Perennial, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "_LONGEST_PAUSE_SECONDS", 0.1)
    perennial.plan(CAMPAIGN, DAY)
    tell(perennial, Control.PAUSE)
    paused = send(perennial)
    assert accepted(home).total() == 0
    assert paused.next_wave is not None
    assert abs(paused.next_wave - datetime.now(UTC)) < timedelta(minutes=2)
    tell(perennial, Control.RUN)
    assert send(perennial).next_wave is None
    assert set(accepted(home)) == {row["message_key"] for row in sending(perennial, CAMPAIGN)}
    assert set(accepted(home).values()) == {1}


def test_the_accounts_of_a_stopped_day_add_up(perennial: Perennial, home: Path) -> None:
    plan = perennial.plan(CAMPAIGN, DAY)
    tell(perennial, Control.STOP)
    stopped = send(perennial)
    assert stopped.next_wave is None
    assert accepted(home).total() == 0
    standing = perennial.ledger.standing(CAMPAIGN, DAY)
    assert standing.blocked == {Reason.CAMPAIGN_STOPPED: plan.send}
    assert standing.total == plan.send
    perennial.account(CAMPAIGN, DAY)


def test_a_message_in_doubt_is_told_again_word_for_word_or_not_at_all(
    perennial: Perennial,
) -> None:
    perennial.plan(CAMPAIGN, DAY)
    row = sending(perennial, CAMPAIGN)[0]
    recall = Recall(
        engine=perennial.engine,
        campaigns=perennial.campaigns,
        secret=perennial.secret,
        compose=perennial._compose,
    )

    def doubt(**changes: object) -> Doubt:
        fields: dict[str, object] = {
            "key": MessageKey(row["message_key"]),
            "campaign": CAMPAIGN,
            "day": DAY,
            "channel": Channel(row["channel"]),
            "provider": "mailbox",
            "since": datetime.now(UTC),
            "customer_id": row["customer_id"],
            "attempts": 1,
            "code": None,
        }
        return Doubt(**(fields | changes))  # type: ignore[arg-type]

    told = recall([doubt()])
    assert [(m.key, m.to) for m in told.values()] == [(row["message_key"], row["address"])]
    unknown = MessageKey("f" * 32)
    assert recall([doubt(key=unknown)]) == {}
    assert recall([doubt(campaign="of_last_year")]) == {}
    assert recall([doubt(day=DAY + timedelta(days=9))]) == {}
