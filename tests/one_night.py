"""A sample shop small enough for tests, and ways to look at what became of its day."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from perennial.pipeline.plan_reading import plan_partition
from perennial.settings import Clock, Settings
from perennial.steps.services import Perennial

DAY = date(2026, 6, 10)
HOUSEHOLDS = 250
CAMPAIGNS = ("birthday", "feedback_survey", "points_reminder", "win_back")


def settings_at(home: Path, clock: Clock = Clock.SIMULATED) -> Settings:
    return Settings(home=home, clock=clock)


def accepted(home: Path) -> Counter[str]:
    """How often the mailbox has accepted each message."""
    path = home / "mailbox" / "accepted.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return Counter(json.loads(line)["key"] for line in lines)


def run_day(perennial: Perennial, *campaigns: str) -> None:
    """Plans and sends, campaign after campaign."""
    for name in campaigns or CAMPAIGNS:
        plan = perennial.plan(name, DAY)
        perennial.dispatch(name, DAY, plan_hash=plan.plan_hash)


def sending(perennial: Perennial, campaign: str) -> list[dict[str, Any]]:
    """The decisions to send, in the order of sending."""
    perennial.engine.view("plan", plan_partition(campaign, DAY))
    return perennial.engine.rows(
        "select * from plan where outcome = 'send' order by send_at, message_key"
    )


def shop(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / "shop.db")


def order_again(home: Path, customer_id: str, at: datetime) -> None:
    """The customer orders what they ordered last."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    with shop(home) as connection:
        found = connection.execute(
            "select * from orders where customer_id = ? order by ordered_at desc limit 1",
            (customer_id,),
        )
        names = [column[0] for column in found.description]
        row = dict(zip(names, found.fetchone(), strict=True))
        row |= {"order_id": "new-order", "ordered_at": moment, "updated_at": moment}
        marks = ", ".join("?" for _ in row)
        connection.execute(
            f"insert into orders ({', '.join(row)}) values ({marks})", tuple(row.values())
        )
        connection.execute(
            "insert into order_status_changes values ('new-order', ?, 'placed', null, ?)",
            (moment, moment),
        )
