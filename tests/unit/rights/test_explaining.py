from __future__ import annotations

from datetime import UTC, datetime

from one_person import DAY, HER_OTHER_ACCOUNT, QUIRINA
from perennial.campaigns.predicate import parts_of_where
from perennial.model.events import ProviderEvent
from perennial.model.words import Channel, EventWord, SuppressionReason
from perennial.steps.services import Perennial

AT = datetime(2026, 6, 10, 15, tzinfo=UTC)


def wish(perennial: Perennial) -> None:
    plan = perennial.plan("birthday", DAY)
    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)


def said_of(perennial: Perennial, campaign: str, customer: str = QUIRINA) -> list[str]:
    told = perennial.explain(customer, DAY)
    return [d.sentence for d in told.decisions if d.campaign == campaign] + [
        a.sentence for a in told.absent if a.campaign == campaign
    ]


def test_a_message_is_followed_from_the_plan_to_its_reader(perennial: Perennial) -> None:
    wish(perennial)
    (message,) = perennial.person(QUIRINA).messages
    event = ProviderEvent(
        key=message["key"], word=EventWord.DELIVERED, provider="mailbox", at=AT, provider_id=None, code=None
    )  # fmt: skip
    perennial.apply_events([event])

    (decision,) = perennial.explain(QUIRINA, DAY).decisions

    assert decision.sentence == "Was to leave by email on 10 June 2026 at 09:30."
    assert decision.became == (
        "The provider accepted it on 10 June 2026 at 09:30; it arrived on 10 June 2026 at 11:00."
    )


def test_what_came_between_plan_and_send_is_told(perennial: Perennial) -> None:
    plan = perennial.plan("birthday", DAY)
    (contact, _) = perennial.person(QUIRINA).contacts
    perennial.ledger.suppress(
        address_key=contact["email_key"], channel=Channel.EMAIL,
        reason=SuppressionReason.UNSUBSCRIBED, at=AT,
    )  # fmt: skip
    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)

    (decision,) = perennial.explain(QUIRINA, DAY).decisions

    assert decision.became is not None
    assert decision.became.startswith(
        "Stopped just before it left: the email address is on the suppression list since 10 June 2026"
    )


def test_what_was_just_gathered_of_a_person_explains_as_reading_anew_does(
    perennial: Perennial,
) -> None:
    wish(perennial)
    (message,) = perennial.person(QUIRINA).messages
    event = ProviderEvent(
        key=message["key"], word=EventWord.DELIVERED, provider="mailbox", at=AT, provider_id=None, code=None
    )  # fmt: skip
    perennial.apply_events([event])
    for customer in (QUIRINA, HER_OTHER_ACCOUNT):
        anew = perennial.explain(customer, DAY)
        known = perennial.person(customer)

        assert perennial.explain(customer, DAY, known) == anew
        assert {decision.campaign for decision in anew.decisions} == {"birthday"}
        assert anew.absent


def test_in_no_audience_it_says_which_part_of_the_rule_is_not_met(perennial: Perennial) -> None:
    (said,) = said_of(perennial, "win_back")

    assert "orders >= 2 is not met (orders is 1)" in said


def test_in_no_audience_for_want_of_an_occasion(perennial: Perennial) -> None:
    assert said_of(perennial, "birthday", HER_OTHER_ACCOUNT) != []
    assert "the occasion does not come up" in said_of(perennial, "points_reminder")[0]


def test_before_the_plan_it_says_that_nothing_is_planned_yet(perennial: Perennial) -> None:
    assert said_of(perennial, "birthday") == [
        "In the audience, but nothing is planned for this day yet."
    ]


def test_a_condition_is_cut_into_the_parts_that_must_all_hold() -> None:
    parts = parts_of_where("silence_ratio >= 2.3 and (orders >= 2 or revenue > 10)")

    assert [(readable, columns) for readable, _, columns in parts] == [
        ("silence_ratio >= 2.3", ("silence_ratio",)),
        ("orders >= 2 OR revenue > 10", ("orders", "revenue")),
    ]
