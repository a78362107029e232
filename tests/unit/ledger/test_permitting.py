"""What customers agree to and take back: kept word for word, and the last word stands in whatever order they come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, delete, text, update
from sqlalchemy.exc import DBAPIError

from ledger_builder import NOON, Rows
from perennial.errors import LedgerError
from perennial.ledger.store import ConsentEntry, Ledger, Permission
from perennial.ledger.tables import consents, permissions
from perennial.model.words import Channel, ConsentSource, ConsentState, Topic

HOUR = timedelta(hours=1)
_RUNS = count(1)


def a_word(person: str = "ann", **changes: Any) -> ConsentEntry:
    fields: dict[str, Any] = {
        "person_id": person,
        "customer_id": person,
        "channel": Channel.EMAIL,
        "topic": Topic.OFFERS,
        "state": ConsentState.GRANTED,
        "at": NOON,
        "how": ConsentSource.PREFERENCE_PAGE,
    }
    return ConsentEntry(**(fields | changes))


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.sampled_from([Channel.EMAIL, Channel.SMS]),
        st.sampled_from([Topic.OFFERS, Topic.FEEDBACK]),
        st.sampled_from(ConsentState),
        st.integers(0, 4),
        st.sampled_from([ConsentSource.ONE_CLICK, ConsentSource.SHOP]),
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=WORDS, data=st.data())
def test_any_order_and_any_batches_leave_the_same_permissions(
    ledger: Ledger, words: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    """Case 21."""
    run = f"run-{next(_RUNS)}"
    entries = [
        a_word(
            f"{run} {person}",
            channel=channel,
            topic=topic,
            state=state,
            at=NOON + at * HOUR,
            how=how,
        )
        for person, channel, topic, state, at, how in words
    ]
    told = data.draw(st.permutations([*entries, *entries[:3]]))
    while told:
        size = data.draw(st.integers(1, len(told)))
        batch, told = told[:size], told[size:]
        ledger.record_consents(batch, recorded_at=NOON)
    for person in ("ann", "bob"):
        mine = [entry for entry in entries if entry.person_id == f"{run} {person}"]
        assert list(ledger.permissions_of(f"{run} {person}")) == expected(mine)
        assert len(ledger.consent_history(f"{run} {person}")) == len(set(mine))


def expected(entries: list[ConsentEntry]) -> list[Permission]:
    """The latest word of each channel and topic, but what is pending; of one instant, the no."""
    latest: dict[tuple[str, str], ConsentEntry] = {}
    for entry in sorted(entries, key=lambda e: (e.at, e.state)):
        if entry.state is not ConsentState.PENDING:
            latest[entry.channel, entry.topic] = entry
    return [
        Permission(channel=e.channel, topic=e.topic, state=e.state, since=e.at)
        for _, e in sorted(latest.items())
    ]


def test_the_history_keeps_every_word_with_its_proof(ledger: Ledger) -> None:
    first = a_word(wording="2026-03", proof="0" * 32)
    second = a_word(
        state=ConsentState.WITHDRAWN, at=NOON + HOUR, how=ConsentSource.UNSUBSCRIBE_LINK
    )
    ledger.record_consents([second, first], recorded_at=NOON + 2 * HOUR)
    history = ledger.consent_history("ann")
    assert [(e.state, e.at, e.how, e.wording, e.proof) for e in history] == [
        ("granted", NOON, "preference_page", "2026-03", "0" * 32),
        ("withdrawn", NOON + HOUR, "unsubscribe_link", None, None),
    ]
    assert {e.recorded_at for e in history} == {NOON + 2 * HOUR}


def test_what_was_told_twice_is_kept_once(ledger: Ledger, rows: Rows) -> None:
    """Case 29."""
    for _ in range(2):
        ledger.record_consents([a_word(), a_word()], recorded_at=NOON)
    assert (len(rows(consents)), len(rows(permissions))) == (1, 1)


def test_nothing_said_is_nothing_recorded(ledger: Ledger, rows: Rows) -> None:
    ledger.record_consents([], recorded_at=NOON)
    assert rows(consents) == []
    assert ledger.permissions_of("ann") == []


def test_the_table_says_what_was_known_at_an_instant(ledger: Ledger) -> None:
    ledger.record_consents([a_word()], recorded_at=NOON)
    ledger.record_consents(
        [a_word(state=ConsentState.WITHDRAWN, at=NOON - HOUR)], recorded_at=NOON + HOUR
    )
    ledger.record_consents(
        [a_word(state=ConsentState.WITHDRAWN, at=NOON + HOUR)], recorded_at=NOON + 2 * HOUR
    )
    known = [
        [row["state"] for row in ledger.permissions_table(at).to_pylist()]
        for at in (NOON, NOON + 2 * HOUR, NOON + 3 * HOUR, None)
    ]
    assert known == [[], ["granted"], ["withdrawn"], ["withdrawn"]]


def test_the_table_tells_the_accounts_of_a_person_apart(ledger: Ledger) -> None:
    both = [a_word(customer_id=customer) for customer in ("ann", "bob")]
    ledger.record_consents(both, recorded_at=NOON)
    (first, second) = ledger.permissions_table().to_pylist()
    assert (first["customer_id"], second["customer_id"]) == ("ann", "bob")
    assert first == {
        "person_id": "ann",
        "customer_id": "ann",
        "channel": "email",
        "topic": "offers",
        "state": "granted",
        "since": NOON,
    }


@pytest.mark.parametrize("too_long", [{"wording": "v" * 65}, {"proof": "p" * 256}])
def test_what_there_is_no_room_for_is_refused_whole(
    ledger: Ledger, rows: Rows, too_long: dict[str, str]
) -> None:
    with pytest.raises(LedgerError, match=r"64 signs of the wording.*255 of its proof"):
        ledger.record_consents([a_word("bob"), a_word(**too_long)], recorded_at=NOON)
    assert rows(consents) == []


def test_the_database_lets_nobody_rewrite_what_was_said(ledger: Ledger, ledger_url: str) -> None:
    ledger.record_consents([a_word()], recorded_at=NOON)
    engine = create_engine(ledger_url)
    with (
        pytest.raises(DBAPIError, match="what was said about consent never changes"),
        engine.begin() as connection,
    ):
        connection.execute(update(consents).values(state=ConsentState.WITHDRAWN))
    with engine.begin() as connection:  # an erasure may take the name away, and the row with it
        connection.execute(update(consents).values(customer_id="nobody", person_id="nobody"))
        connection.execute(delete(consents).where(text("customer_id = 'nobody'")))
    engine.dispose()


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_words_that_come_at_once_leave_the_latest(ledger: Ledger) -> None:
    """Case 21."""
    words = [
        a_word(state=state, at=NOON + minute * HOUR / 60)
        for minute in range(30)
        for state in ConsentState
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda word: ledger.record_consents([word], recorded_at=NOON), words))
    (standing,) = ledger.permissions_of("ann")
    assert (standing.state, standing.since) == (
        ConsentState.WITHDRAWN,
        NOON + 29 * HOUR / 60,
    )
