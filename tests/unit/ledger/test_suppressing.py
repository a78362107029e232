"""Addresses on the suppression list, and off it: for one reason, by somebody, and never by an old report."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import NOON, Rows, a_message, sent
from perennial.ledger.store import Ledger, Suppression
from perennial.ledger.tables import suppressions
from perennial.model.events import ProviderEvent
from perennial.model.words import Channel, EventWord, SuppressionReason

HOUR = timedelta(hours=1)
_RUNS = count(1)


def puts(
    ledger: Ledger,
    reason: SuppressionReason = SuppressionReason.STOPPED,
    *,
    address_key: str = "ann",
    channel: Channel = Channel.SMS,
    at: datetime = NOON,
) -> bool:
    return ledger.suppress(address_key=address_key, channel=channel, reason=reason, at=at)


def lifts(
    ledger: Ledger,
    reason: SuppressionReason = SuppressionReason.STOPPED,
    *,
    address_key: str = "ann",
    channel: Channel = Channel.SMS,
    at: datetime = NOON + HOUR,
) -> bool:
    return ledger.lift(address_key, channel, reason, at=at, by="customer")


def standing(ledger: Ledger, address_key: str = "ann") -> set[tuple[str, str]]:
    return {(s.channel, s.reason) for s in ledger.suppressions_of([address_key])}


def test_start_lifts_the_stop_of_its_channel_and_nothing_else(ledger: Ledger) -> None:
    """Case 27."""
    for channel in Channel:
        for reason in SuppressionReason:
            puts(ledger, reason, channel=channel)
    every = {(channel, reason) for channel in Channel for reason in SuppressionReason}
    assert standing(ledger) == every
    assert lifts(ledger)
    assert standing(ledger) == every - {("sms", "stopped")}


def test_what_was_lifted_is_kept_with_when(ledger: Ledger) -> None:
    puts(ledger)
    lifts(ledger)
    assert ledger.suppressions_of(["ann"]) == []
    assert ledger.suppressed().num_rows == 0
    assert ledger.suppressions_of(["ann"], standing=False) == [
        Suppression(
            address_key="ann",
            channel=Channel.SMS,
            reason=SuppressionReason.STOPPED,
            since=NOON,
            lifted_at=NOON + HOUR,
        )
    ]


def test_who_lifted_is_in_the_audit_log(ledger: Ledger) -> None:
    puts(ledger)
    lifts(ledger)
    lifts(ledger, at=NOON + 2 * HOUR)
    (deed,) = ledger.audit_log()
    assert (deed.actor, deed.action, deed.subject) == ("customer", "lifted", "ann")
    assert (deed.reason, deed.at) == ("sms stopped", NOON + HOUR)


def test_lifting_what_does_not_stand_says_so(ledger: Ledger) -> None:
    assert not lifts(ledger)
    assert ledger.suppressions_of(["ann"], standing=False) == []
    assert ledger.audit_log() == []


def test_suppressing_again_stands_again(ledger: Ledger) -> None:
    assert puts(ledger)
    assert not puts(ledger, at=NOON + HOUR / 2)
    assert lifts(ledger)
    assert puts(ledger, at=NOON + 2 * HOUR)
    assert ledger.suppressions_of(["ann"])[0].since == NOON + 2 * HOUR


def test_a_list_that_still_names_what_was_lifted_does_not_put_it_back(ledger: Ledger) -> None:
    """Case 23."""
    puts(ledger)
    lifts(ledger)
    assert not puts(ledger)
    assert standing(ledger) == set()


def test_a_report_from_before_the_lifting_is_old_news(ledger: Ledger) -> None:
    """Case 21."""
    message = a_message()
    sent(ledger, message)
    reason = SuppressionReason.COMPLAINED
    kwargs = {"address_key": message.address_key, "channel": message.channel}
    reports(ledger, message.key, at=NOON)
    ledger.lift(message.address_key, message.channel, reason, at=NOON + HOUR, by="ann")
    reports(ledger, message.key, at=NOON)
    assert ledger.suppressions_of([message.address_key]) == []
    assert puts(ledger, reason, at=NOON + 2 * HOUR, **kwargs)


def reports(ledger: Ledger, key: str, *, at: datetime) -> None:
    event = ProviderEvent(key=key, word=EventWord.COMPLAINED, provider="mailbox", at=at)
    ledger.apply_events([event], received_at=at)


def test_what_was_said_since_can_be_asked_for(ledger: Ledger) -> None:
    puts(ledger, address_key="early", at=NOON)
    puts(ledger, address_key="late", at=NOON + HOUR)
    puts(ledger, address_key="lifted", at=NOON + HOUR)
    lifts(ledger, address_key="lifted", at=NOON + 2 * HOUR)
    assert [s.address_key for s in ledger.suppressed_since(NOON + HOUR)] == ["late"]


def test_many_addresses_are_looked_up_at_once(ledger: Ledger) -> None:
    for number in range(3):
        puts(ledger, address_key=f"{number:04}")
    asked = [f"{number:04}" for number in range(1_200)]
    assert [s.address_key for s in ledger.suppressions_of(asked)] == ["0000", "0001", "0002"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    deeds=st.lists(
        st.tuples(st.sampled_from(["suppress", "lift"]), st.integers(0, 5)), min_size=1, max_size=8
    )
)
def test_in_any_order_the_last_word_stands(
    ledger: Ledger,
    rows: Rows,
    deeds: list[tuple[str, int]],
) -> None:
    """Case 21."""
    address_key = f"run-{next(_RUNS)}"
    for deed, hour in deeds:
        do = puts if deed == "suppress" else lifts
        do(ledger, address_key=address_key, at=NOON + hour * HOUR)
    said = max((hour for deed, hour in deeds if deed == "suppress"), default=None)
    lifted = max((hour for deed, hour in deeds if deed == "lift"), default=-1)
    expected = said is not None and said >= lifted
    assert bool(ledger.suppressions_of([address_key])) is expected
    (row,) = (row for row in rows(suppressions) if row["address_key"] == address_key)
    assert (row["lifted_at"] is None) is expected
