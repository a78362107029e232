"""What is written down once, and what is read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ledger_builder import (
    DAY,
    NOON,
    a_message,
    beginning,
    claiming,
    sent,
    settling,
    states,
)
from perennial.errors import PlanError
from perennial.ledger.reading import HISTORY, SUPPRESSED
from perennial.ledger.store import HoldOut, Ledger, PlanRecord
from perennial.model.keys import message_key
from perennial.model.words import Channel, MessageState, Reason, SuppressionReason

HOUR = timedelta(hours=1)
TOMORROW = DAY + timedelta(days=1)
PLAN = PlanRecord(
    campaign="win_back",
    day=DAY,
    plan_hash="a" * 64,
    counts={"audience": 3, "send": 2, "hold_out": 1},
    planned_at=NOON - 6 * HOUR,
)
OTHER_PLAN = replace(PLAN, plan_hash="b" * 64, counts={"audience": 4})


def a_hold_out(customer_id: str = "1", *, day: date = DAY) -> HoldOut:
    return HoldOut(
        key=message_key("win_back", 1, customer_id, "order-7"),
        campaign="win_back",
        step=1,
        customer_id=customer_id,
        person_id=f"person-{customer_id}",
        occasion="order-7",
        day=day,
    )


def test_a_held_out_person_is_recorded_once_an_occasion(ledger: Ledger) -> None:
    first, second = a_hold_out("1"), a_hold_out("2")
    assert ledger.record_hold_outs([first], now=NOON) == 1
    assert ledger.record_hold_outs([first, second], now=NOON + HOUR) == 1
    assert ledger.record_hold_outs([replace(first, day=TOMORROW)], now=NOON + 24 * HOUR) == 0
    assert ledger.history(since=NOON)["day"].to_pylist() == [DAY, DAY]


def test_many_hold_outs_may_come_from_a_generator(ledger: Ledger) -> None:
    many = (a_hold_out(str(number)) for number in range(10_050))
    assert ledger.record_hold_outs(many, now=NOON) == 10_050


def test_no_hold_outs_are_none(ledger: Ledger) -> None:
    assert ledger.record_hold_outs([], now=NOON) == 0


def test_a_plan_is_read_back_as_it_was_recorded(ledger: Ledger) -> None:
    ledger.record_plan(PLAN)
    assert ledger.plan_of("win_back", DAY) == PLAN
    assert ledger.plan_of("win_back", TOMORROW) is None
    assert ledger.plan_of("birthday", DAY) is None


def test_the_same_plan_again_changes_nothing(ledger: Ledger) -> None:
    ledger.record_plan(PLAN)
    ledger.record_plan(replace(PLAN, planned_at=NOON))
    assert ledger.plan_of("win_back", DAY) == PLAN


def test_another_plan_replaces_the_first_until_dispatch_begins(ledger: Ledger) -> None:
    ledger.record_plan(PLAN)
    ledger.record_plan(OTHER_PLAN)
    assert ledger.plan_of("win_back", DAY) == OTHER_PLAN


def begin_by_claim(ledger: Ledger) -> None:
    claiming(ledger, [a_message()])


def begin_by_block(ledger: Ledger) -> None:
    claiming(ledger, [a_message(expires_at=NOON)])


def begin_by_hold_out(ledger: Ledger) -> None:
    ledger.record_hold_outs([a_hold_out()], now=NOON)


@pytest.mark.parametrize("begin", [begin_by_claim, begin_by_block, begin_by_hold_out])
def test_a_plan_is_frozen_when_its_dispatch_begins(ledger: Ledger, begin: object) -> None:
    ledger.record_plan(PLAN)
    assert not ledger.dispatch_begun("win_back", DAY)
    begin(ledger)  # type: ignore[operator]
    assert ledger.dispatch_begun("win_back", DAY)
    with pytest.raises(PlanError, match="the plan aaaaaaaaaaaa is being carried out"):
        ledger.record_plan(OTHER_PLAN)
    ledger.record_plan(PLAN)
    assert ledger.plan_of("win_back", DAY) == PLAN


def test_a_plan_is_frozen_for_its_campaign_and_day_alone(ledger: Ledger) -> None:
    begin_by_claim(ledger)
    ledger.record_plan(replace(OTHER_PLAN, campaign="birthday"))
    ledger.record_plan(replace(OTHER_PLAN, day=TOMORROW))
    assert not ledger.dispatch_begun("birthday", DAY)
    assert not ledger.dispatch_begun("win_back", TOMORROW)


def test_suppressing_twice_is_suppressing_once(ledger: Ledger) -> None:
    assert suppress(ledger, "a", SuppressionReason.UNSUBSCRIBED)
    assert not suppress(ledger, "a", SuppressionReason.UNSUBSCRIBED, at=NOON + HOUR)
    assert ledger.suppressed()["since"].to_pylist() == [NOON]


def test_every_suppressed_address_is_listed_once_a_channel_with_its_first_reason(
    ledger: Ledger,
) -> None:
    suppress(ledger, "b", SuppressionReason.COMPLAINED, at=NOON + HOUR)
    suppress(ledger, "b", SuppressionReason.UNSUBSCRIBED)
    suppress(ledger, "b", SuppressionReason.STOPPED, channel=Channel.SMS)
    suppress(ledger, "a", SuppressionReason.HARD_BOUNCED)
    listed = ledger.suppressed()
    assert listed.schema == SUPPRESSED
    assert [tuple(row.values()) for row in listed.to_pylist()] == [
        ("a", "email", "hard_bounced", NOON),
        ("b", "email", "unsubscribed", NOON),
        ("b", "sms", "stopped", NOON),
    ]


def test_the_history_tells_what_was_claimed_and_who_was_held_out(ledger: Ledger) -> None:
    sent(ledger, a_message("1"), now=NOON)
    ledger.record_hold_outs([a_hold_out("2")], now=NOON + HOUR)
    history = ledger.history(since=NOON)
    assert history.schema == HISTORY
    assert [tuple(row.values()) for row in history.to_pylist()] == [
        (
            *(message_key("win_back", 1, "1", "order-7"), "win_back", 1, "1", "person-1"),
            *("order-7", DAY, "email", "promotional", "accepted", NOON),
        ),
        (
            *(message_key("win_back", 1, "2", "order-7"), "win_back", 1, "2", "person-2"),
            *("order-7", DAY, None, None, "held_out", NOON + HOUR),
        ),
    ]


def test_the_history_begins_where_it_is_asked_to(ledger: Ledger) -> None:
    sent(ledger, a_message("1", send_at=NOON - 9 * HOUR), now=NOON - HOUR)
    sent(ledger, a_message("2"), now=NOON)
    ledger.record_hold_outs([a_hold_out("3")], now=NOON - HOUR)
    assert ledger.history(since=NOON)["customer_id"].to_pylist() == ["2"]
    assert ledger.history(since=NOON + HOUR).num_rows == 0


def test_an_empty_ledger_has_a_history_of_the_same_shape(ledger: Ledger) -> None:
    assert ledger.history(since=datetime(2026, 1, 1, tzinfo=UTC)).schema == HISTORY


def test_the_accounts_of_a_day_add_up(ledger: Ledger) -> None:
    planned = [a_message(str(number)) for number in range(6)] + [a_message("6", expires_at=NOON)]
    *rest, unclaimed = planned
    del unclaimed
    claiming(ledger, [*rest, planned[-1]])
    beginning(ledger, planned[1:5])
    answers = [
        MessageState.ACCEPTED,
        MessageState.REFUSED,
        MessageState.RETRYABLE,
        MessageState.IN_DOUBT,
    ]
    for message, answer in zip(planned[1:5], answers, strict=True):
        settling(ledger, [message], answer)
    standing = ledger.standing("win_back", DAY)
    assert standing.states == dict.fromkeys(answers, 1) | {MessageState.CLAIMED: 2}
    assert standing.blocked == {Reason.EXPIRED: 1}
    assert standing.total == len(list(standing.entries())) == len(planned)


def test_every_entry_has_a_state_or_a_reason_and_never_both(ledger: Ledger) -> None:
    message, late = a_message("1"), a_message("2", expires_at=NOON)
    claiming(ledger, [message, late])
    ledger.block([message], reason=Reason.CONVERTED, now=NOON)
    entries = list(ledger.standing("win_back", DAY).entries())
    assert [(entry.state is None, entry.blocked is None) for entry in entries] == [
        (True, False)
    ] * 2


def test_accounts_are_kept_apart_by_campaign_and_day(ledger: Ledger) -> None:
    mine, other = a_message("1"), a_message("2", campaign="birthday")
    next_day = a_message("3", day=TOMORROW)
    claiming(ledger, [mine, other, next_day])
    assert states(ledger) == {mine.key: "claimed"}
    assert states(ledger, "birthday") == {other.key: "claimed"}
    assert states(ledger, day=TOMORROW) == {next_day.key: "claimed"}


def test_a_message_counts_to_the_day_whose_plan_claimed_it_last(ledger: Ledger) -> None:
    message = a_message(expires_at=NOON + 48 * HOUR)
    claiming(ledger, [message])
    ledger.release([message.key], worker="worker-1")
    claiming(ledger, [replace(message, day=TOMORROW)], now=NOON + 24 * HOUR)
    assert states(ledger) == {}
    assert states(ledger, day=TOMORROW) == {message.key: "claimed"}


def suppress(
    ledger: Ledger,
    address_key: str,
    reason: SuppressionReason,
    *,
    channel: Channel = Channel.EMAIL,
    at: datetime = NOON,
) -> bool:
    return ledger.suppress(address_key=address_key, channel=channel, reason=reason, at=at)
