"""A plan leaves out what the budget has no room for, the least valuable first."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.ledger.budgeting import Spent
from perennial.model.policy import Limit
from perennial.pipeline.affording import Room, room

# One text of three segments to each of ten people, and an email to two; the richer the higher the number.
_PLAN = """
    select printf('%02d', n) as message_key, 'send' as outcome, null::varchar as reason, n < 5 as open_tomorrow,
        n::decimal(18, 2) as average_order_value, if(n < 10, 3, 0) as parts, if(n < 10, 0.0237, 0.0008) as money,
        if(n < 10, 'sms', 'email') as channel, null::timestamptz as last_sign_at
    from range(12) as t(n)
"""
# Emails, to people who showed a sign the longer ago the higher their number, the last two never; and two texts.
_EMAILS = """
    select printf('%02d', n) as message_key, if(n = 3, 'skip', 'send') as outcome, if(n = 3, 'capped', null) as reason,
        n < 9 as open_tomorrow, n::decimal(18, 2) as average_order_value, if(n < 2, 1, 0) as parts,
        0.0008 as money, if(n < 2, 'sms', 'email') as channel,
        if(n < 10, timestamptz '2026-11-21' - to_days(n::integer), null) as last_sign_at
    from range(12) as t(n)
"""


def left_out(
    tmp_path: Path, budget: Room, plan: str = _PLAN, why: str = "budget_exhausted"
) -> dict[str, str]:
    with Engine(Lake(tmp_path)) as engine:
        rows = engine.rows(f"select * from ({budget.within(plan)}) order by message_key")
    assert {row["reason"] for row in rows if row["outcome"] == "send"} <= {None}
    assert {row["reason"] for row in rows if row["outcome"] != "send"} <= {why, "capped"}
    return {row["message_key"]: row["outcome"] for row in rows if row["reason"] == why}


def test_the_most_valuable_texts_leave_and_emails_are_not_concerned(tmp_path: Path) -> None:
    """Case 49."""
    beyond = left_out(tmp_path, Room(segments=13))

    assert beyond == dict.fromkeys(("00", "01", "02", "03", "04"), "defer") | {"05": "skip"}


def test_what_is_left_out_for_its_segments_does_not_spend_the_money(tmp_path: Path) -> None:
    beyond = left_out(tmp_path, Room(segments=6, money=Decimal("0.05")))

    assert set(beyond) == {f"{n:02}" for n in range(8)}


def test_of_equal_value_the_hash_of_the_message_decides_and_the_order_of_the_rows_does_not(
    tmp_path: Path,
) -> None:
    alike = _PLAN.replace("n::decimal(18, 2)", "20.00")

    assert left_out(tmp_path, Room(segments=9), alike) == left_out(
        tmp_path, Room(segments=9), f"select * from ({alike}) order by message_key desc"
    )


def test_a_budget_that_is_spent_lets_no_text_leave(tmp_path: Path) -> None:
    assert len(left_out(tmp_path, Room(segments=-4))) == 10


def test_without_limits_nothing_is_left_out(tmp_path: Path) -> None:
    assert left_out(tmp_path, Room()) == {}


@pytest.mark.parametrize(
    ("spent", "left"),
    [
        ({}, Room(money=Decimal(30), segments=100)),
        ({"*": Spent(Decimal(85), 10)}, Room(money=Decimal(15), segments=90)),
        ({"win_back": Spent(Decimal(20), 0)}, Room(money=Decimal(10), segments=100)),
    ],
)
def test_the_smallest_room_counts(spent: dict[str, Spent], left: Room) -> None:
    limits = {
        "*": Limit(money=Decimal(100), sms_segments=100),
        "win_back": Limit(money=Decimal(30)),
    }

    assert room(limits, spent) == left


def test_a_new_senders_first_emails_go_to_who_showed_a_sign_last(tmp_path: Path) -> None:
    beyond = left_out(tmp_path, Room(emails=4), _EMAILS, "warming_up")

    assert beyond == {"07": "defer", "08": "defer", "09": "skip", "10": "skip", "11": "skip"}


def test_what_a_new_sender_cannot_send_yet_spends_none_of_the_budget(tmp_path: Path) -> None:
    room = Room(emails=4, money=Decimal("0.0048"))

    assert len(left_out(tmp_path, room, _EMAILS, "warming_up")) == 5
