"""What policy.yaml says decides about every member of every audience."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.campaigns.definition import Step
from perennial.campaigns.policy_file import read_policy
from perennial.model.policy import Caps, ContentMix, Hours, HoursRule, Policy, QuietHours
from perennial.model.warm_up import WarmUp
from perennial.model.words import Channel, Outcome, Reason, Topic
from perennial.settings import PROJECT
from plan_builder import A_POLICY, DAY, Town, a_campaign, an_offer

DISCOUNT = (Step(after_days=0, template="win_back", offer=an_offer()),)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def outcome(row: dict[str, Any]) -> tuple[str, str | None]:
    return row["outcome"], row["reason"]


def with_caps(town: Town, **caps: Any) -> None:
    town.policy = replace(A_POLICY, caps=Caps(**caps))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(DISCOUNT, (Outcome.DEFER, Reason.CAPPED)), (None, (Outcome.SEND, None))],
    ids=["with a discount", "without"],
)
def test_discounts_have_a_cap_of_their_own(
    town: Town, steps: tuple[Step, ...] | None, expected: tuple[str, str | None]
) -> None:
    with_caps(town, discounts_per_30_days=1)
    other = a_campaign("birthday", steps=(Step(after_days=0, template="b", offer=an_offer()),))
    town.campaigns = [a_campaign(**({"steps": steps} if steps else {})), other]
    town.customer("ann")
    town.member("ann")
    town.sent("ann", days_ago=20, campaign="birthday", occasion="2026")

    assert outcome(town.plan()["ann"]) == expected


def test_a_discount_31_days_ago_is_no_obstacle(town: Town) -> None:
    with_caps(town, discounts_per_30_days=1)
    town.campaigns = [a_campaign(steps=DISCOUNT)]
    town.customer("ann")
    town.member("ann")
    town.sent("ann", days_ago=31, occasion="o0")

    assert outcome(town.plan()["ann"]) == (Outcome.SEND, None)


def test_of_two_discounts_on_one_day_the_lower_priority_waits(town: Town) -> None:
    with_caps(town, promotional_per_day=2, discounts_per_30_days=1)
    birthday = a_campaign("birthday", steps=DISCOUNT, priority=90)
    town.customer("ann")
    for name in ("win_back", "birthday"):
        town.member("ann", campaign=name)
    for campaigns in (
        [a_campaign(steps=DISCOUNT), birthday],
        [birthday, a_campaign(steps=DISCOUNT)],
    ):
        town.campaigns = campaigns

        assert outcome(town.plan("birthday")["ann"]) == (Outcome.SEND, None)
        assert outcome(town.plan()["ann"]) == (Outcome.DEFER, Reason.LOWER_PRIORITY)


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ({}, (Outcome.SKIP, Reason.UNENGAGED)),
        ({"opened": 300}, (Outcome.SEND, None)),
        ({"opened": 400}, (Outcome.SKIP, Reason.UNENGAGED)),
        ({"ordered": 100}, (Outcome.SEND, None)),
        ({"agreed": 100}, (Outcome.SEND, None)),
        ({"other_account_ordered": 100}, (Outcome.SEND, None)),
    ],
    ids=str,
)
def test_promotional_messages_end_for_whoever_shows_no_sign_for_long(
    town: Town, signs: dict[str, int], expected: tuple[str, str | None]
) -> None:
    town.policy = replace(A_POLICY, sunset_after=timedelta(days=365))
    ordered = town.day - timedelta(days=signs.get("ordered", 500))
    town.customer("ann", consents=(), last_order_on=ordered)
    town.consent("ann", "email offers", days_ago=signs.get("agreed", 600))
    if opened := signs.get("opened"):
        town.engaged.append({"person_id": "ann", "at": town.noon(opened)})
    if ago := signs.get("other_account_ordered"):
        last = town.day - timedelta(days=ago)
        town.customer("bob", person="ann", consents=(), last_order_on=last)
    town.member("ann")

    assert outcome(town.plan()["ann"]) == expected


def test_without_a_sunset_silence_ends_nothing(town: Town) -> None:
    town.customer("ann", consents=(), last_order_on=date(2020, 1, 1))
    town.consent("ann", "email offers", days_ago=2000)
    town.member("ann")

    assert outcome(town.plan()["ann"]) == (Outcome.SEND, None)


def test_a_new_sender_is_told_who_showed_a_sign_last_and_nobody_is_left_out_for_silence(
    town: Town,
) -> None:
    town.policy = replace(A_POLICY, warm_up={"shop.test": WarmUp(starts_on=town.day)})
    signs = {"ann": 400, "bob": 3, "cyd": 30}
    for name, days_ago in signs.items():
        town.customer(name, last_order_on=town.day - timedelta(days=500))
        town.consent(name, "email offers", days_ago=600)
        town.engaged.append({"person_id": name, "at": town.noon(days_ago)})
        town.member(name)

    rows = town.plan()

    assert {outcome(row) for row in rows.values()} == {(Outcome.SEND, None)}
    liveliest = sorted(rows, key=lambda name: rows[name]["last_sign_at"], reverse=True)
    assert liveliest == ["bob", "cyd", "ann"]


def test_surveys_know_no_sunset(town: Town) -> None:
    town.policy = replace(A_POLICY, sunset_after=timedelta(days=30))
    town.campaigns = [a_campaign("survey", topic=Topic.FEEDBACK)]
    town.customer("ann", consents=("email feedback",))
    town.member("ann", campaign="survey")

    assert outcome(town.plan("survey")["ann"]) == (Outcome.SEND, None)


def test_the_rules_of_the_region_hold_for_the_channel_that_is_used(town: Town) -> None:
    sunday = date(2026, 6, 14)
    town.day, town.policy = (
        sunday,
        replace(read_policy(PROJECT / "policy.yaml"), global_holdout=Decimal(0)),
    )
    town.campaigns = [a_campaign(channels=(Channel.EMAIL, Channel.SMS))]
    chicago = {"zone": "America/Chicago", "region": "TX"}
    town.customer("mail", **chicago)
    town.customer("text", email=None, phone="+15125550100", **chicago)
    for name in ("mail", "text"):
        town.member(name)

    planned = town.plan()

    assert planned["mail"]["send_at"].isoformat() == "2026-06-14T15:30:00+00:00"
    assert planned["text"]["send_at"].isoformat() == "2026-06-14T17:00:00+00:00"


def mixed(town: Town, *, messages: int, discounts: int, days: int = 90, **caps: Any) -> None:
    """A policy about the mix, a campaign with a discount, and two that may stand between."""
    mix = ContentMix(messages=messages, discounts=discounts, within=timedelta(days=days))
    with_caps(town, content_mix=mix, **caps)
    town.campaigns = [
        a_campaign("offer", steps=(Step(after_days=0, template="offer", offer=an_offer()),)),
        a_campaign("hello", priority=40),
        a_campaign("survey", topic=Topic.FEEDBACK),
    ]


def test_what_has_too_many_discounts_before_it_waits_and_says_so(town: Town) -> None:
    mixed(town, messages=4, discounts=2)
    town.customer("ann")
    for name in ("offer", "hello"):
        town.member("ann", campaign=name, occasion="o9")
    for days_ago, campaign in ((40, "offer"), (30, "survey"), (20, "offer")):
        town.sent("ann", days_ago=days_ago, campaign=campaign, pressure=None)

    waits = town.plan("offer")["ann"]

    assert outcome(waits) == (Outcome.DEFER, Reason.CAPPED)
    assert waits["detail"] == "2 of the last 3 had a discount"
    assert outcome(town.plan("hello")["ann"]) == (Outcome.SEND, None)


@pytest.mark.parametrize(
    "then", [("survey", {}), ("offer", {"state": "refused"})], ids=["another message", "a refusal"]
)
def test_something_else_in_between_makes_room_and_what_was_refused_does_not_count(
    town: Town, then: tuple[str, dict[str, Any]]
) -> None:
    mixed(town, messages=3, discounts=1)
    town.customer("ann")
    town.member("ann", campaign="offer", occasion="o9")
    town.sent("ann", days_ago=50, campaign="offer")
    town.sent("ann", days_ago=40, campaign="hello")
    town.sent("ann", days_ago=30, campaign=then[0], **then[1])

    expected = Outcome.SEND if then[0] == "survey" else Outcome.DEFER
    assert town.plan("offer")["ann"]["outcome"] == expected


def test_what_lies_further_back_than_the_mix_looks_is_forgotten(town: Town) -> None:
    mixed(town, messages=2, discounts=1, days=30)
    for name, days_ago in (("ann", 29), ("bob", 31)):
        town.customer(name)
        town.member(name, campaign="offer", occasion="o9")
        town.sent(name, days_ago=days_ago, campaign="offer")

    planned = town.plan("offer")

    assert planned["ann"]["reason"] == Reason.CAPPED
    assert planned["bob"]["outcome"] == Outcome.SEND


@settings(max_examples=12)
@given(
    histories=st.lists(
        st.lists(st.sampled_from(["offer", "hello", "survey"]), max_size=8),
        min_size=30,
        max_size=30,
    ),
    mix=st.integers(2, 5).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))),
    second_offer=st.booleans(),
)
def test_of_any_messages_in_a_row_no_more_have_a_discount_than_the_mix_allows(
    tmp_path_factory: pytest.TempPathFactory,
    histories: list[list[str]],
    mix: tuple[int, int],
    *,
    second_offer: bool,
) -> None:
    """And nothing waits that would not break it: for whatever people had before, and in whatever order today's leave."""
    town = Town(tmp_path_factory.mktemp("town"))
    messages, most = mix
    mixed(town, messages=messages, discounts=most, promotional_per_day=9, promotional_per_week=99)
    second = a_campaign("second", steps=(Step(after_days=0, template="s", offer=an_offer()),))
    town.campaigns.append(second)
    names = ["offer", "hello", *(["second"] if second_offer else [])]
    allowed = [_allowed(history, messages, most) for history in histories]
    for person, history in enumerate(allowed):
        town.customer(f"c{person}")
        for ago, campaign in enumerate(reversed(history), start=1):
            town.sent(
                f"c{person}", days_ago=ago, campaign=campaign, occasion=f"o{ago}", pressure=None
            )
        for name in names:
            town.member(f"c{person}", campaign=name, occasion="today")
    plans = {name: town.plan(name) for name in names}

    for person, history in enumerate(allowed):
        today = [name for name in names if plans[name][f"c{person}"]["outcome"] == Outcome.SEND]
        for order in permutations(today):
            assert _allowed([*history, *order], messages, most) == [*history, *order]
        recent = [name for name in history[-(messages - 1) :] if name == "offer"]
        discounts = len(today) - 1
        assert discounts == min(len(names) - 1, most - len(recent))


def _allowed(history: list[str], messages: int, most: int) -> list[str]:
    """What a person may have had: messages that would break the mix are left out."""
    had: list[str] = []
    for name in history:
        recent = [*had, name][-messages:]
        if sum(each in {"offer", "second"} for each in recent) <= most or name not in {
            "offer",
            "second",
        }:
            had.append(name)
    return had


def test_who_may_be_in_several_zones_is_written_to_when_all_of_them_are_awake(town: Town) -> None:
    """Case 34."""
    town.customer("ann", other_zones=("Pacific/Honolulu", "America/Los_Angeles"))
    town.customer("bob")
    for name in ("ann", "bob"):
        town.member(name)

    planned = town.plan()

    assert planned["bob"]["send_at"].isoformat() == "2026-06-10T14:30:00+00:00"
    assert planned["ann"]["send_at"].isoformat() == "2026-06-10T19:00:00+00:00"
    assert planned["ann"]["expires_at"] == planned["bob"]["expires_at"]


def test_kiritimati_and_pago_pago_have_their_own_day(town: Town) -> None:
    """Case 34."""
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        town.customer(zone, zone=zone)
        town.member(zone)

    planned = town.plan()

    assert {row["local_day"] for row in planned.values()} <= {DAY, DAY + timedelta(days=1)}
    for row in planned.values():
        assert row["outcome"] == Outcome.SEND
    assert planned["Pacific/Pago_Pago"]["send_at"].isoformat() == "2026-06-10T21:30:00+00:00"


@pytest.mark.parametrize(
    "day", [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1)], ids=str
)
@pytest.mark.parametrize("opens", [time(9), time(1, 30)], ids=str)
def test_every_zone_keeps_its_hours_when_clocks_change(town: Town, day: date, opens: time) -> None:
    """Cases 33 and 34. On the days on which the clocks of America and Europe change; the plan's SQL must not move an instant."""
    closed = HoursRule(name="lunch", hours=Hours(opens, time(19)), starts_on=day, ends_on=day)
    town.day = day
    town.policy = replace(A_POLICY, quiet_hours=QuietHours(opens=opens, rules=(closed,)))
    town.campaigns = [a_campaign(send_at=time(2, 30), expires_after=timedelta(hours=20))]
    for zone in sorted(available_timezones() - {"localtime", "Factory"}):
        town.customer(zone, zone=zone)
        town.member(zone)

    planned = [row for row in town.plan().values() if row["outcome"] == Outcome.SEND]

    assert len(planned) > 500
    assert [row["zone"] for row in planned if _shown_outside(row, opens, day)] == []


def _shown_outside(row: dict[str, Any], opens: time, day: date) -> bool:
    """Whether the customer's clock shows a time outside the hours in the first or the last second."""
    ends = (row["send_at"], row["expires_at"] - timedelta(seconds=1))
    shown = [at.astimezone(ZoneInfo(row["zone"])) for at in ends]
    return any(
        not opens <= at.time() < (time(19) if at.date() == day else time(20)) for at in shown
    )


def test_one_person_in_two_segments_under_two_ids_gets_one_message(town: Town) -> None:
    """Case 43."""
    town.campaigns = [a_campaign(), a_campaign("birthday", priority=90)]
    town.customer("ann", email="ann@people.test")
    town.customer("anna", person="ann", email="ann@people.test")
    for name in ("ann", "anna"):
        town.member(name)
        town.member(name, campaign="birthday", occasion="2026")

    plans = [*town.plan("birthday").values(), *town.plan("win_back").values()]

    assert [row["outcome"] for row in plans].count(Outcome.SEND) == 1
    assert sorted(str(row["reason"]) for row in plans) == [
        "None", "duplicate_person", "duplicate_person", "lower_priority",
    ]  # fmt: skip


def test_the_caps_of_a_person_count_what_any_of_their_accounts_got(town: Town) -> None:
    """Case 43."""
    town.customer("anna", person="ann")
    town.member("anna")
    town.sent("ann", days_ago=0, day=DAY - timedelta(days=1), occasion="o0")

    assert outcome(town.plan()["anna"]) == (Outcome.DEFER, Reason.CAPPED)


def test_the_policy_is_the_same_whatever_is_planned_first(town: Town) -> None:
    names = ["alpha", "beta", "gamma"]
    town.policy = Policy(global_holdout=Decimal(0), caps=Caps(promotional_per_day=1))
    for person in range(20):
        town.customer(f"c{person}", average_order_value=Decimal(person % 4))
    results = []
    for order in (names, names[::-1]):
        town.campaigns = [a_campaign(name) for name in order]
        town.memberships = []
        for name in order:
            for person in range(20):
                town.member(f"c{person}", campaign=name)
        results.append(
            {name: {c: outcome(row) for c, row in town.plan(name).items()} for name in names}
        )

    assert results[0] == results[1]
    for person in range(20):
        sends = [results[0][name][f"c{person}"][0] for name in names].count(Outcome.SEND)
        assert sends == 1
