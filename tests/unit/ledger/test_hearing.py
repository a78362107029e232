"""What reaches the ledger beside reports on messages: texts, and providers' lists."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import DAY, NOON, Rows, a_message, a_receipt, claiming
from perennial.ledger.hearing import Hearing
from perennial.ledger.store import Ledger
from perennial.ledger.tables import audit_log, inbound_texts
from perennial.ledger.values import ListedAddress, PlanRecord, Silence
from perennial.model.events import ProviderEvent
from perennial.model.words import Channel, EventWord, MessageState, SuppressionReason

HOUR = timedelta(hours=1)


def reasons(ledger: Ledger, address_key: str = "a") -> list[tuple[str, str]]:
    found = ledger.suppressions_of([address_key])
    return [(s.channel.value, s.reason.value) for s in found]


def listed(
    ledger: Ledger,
    *keys: str,
    at: datetime = NOON,
    reason: SuppressionReason = SuppressionReason.HARD_BOUNCED,
) -> int:
    entries = [ListedAddress(address_key=key, reason=reason, at=at) for key in keys]
    return ledger.suppress_listed(entries, Channel.EMAIL)


def test_a_text_is_obeyed_once(ledger: Ledger, rows: Rows) -> None:
    """Case 24."""
    asks = [ledger.refuse_texts, ledger.want_texts, ledger.refuse_texts, ledger.want_texts]
    for number, ask in enumerate(asks):
        for _ in range(2):
            ask(f"SM{number}", address_key="a", channel=Channel.SMS, at=NOON + number * HOUR)
    assert (
        ledger.refuse_texts("SM0", address_key="a", channel=Channel.SMS, at=NOON + 9 * HOUR)
        is False
    )
    assert reasons(ledger) == []
    assert len(rows(inbound_texts)) == 4
    assert [row["action"] for row in rows(audit_log)] == ["suppressed", "lifted"] * 2


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_a_text_that_is_posted_at_once_several_times_is_obeyed_once(
    ledger: Ledger, rows: Rows
) -> None:
    """Cases 20 and 24."""

    def post(_: int) -> bool:
        return ledger.refuse_texts("SM1", address_key="a", channel=Channel.SMS, at=NOON)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(post, range(8))) == 1
    assert len(rows(audit_log)) == 1


def test_a_list_is_counted_by_what_is_news(ledger: Ledger) -> None:
    assert listed(ledger, "a", "b", "a") == 2
    assert listed(ledger, "a", "b", "c") == 1
    assert listed(ledger, "a", reason=SuppressionReason.COMPLAINED) == 1
    assert listed(ledger) == 0


def test_what_was_lifted_stands_again_only_if_it_got_on_the_list_since(ledger: Ledger) -> None:
    listed(ledger, "a")
    ledger.lift("a", Channel.EMAIL, SuppressionReason.HARD_BOUNCED, at=NOON + HOUR, by="ann")
    assert listed(ledger, "a") == 0
    assert reasons(ledger) == []
    assert listed(ledger, "a", at=NOON + 2 * HOUR) == 1
    assert reasons(ledger) == [("email", "hard_bounced")]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.sampled_from(SuppressionReason)),
        min_size=1,
        max_size=10,
    ),
    order=st.randoms(),
    run=st.uuids(),
)
def test_lists_that_are_read_in_any_order_and_any_number_of_times_come_to_the_same(
    ledger: Ledger,
    told: list[tuple[str, int, SuppressionReason]],
    order: random.Random,
    run: object,
) -> None:
    other = [*told, *told[:3]]
    order.shuffle(other)
    ends = []
    for turn, entries in enumerate((told, other)):
        for key, hour, reason in entries:
            listed(ledger, f"{run}{turn}{key}", at=NOON + hour * HOUR, reason=reason)
        found = ledger.suppressions_of([f"{run}{turn}{key}" for key in "abc"])
        ends.append([(s.address_key[-1], s.reason, s.since) for s in found])
    assert ends[0] == ends[1]


def test_how_far_a_list_was_read_is_known(ledger: Ledger) -> None:
    assert ledger.pulled_until("sendgrid", "bounces") is None
    for until in (NOON, NOON + HOUR):
        ledger.note_pulled("sendgrid", "bounces", until=until)
        assert ledger.pulled_until("sendgrid", "bounces") == until
    assert ledger.pulled_until("sendgrid", "blocks") is None


def test_a_day_on_which_nothing_was_heard_stands_out(ledger: Ledger) -> None:
    """Case 23."""
    heard, silent, refused = messages = [a_message(customer) for customer in "123"]
    plan = PlanRecord(campaign=heard.campaign, day=DAY, plan_hash="h", counts={}, planned_at=NOON)
    ledger.record_plan(plan)
    claiming(ledger, messages)
    keys = [message.key for message in messages]
    ledger.begin_dispatch(keys, worker="worker-1", lease=HOUR, provider="sendgrid")
    ends = [MessageState.ACCEPTED, MessageState.ACCEPTED, MessageState.REFUSED]
    ledger.settle(
        [a_receipt(m, s, provider="sendgrid") for m, s in zip(messages, ends, strict=True)],
        now=NOON,
    )
    event = ProviderEvent(key=heard.key, word=EventWord.DELIVERED, provider="sendgrid", at=NOON)
    ledger.apply_events([event], received_at=NOON)
    assert silent.key != refused.key
    later = datetime.now(NOON.tzinfo) + HOUR
    assert ledger.silences("sendgrid", since=DAY, until=later) == [
        Silence(day=DAY, taken=2, silent=1)
    ]
    assert ledger.silences("sendgrid", since=DAY, until=NOON - 999 * HOUR) == []
    assert ledger.silences("sendgrid", since=DAY + timedelta(days=1), until=later) == []
    assert ledger.silences("twilio", since=DAY, until=later) == []
    assert isinstance(ledger, Hearing)
