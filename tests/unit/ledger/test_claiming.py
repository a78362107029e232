"""What a claim gives, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ledger_builder import (
    DAY,
    NOON,
    Rows,
    a_message,
    a_receipt,
    beginning,
    claiming,
    sent,
    settling,
    states,
)
from perennial.ledger.claiming import CHUNK
from perennial.ledger.store import Ledger
from perennial.ledger.tables import messages
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.policy import Caps, ContentMix
from perennial.model.words import Channel, MessageState, Pressure, Reason, SuppressionReason

ENDED = timedelta(0)
HOUR = timedelta(hours=1)
DAYS = timedelta(days=1)
COUPON = Coupon(code="WIN-ABCDEFGH", kind="percent", value=Decimal(10), expires_on=DAY)


def test_a_message_goes_from_the_plan_to_accepted(ledger: Ledger) -> None:
    message = a_message()
    assert claiming(ledger, [message]).claimed == {message.key}
    assert states(ledger) == {message.key: "claimed"}
    assert beginning(ledger, [message]) == {message.key}
    assert states(ledger) == {message.key: "dispatching"}
    settling(ledger, [message])
    assert states(ledger) == {message.key: "accepted"}


@pytest.mark.parametrize(
    "state", [MessageState.ACCEPTED, MessageState.REFUSED, MessageState.IN_DOUBT]
)
def test_what_was_answered_or_is_in_doubt_is_taken_for_good(
    ledger: Ledger, state: MessageState
) -> None:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    settling(ledger, [message], state)
    again = claiming(ledger, [message], now=NOON + HOUR)
    assert (again.claimed, again.blocked, again.taken) == (frozenset(), {}, {message.key})


def test_a_claimed_message_is_taken_for_its_own_worker_too(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    assert claiming(ledger, [message]).taken == {message.key}


def test_the_same_message_given_twice_is_claimed_once(ledger: Ledger) -> None:
    message = a_message()
    claim = claiming(ledger, [message, message])
    assert (claim.claimed, claim.blocked, claim.taken) == ({message.key}, {}, frozenset())


def test_more_than_a_chunk_is_claimed_in_one_call(ledger: Ledger) -> None:
    many = [a_message(str(number)) for number in range(CHUNK + 10)]
    assert len(claiming(ledger, many).claimed) == CHUNK + 10


def test_nothing_to_claim_is_no_error(ledger: Ledger) -> None:
    claim = claiming(ledger, [])
    assert (claim.claimed, claim.blocked, claim.taken) == (frozenset(), {}, frozenset())


def test_what_is_not_due_yet_is_neither_claimed_nor_blocked(ledger: Ledger) -> None:
    message = a_message(send_at=NOON + timedelta(microseconds=1))
    claim = claiming(ledger, [message])
    assert (claim.claimed, claim.blocked, claim.taken) == (frozenset(), {}, frozenset())
    assert states(ledger) == {}
    assert not ledger.dispatch_begun("win_back", DAY)


def test_a_message_may_leave_from_its_time_until_just_before_its_expiry(ledger: Ledger) -> None:
    first, last, late = (
        a_message("1", send_at=NOON),
        a_message("2", expires_at=NOON + timedelta(microseconds=1)),
        a_message("3", expires_at=NOON),
    )
    claim = claiming(ledger, [first, last, late])
    assert claim.claimed == {first.key, last.key}
    assert claim.blocked == {late.key: Reason.EXPIRED}


def test_a_suppressed_address_is_blocked_with_its_reason(ledger: Ledger) -> None:
    """Case 26: the customer unsubscribes between the plan and the claim."""
    message = a_message()
    unsubscribe(ledger, message.address_key)
    assert claiming(ledger, [message]).blocked == {message.key: Reason.SUPPRESSED}
    assert states(ledger) == {message.key: "suppressed"}


def test_suppression_is_by_address_for_every_customer_who_has_it(ledger: Ledger) -> None:
    both = [a_message(customer, address_key="shared") for customer in ("1", "2")]
    unsubscribe(ledger, "shared")
    assert claiming(ledger, both).blocked == {m.key: Reason.SUPPRESSED for m in both}


def test_suppression_holds_for_its_channel_alone(ledger: Ledger) -> None:
    message = a_message(channel=Channel.SMS)
    unsubscribe(ledger, message.address_key)
    assert claiming(ledger, [message]).claimed == {message.key}


def test_a_second_promotional_message_within_24_hours_is_capped(ledger: Ledger) -> None:
    sent(ledger, a_message(occasion="birthday"))
    second = a_message(occasion="points", expires_at=NOON + 2 * DAYS)
    almost = NOON + 24 * HOUR - timedelta(seconds=1)
    assert claiming(ledger, [second], now=almost).blocked == {second.key: Reason.CAPPED}
    assert claiming(ledger, [second], now=NOON + 24 * HOUR).claimed == {second.key}


def test_a_fourth_promotional_message_within_seven_days_is_capped(ledger: Ledger) -> None:
    for day in range(3):
        message = a_message(occasion=f"day-{day}", expires_at=NOON + 9 * DAYS)
        sent(ledger, message, now=NOON + day * DAYS)
    fourth = a_message(occasion="fourth", expires_at=NOON + 9 * DAYS)
    assert claiming(ledger, [fourth], now=NOON + 4 * DAYS).blocked == {fourth.key: Reason.CAPPED}
    assert claiming(ledger, [fourth], now=NOON + 7 * DAYS).claimed == {fourth.key}


def test_a_second_survey_within_sixty_days_is_capped(ledger: Ledger) -> None:
    first, second = (
        a_message(occasion=o, pressure=Pressure.SURVEY, expires_at=NOON + 99 * DAYS) for o in "12"
    )
    sent(ledger, first)
    assert claiming(ledger, [second], now=NOON + 59 * DAYS).blocked == {second.key: Reason.CAPPED}
    assert claiming(ledger, [second], now=NOON + 60 * DAYS).claimed == {second.key}


def test_discounts_within_thirty_days_are_counted_when_they_leave(ledger: Ledger) -> None:
    """Two plans of one week each left room for one; both were made before either left."""
    caps = Caps(discounts_per_30_days=1)
    first, second = (
        a_message(occasion=o, expires_at=NOON + 99 * DAYS, coupon=replace(COUPON, code=f"WIN-{o}"))
        for o in "12"
    )
    plain = a_message(occasion="3", expires_at=NOON + 99 * DAYS)
    sent(ledger, first)
    at = NOON + 30 * DAYS
    almost = at - timedelta(seconds=1)

    assert claiming(ledger, [second], now=almost, caps=caps).blocked == {second.key: Reason.CAPPED}
    assert claiming(ledger, [plain], now=NOON + 8 * DAYS, caps=caps).claimed == {plain.key}
    assert claiming(ledger, [second], now=at, caps=caps).claimed == {second.key}


def test_of_two_discounts_in_one_chunk_the_first_given_leaves_whatever_they_press(
    ledger: Ledger,
) -> None:
    offer = a_message(occasion="1", coupon=COUPON)
    thanks = a_message(
        occasion="2", pressure=Pressure.SERVICE, coupon=replace(COUPON, code="THANKS-1")
    )

    claim = claiming(ledger, [offer, thanks], caps=Caps(discounts_per_30_days=1))

    assert (claim.claimed, claim.blocked) == ({offer.key}, {thanks.key: Reason.CAPPED})


def test_of_messages_in_a_row_no_more_have_a_discount_than_the_mix_allows(ledger: Ledger) -> None:
    caps = Caps(content_mix=ContentMix(messages=3, discounts=1))
    offers = [
        a_message(occasion=o, expires_at=NOON + 99 * DAYS, coupon=replace(COUPON, code=f"WIN-{o}"))
        for o in "13"
    ]
    plain = [a_message(occasion=o, expires_at=NOON + 99 * DAYS) for o in "24"]
    sent(ledger, offers[0])
    weeks = [NOON + n * 8 * DAYS for n in range(4)]

    def leaves(message: PlannedMessage, at: datetime) -> bool:
        return bool(claiming(ledger, [message], now=at, caps=caps).claimed)

    assert leaves(plain[0], weeks[1])
    assert claiming(ledger, [offers[1]], now=weeks[2], caps=caps).blocked == {
        offers[1].key: Reason.CAPPED
    }
    assert leaves(plain[1], weeks[2])
    assert leaves(offers[1], weeks[3])


def test_a_discount_of_long_ago_is_not_one_of_those_in_a_row(ledger: Ledger) -> None:
    caps = Caps(content_mix=ContentMix(messages=3, discounts=1, within=30 * DAYS))
    first, second = (
        a_message(occasion=o, expires_at=NOON + 99 * DAYS, coupon=replace(COUPON, code=f"WIN-{o}"))
        for o in "12"
    )
    sent(ledger, first)
    almost = NOON + 30 * DAYS - timedelta(seconds=1)

    assert claiming(ledger, [second], now=almost, caps=caps).blocked == {second.key: Reason.CAPPED}
    assert claiming(ledger, [second], now=NOON + 30 * DAYS, caps=caps).claimed == {second.key}


def test_an_offer_of_points_is_no_discount(ledger: Ledger) -> None:
    first = a_message(occasion="1", expires_at=NOON + 99 * DAYS, coupon=COUPON)
    other = replace(COUPON, code="POINTS-1", kind="points")
    second = a_message(occasion="2", expires_at=NOON + 99 * DAYS, coupon=other)
    sent(ledger, first)

    claim = claiming(ledger, [second], now=NOON + 8 * DAYS, caps=Caps(discounts_per_30_days=1))

    assert claim.claimed == {second.key}


def test_surveys_and_promotions_have_caps_of_their_own(ledger: Ledger) -> None:
    sent(ledger, a_message(occasion="offer"))
    survey = a_message(occasion="order-9", pressure=Pressure.SURVEY)
    assert claiming(ledger, [survey]).claimed == {survey.key}


def test_caps_are_on_the_person_across_accounts_channels_and_campaigns(ledger: Ledger) -> None:
    sent(ledger, a_message("1", person_id="ann"))
    other = a_message("2", person_id="ann", campaign="birthday", channel=Channel.SMS)
    assert claiming(ledger, [other]).blocked == {other.key: Reason.CAPPED}


def test_of_one_person_in_one_chunk_the_first_given_wins(ledger: Ledger) -> None:
    first, second = (a_message(str(n), person_id="ann") for n in (2, 1))
    claim = claiming(ledger, [first, second])
    assert claim.claimed == {first.key}
    assert claim.blocked == {second.key: Reason.CAPPED}


def test_what_cannot_leave_takes_nobodys_turn(ledger: Ledger) -> None:
    expired = a_message("1", person_id="ann", expires_at=NOON)
    due = a_message("2", person_id="ann")
    assert claiming(ledger, [expired, due]).claimed == {due.key}


def test_a_higher_cap_lets_more_of_one_chunk_through(ledger: Ledger) -> None:
    three = [a_message(str(n), person_id="ann") for n in range(3)]
    claim = claiming(ledger, three, caps=Caps(promotional_per_day=2))
    assert claim.claimed == {three[0].key, three[1].key}


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (MessageState.ACCEPTED, True),
        (MessageState.IN_DOUBT, True),
        (MessageState.REFUSED, False),
        (MessageState.RETRYABLE, False),
    ],
)
def test_caps_count_what_was_or_may_have_been_sent(
    ledger: Ledger, state: MessageState, *, counts: bool
) -> None:
    first, second = a_message(occasion="1"), a_message(occasion="2")
    claiming(ledger, [first])
    beginning(ledger, [first])
    settling(ledger, [first], state)
    assert claiming(ledger, [second]).blocked == ({second.key: Reason.CAPPED} if counts else {})


def test_caps_still_count_when_the_clock_steps_back(ledger: Ledger) -> None:
    """Case 48."""
    sent(ledger, a_message(occasion="1"))
    second = a_message(occasion="2")
    back = claiming(ledger, [second], now=NOON - 2 * HOUR)
    assert back.blocked == {second.key: Reason.CAPPED}


def test_a_lease_is_measured_by_the_database_whatever_the_worker_thinks(ledger: Ledger) -> None:
    """Case 48: a worker whose clock is two hours ahead does not see the lease end sooner."""
    message = a_message()
    claiming(ledger, [message])
    ahead = claiming(ledger, [message], worker="worker-2", now=NOON + 2 * HOUR)
    assert ahead.taken == {message.key}


def test_an_ended_lease_frees_the_message_even_for_a_worker_whose_clock_is_behind(
    ledger: Ledger,
) -> None:
    message = a_message()
    claiming(ledger, [message], lease=ENDED)
    behind = claiming(ledger, [message], worker="worker-2", now=NOON - 2 * HOUR)
    assert behind.claimed == {message.key}


def test_a_message_is_not_capped_by_its_own_earlier_claim(ledger: Ledger) -> None:
    first, second = a_message("1", person_id="ann"), a_message("2", person_id="ann")
    claiming(ledger, [first], lease=ENDED)
    claim = claiming(ledger, [second, first])
    assert claim.claimed == {first.key}
    assert claim.blocked == {second.key: Reason.CAPPED}


def test_a_retryable_message_waits_until_it_may_be_tried_again(ledger: Ledger) -> None:
    """Case 6: the provider said when."""
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    wait = a_receipt(message, MessageState.RETRYABLE, code="429", not_before=NOON + HOUR)
    ledger.settle([wait], now=NOON)
    early = claiming(ledger, [message], now=NOON + HOUR - timedelta(seconds=1))
    assert (early.claimed, early.blocked, early.taken) == (frozenset(), {}, frozenset())
    assert claiming(ledger, [message], now=NOON + HOUR).claimed == {message.key}


def test_a_retryable_message_that_is_claimed_again_keeps_count_of_its_requests(
    ledger: Ledger, rows: Rows
) -> None:
    message = a_message()
    for _ in range(3):
        claiming(ledger, [message])
        beginning(ledger, [message])
        settling(ledger, [message], MessageState.RETRYABLE)
    assert [row["attempts"] for row in rows(messages)] == [3]


def test_a_later_claim_takes_the_block_back(ledger: Ledger) -> None:
    yesterday = NOON - 23 * HOUR - timedelta(minutes=30)
    sent(ledger, a_message(occasion="1", send_at=yesterday), now=yesterday)
    message = a_message(occasion="2")
    claiming(ledger, [message])
    assert states(ledger)[message.key] == "capped"
    claiming(ledger, [message], now=NOON + HOUR)
    assert states(ledger)[message.key] == "claimed"


def test_the_latest_reason_of_a_day_stands(ledger: Ledger) -> None:
    sent(ledger, a_message(occasion="1"))
    message = a_message(occasion="2")
    claiming(ledger, [message])
    unsubscribe(ledger, message.address_key)
    claiming(ledger, [message])
    assert states(ledger)[message.key] == "suppressed"


def test_a_retryable_message_that_expires_counts_as_blocked(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    settling(ledger, [message], MessageState.RETRYABLE)
    claiming(ledger, [message], now=message.expires_at)
    assert states(ledger) == {message.key: "expired"}


def test_the_coupon_is_written_down_with_the_claim(ledger: Ledger, rows: Rows) -> None:
    first, second = a_message(coupon=COUPON), a_message("2")
    claiming(ledger, [first, second])
    assert coupons(rows) == {
        first.key: ("WIN-ABCDEFGH", "percent", Decimal("10.00"), DAY),
        second.key: (None, None, None, None),
    }


def test_a_blocked_message_leaves_no_coupon(ledger: Ledger, rows: Rows) -> None:
    claiming(ledger, [a_message(coupon=COUPON, expires_at=NOON)])
    assert coupons(rows) == {}


@pytest.mark.parametrize("told", [replace(COUPON, expires_on=DAY + DAYS), None])
def test_a_message_claimed_again_keeps_one_coupon_with_the_terms_it_now_tells(
    ledger: Ledger, rows: Rows, told: Coupon | None
) -> None:
    message = a_message(coupon=COUPON)
    claiming(ledger, [message], lease=ENDED)
    claiming(ledger, [replace(message, coupon=told)])
    until = (told or COUPON).expires_on
    assert coupons(rows) == {message.key: (COUPON.code, "percent", COUPON.value, until)}


def test_a_message_claimed_again_may_not_take_the_coupon_of_another(ledger: Ledger) -> None:
    message, other = a_message("1"), a_message("2", coupon=COUPON)
    claiming(ledger, [message], lease=ENDED)
    claiming(ledger, [other])
    claim = claiming(ledger, [replace(message, coupon=COUPON)])
    assert claim.blocked == {message.key: Reason.INCOMPLETE_DATA}


@pytest.mark.parametrize("together", [True, False])
def test_two_messages_never_share_a_coupon_code(ledger: Ledger, *, together: bool) -> None:
    first, second = a_message("1", coupon=COUPON), a_message("2", coupon=COUPON)
    if not together:
        claiming(ledger, [first])
    claim = claiming(ledger, [first, second])
    assert claim.blocked == {second.key: Reason.INCOMPLETE_DATA}


def test_a_time_without_a_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        claiming(ledger, [a_message()], now=datetime(2026, 11, 21, 12))  # noqa: DTZ001 - that is the point


def test_instants_are_the_same_whatever_zone_they_are_told_in(ledger: Ledger, rows: Rows) -> None:
    elsewhere = NOON.astimezone(tz=None)
    claiming(ledger, [a_message(send_at=elsewhere)], now=elsewhere)
    (row,) = rows(messages)
    assert (row["send_at"], row["claimed_at"]) == (NOON, NOON)
    assert row["send_at"].tzinfo is UTC


def unsubscribe(ledger: Ledger, address_key: str) -> None:
    ledger.suppress(
        address_key=address_key,
        channel=Channel.EMAIL,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=NOON,
    )


def coupons(rows: Rows) -> dict[str, tuple[object, ...]]:
    """The coupon of each message."""
    terms = ("coupon_code", "coupon_kind", "coupon_value", "coupon_expires_on")
    return {row["key"]: tuple(row[term] for term in terms) for row in rows(messages)}
