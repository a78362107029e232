"""The plan decides once about every member, by the rules of the trade."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from perennial.campaigns.definition import Audience, Step
from perennial.model.keys import message_key
from perennial.model.words import Channel, Topic
from plan_builder import DAY, Town, a_campaign


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(root=tmp_path)


def outcome(
    town: Town, customer: str = "ann", campaign: str = "win_back"
) -> tuple[str, str | None]:
    row = town.plan(campaign)[customer]
    return row["outcome"], row["reason"]


def test_a_member_with_address_and_consent_is_sent_to(town: Town) -> None:
    town.customer("ann")
    town.member("ann")

    row = town.plan()["ann"]

    assert (row["outcome"], row["reason"], row["channel"]) == ("send", None, "email")
    assert row["send_at"] == datetime(2026, 6, 10, 14, 30, tzinfo=UTC)
    assert row["expires_at"] == datetime(2026, 6, 10, 22, 30, tzinfo=UTC)


def test_the_key_in_sql_is_the_key_in_python(town: Town) -> None:
    town.customer("ann é")
    town.member("ann é", occasion="größer")

    assert town.plan()["ann é"]["message_key"] == message_key("win_back", 1, "ann é", "größer")


def test_without_any_address_the_reason_is_no_address(town: Town) -> None:
    town.customer("ann", email=None)
    town.member("ann")

    assert outcome(town) == ("skip", "no_address")


def test_an_unusable_address_is_named_with_its_problem(town: Town) -> None:
    town.customer("ann", email=None)
    town.contacts[0]["email_problem"] = "syntax"
    town.member("ann")

    row = town.plan()["ann"]

    assert (row["outcome"], row["reason"], row["detail"]) == ("skip", "bad_address", "syntax")


def test_unknown_consent_is_no(town: Town) -> None:
    town.customer("ann", consents=())
    town.member("ann")

    assert outcome(town) == ("skip", "no_consent")


def test_consent_for_another_topic_does_not_count(town: Town) -> None:
    town.customer("ann", consents=("email feedback",))
    town.member("ann")

    assert outcome(town) == ("skip", "no_consent")


def test_the_latest_word_about_consent_holds(town: Town) -> None:
    town.customer("ann")
    town.consent("ann", "email offers", state="withdrawn", days_ago=3)
    town.member("ann")

    assert outcome(town) == ("skip", "no_consent")


def test_a_withdrawal_from_one_account_counts_for_the_persons_other_account(town: Town) -> None:
    town.customer("ann")
    town.customer("ann2", person="ann", consents=())
    town.consent("ann2", "email offers", state="withdrawn", days_ago=3)
    town.member("ann")

    assert outcome(town) == ("skip", "no_consent")


def test_a_suppressed_address_is_skipped_for_every_customer_who_has_it(town: Town) -> None:
    for name in ("ann", "bob"):
        town.customer(name, email="same@people.test")
        town.member(name)
    town.suppress("key of same@people.test")

    assert outcome(town, "ann") == ("skip", "suppressed")
    assert outcome(town, "bob") == ("skip", "suppressed")


def test_when_the_first_channel_may_not_be_used_the_second_is(town: Town) -> None:
    town.customer("ann", phone="+12125550123", consents=("sms offers",))
    town.member("ann")

    assert town.plan()["ann"]["channel"] == "sms"


@pytest.mark.parametrize(
    ("consents", "suppressed", "channel"),
    [
        (("whatsapp offers", "sms offers"), None, "whatsapp"),
        (("sms offers",), None, "sms"),
        (("whatsapp offers",), None, "whatsapp"),
        (("whatsapp offers", "sms offers"), "whatsapp", "sms"),
        (("whatsapp offers", "sms offers"), "sms", "whatsapp"),
    ],
    ids=[
        "both agreed to",
        "only texts agreed to",
        "only whatsapp agreed to",
        "stopped on whatsapp",
        "stopped by text",
    ],
)
def test_a_number_has_its_own_consent_and_suppression_on_each_channel(
    town: Town, consents: tuple[str, ...], suppressed: str | None, channel: str
) -> None:
    town.campaigns = [a_campaign(channels=(Channel.WHATSAPP, Channel.SMS))]
    town.customer("ann", phone="+12125550123", consents=consents)
    town.member("ann")
    if suppressed:
        town.suppress("key of +12125550123", suppressed)

    row = town.plan()["ann"]

    assert (row["outcome"], row["channel"]) == ("send", channel)
    assert (row["address"], row["address_key"]) == ("+12125550123", "key of +12125550123")


def test_who_agreed_to_texts_has_not_agreed_to_whatsapp(town: Town) -> None:
    town.campaigns = [a_campaign(channels=(Channel.WHATSAPP,))]
    town.customer("ann", phone="+12125550123", consents=("sms offers", "email offers"))
    town.member("ann")

    assert outcome(town) == ("skip", "no_consent")


def test_the_persons_own_preference_goes_before_the_campaigns_order(town: Town) -> None:
    town.customer("ann", phone="+12125550123", preferred_channel="sms")
    town.member("ann")

    assert town.plan()["ann"]["channel"] == "sms"


def test_a_preferred_channel_that_the_campaign_lacks_changes_nothing(town: Town) -> None:
    town.campaigns = [a_campaign(channels=(Channel.EMAIL,))]
    town.customer("ann", phone="+12125550123", preferred_channel="sms")
    town.member("ann")

    assert town.plan()["ann"]["channel"] == "email"


def test_a_promotional_message_within_24_hours_defers(town: Town) -> None:
    town.customer("ann")
    town.member("ann")
    town.sent(
        "ann",
        days_ago=1,
        campaign="birthday",
        occasion="2026",
        at=town.noon(1) + timedelta(hours=3),
    )

    assert outcome(town) == ("defer", "capped")


def test_a_promotional_message_25_hours_ago_is_no_obstacle(town: Town) -> None:
    town.customer("ann")
    town.member("ann")
    town.sent(
        "ann",
        days_ago=1,
        campaign="birthday",
        occasion="2026",
        at=town.noon(1) + timedelta(hours=1),
    )

    assert outcome(town) == ("send", None)


def test_three_promotional_messages_in_seven_days_are_the_most(town: Town) -> None:
    town.customer("ann")
    town.member("ann")
    for days_ago in (2, 4, 6):
        town.sent("ann", days_ago=days_ago, campaign="birthday", occasion="2026")

    assert outcome(town) == ("defer", "capped")


def test_a_message_that_was_refused_weighs_on_nobody(town: Town) -> None:
    town.customer("ann")
    town.member("ann")
    town.sent(
        "ann", days_ago=1, campaign="birthday", occasion="2026", at=town.noon(0), state="refused"
    )

    assert outcome(town) == ("send", None)


def test_a_doubtful_message_weighs_as_if_it_had_arrived(town: Town) -> None:
    town.customer("ann")
    town.member("ann")
    town.sent(
        "ann", days_ago=1, campaign="birthday", occasion="2026", at=town.noon(0), state="in_doubt"
    )

    assert outcome(town) == ("defer", "capped")


def test_what_cannot_wait_is_skipped_where_others_are_deferred(town: Town) -> None:
    town.customer("ann")
    town.member("ann", open_until=DAY)
    town.sent("ann", days_ago=1, campaign="birthday", occasion="2026", at=town.noon(0))

    assert outcome(town) == ("skip", "capped")


def test_an_occasion_that_has_closed_is_expired(town: Town) -> None:
    town.customer("ann")
    town.member("ann", open_until=DAY - timedelta(days=1))

    assert outcome(town) == ("skip", "expired")


def test_surveys_count_to_their_own_cap(town: Town) -> None:
    survey = a_campaign(
        "survey", topic=Topic.FEEDBACK, audience=Audience(occasion="delivered_order")
    )
    town.campaigns = [a_campaign(), survey]
    town.customer("ann")
    town.customer("bob")
    for name in ("ann", "bob"):
        town.member(name, campaign="survey", open_until=DAY + timedelta(days=3))
    town.sent("ann", days_ago=59, campaign="survey", occasion="o0", pressure="survey")
    town.sent("bob", days_ago=61, campaign="survey", occasion="o0", pressure="survey")

    plan = town.plan("survey")

    assert (plan["ann"]["outcome"], plan["ann"]["reason"]) == ("defer", "capped")
    assert plan["bob"]["outcome"] == "send"


LADDER = (
    Step(after_days=0, template="hello"),
    Step(after_days=14, template="offer_10"),
    Step(after_days=30, template="offer_15"),
)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, ("send", None, 1, "hello")),
        ({1: 13}, ("defer", "step_not_due", 2, "offer_10")),
        ({1: 14}, ("send", None, 2, "offer_10")),
        ({1: 29, 2: 15}, ("defer", "step_not_due", 3, "offer_15")),
        ({1: 30, 2: 16}, ("send", None, 3, "offer_15")),
        ({1: 60, 2: 46, 3: 30}, ("skip", "already_sent", 3, "offer_15")),
    ],
)
def test_a_ladder_goes_on_from_the_day_of_its_first_step(
    town: Town, sent: dict[int, int], expected: tuple[str, str | None, int, str]
) -> None:
    town.campaigns = [a_campaign(steps=LADDER)]
    town.customer("ann")
    town.member("ann")
    for step, days_ago in sent.items():
        town.sent("ann", days_ago=days_ago, step=step)

    row = town.plan()["ann"]

    assert (row["outcome"], row["reason"], row["step"], row["template"]) == expected


def test_a_new_occasion_starts_the_ladder_anew(town: Town) -> None:
    town.campaigns = [a_campaign(steps=LADDER)]
    town.customer("ann")
    town.member("ann", occasion="o2")
    town.sent("ann", days_ago=40, occasion="o1", step=3)

    assert town.plan()["ann"]["step"] == 1


def test_a_new_occasion_waits_until_the_campaign_has_cooled_down(town: Town) -> None:
    town.campaigns = [a_campaign(cool_down=timedelta(days=30))]
    town.customer("ann")
    town.customer("bob")
    for name, days_ago in (("ann", 29), ("bob", 30)):
        town.member(name, occasion="o2")
        town.sent(name, days_ago=days_ago, occasion="o1")

    assert outcome(town, "ann") == ("defer", "cooling_down")
    assert outcome(town, "bob") == ("send", None)


def test_a_message_surely_not_sent_is_planned_again(town: Town) -> None:
    town.customer("ann")
    town.member("ann")
    town.sent("ann", days_ago=1, state="retryable")

    assert outcome(town) == ("send", None)


def test_of_two_accounts_of_a_person_one_gets_the_message(town: Town) -> None:
    town.customer("ann")
    town.customer("ann2", person="ann", email="ann@people.test")
    town.member("ann")
    town.member("ann2")

    assert outcome(town, "ann") == ("send", None)
    assert outcome(town, "ann2") == ("skip", "duplicate_person")


def test_campaigns_take_turns_by_priority_whichever_is_planned_first(town: Town) -> None:
    town.campaigns = [a_campaign("low", priority=10), a_campaign("high", priority=90)]
    town.customer("ann")
    for name in ("low", "high"):
        town.member("ann", campaign=name)

    assert outcome(town, campaign="low") == ("defer", "lower_priority")
    assert outcome(town, campaign="high") == ("send", None)


def test_what_a_rival_sent_today_does_not_change_the_plan(town: Town) -> None:
    town.campaigns = [a_campaign("low", priority=10), a_campaign("high", priority=90)]
    town.customer("ann")
    for name in ("low", "high"):
        town.member("ann", campaign=name)
    before = town.plan("low")
    town.sent("ann", days_ago=0, campaign="high")

    assert town.plan("low") == before


def test_a_rival_that_may_not_write_does_not_take_the_turn(town: Town) -> None:
    town.campaigns = [a_campaign("low", priority=10), a_campaign("high", priority=90, paused=True)]
    town.customer("ann")
    for name in ("low", "high"):
        town.member("ann", campaign=name)

    assert outcome(town, campaign="low") == ("send", None)
    assert outcome(town, campaign="high") == ("defer", "campaign_paused")


def test_a_turn_at_equal_priority_falls_the_same_way_every_time(town: Town) -> None:
    names = ("one", "two", "three")
    town.campaigns = [a_campaign(name) for name in names]
    town.customer("ann")
    for name in names:
        town.member("ann", campaign=name)
    first = [outcome(town, campaign=name) for name in names]
    town.campaigns.reverse()

    assert [outcome(town, campaign=name) for name in names] == first
    assert first.count(("send", None)) == 1


def test_the_held_out_share_is_near_the_asked_share_and_stable(town: Town) -> None:
    town.campaigns = [a_campaign(holdout=Decimal("0.1"))]
    for number in range(2000):
        town.customer(f"c{number:04}")
        town.member(f"c{number:04}")
    first = {c for c, row in town.plan().items() if row["outcome"] == "hold_out"}
    town.day += timedelta(days=1)

    assert 150 < len(first) < 250
    assert {c for c, row in town.plan().items() if row["outcome"] == "hold_out"} == first


def test_only_those_who_would_be_sent_to_are_held_out(town: Town) -> None:
    town.campaigns = [a_campaign(holdout=Decimal(1))]
    town.customer("ann", consents=())
    town.customer("bob")
    for name in ("ann", "bob"):
        town.member(name)

    assert outcome(town, "ann") == ("skip", "no_consent")
    assert outcome(town, "bob") == ("hold_out", None)


def test_a_held_out_step_is_held_out_once_and_the_ladder_goes_on(town: Town) -> None:
    town.campaigns = [a_campaign(steps=LADDER, holdout=Decimal(1))]
    town.customer("ann")
    town.member("ann")
    town.sent("ann", days_ago=14, state="held_out")

    row = town.plan()["ann"]

    assert (row["outcome"], row["step"]) == ("hold_out", 2)


def test_whoever_was_held_out_yesterday_is_capped_like_those_who_were_written_to(
    town: Town,
) -> None:
    town.campaigns = [a_campaign(), a_campaign("birthday")]
    town.customer("ann")
    town.member("ann")
    town.sent(
        "ann",
        days_ago=1,
        campaign="birthday",
        occasion="2026",
        state="held_out",
        pressure=None,
        at=town.noon(0),
    )

    assert outcome(town) == ("defer", "capped")


def test_quiet_hours_on_the_customers_clock_move_a_message_to_the_morning(town: Town) -> None:
    town.campaigns = [a_campaign(send_at=time(6), expires_after=timedelta(hours=8))]
    town.customer("ann", zone="America/Los_Angeles")
    town.member("ann")

    row = town.plan()["ann"]

    assert row["send_at"] == datetime(2026, 6, 10, 16, tzinfo=UTC)
    assert row["expires_at"] == datetime(2026, 6, 10, 21, tzinfo=UTC)


def test_a_message_that_cannot_leave_before_it_expires_is_quiet_until_expiry(town: Town) -> None:
    town.campaigns = [a_campaign(send_at=time(7), expires_after=timedelta(hours=1))]
    town.customer("ann")
    town.member("ann", open_until=DAY)

    assert outcome(town) == ("skip", "quiet_until_expiry")


@pytest.mark.parametrize(
    ("language", "locale"),
    [("es-MX", "es"), ("es", "es"), ("ru", "ru"), ("de", "en"), (None, "en"), ("en-GB", "en")],
)
def test_a_language_falls_back_to_its_root_then_to_the_shops(
    town: Town, language: str, locale: str
) -> None:
    town.customer("ann", language=language)
    town.member("ann")

    assert town.plan()["ann"]["locale"] == locale


def test_everybody_in_the_audience_has_exactly_one_decision(town: Town) -> None:
    town.campaigns = [
        a_campaign(steps=LADDER, holdout=Decimal("0.3")),
        a_campaign("rival", priority=90),
    ]
    for number in range(60):
        name = f"c{number:02}"
        town.customer(
            name,
            email=None if number % 7 == 0 else "",
            consents=() if number % 5 == 0 else ("email offers",),
            person=f"c{number - number % 3:02}",
        )
        town.member(name)
        if number % 4 == 0:
            town.member(name, campaign="rival")
        if number % 6 == 0:
            town.sent(name, days_ago=number, step=1 + number % 3)

    plan = town.plan()

    assert len(plan) == 60
    assert {row["outcome"] for row in plan.values()} == {"send", "defer", "skip", "hold_out"}
    assert all(
        (row["reason"] is None) == (row["outcome"] in {"send", "hold_out"}) for row in plan.values()
    )


def test_the_shards_share_the_people_and_keep_a_person_together(town: Town) -> None:
    for number in range(200):
        town.customer(f"c{number:03}", person=f"c{number - number % 2:03}")
        town.member(f"c{number:03}")

    plan = town.plan(shards=4)

    assert {row["shard"] for row in plan.values()} == {0, 1, 2, 3}
    assert all(plan[f"c{n:03}"]["shard"] == plan[f"c{n + 1:03}"]["shard"] for n in range(0, 200, 2))


def test_a_person_on_the_far_side_of_the_date_line_gets_todays_message_on_their_own_day(
    town: Town,
) -> None:
    town.customer("ann", zone="Pacific/Kiritimati")
    town.customer("bob", zone="Pacific/Pago_Pago")
    for name in ("ann", "bob"):
        town.member(name)

    plan = town.plan()

    assert plan["ann"]["local_day"] == DAY + timedelta(days=1)
    assert plan["ann"]["send_at"] == datetime(2026, 6, 10, 20, 30, tzinfo=UTC)
    assert plan["bob"]["send_at"] == datetime(2026, 6, 10, 21, 30, tzinfo=UTC)
