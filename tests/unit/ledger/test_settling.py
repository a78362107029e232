"""Answers, the lack of them, and doubts."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import Engine, create_engine, delete, text, update
from sqlalchemy.exc import DBAPIError

from ledger_builder import (
    DAY,
    NOON,
    Rows,
    a_message,
    a_receipt,
    beginning,
    claiming,
    settling,
    states,
)
from perennial.errors import LedgerError
from perennial.ledger.database import Database
from perennial.ledger.states import ANSWERS, FINAL, NEXT
from perennial.ledger.store import Ledger
from perennial.ledger.tables import message_changes, messages
from perennial.model.message import PlannedMessage
from perennial.model.words import MessageState

ENDED = timedelta(0)
HOUR = timedelta(hours=1)


@pytest.fixture
def dispatching(ledger: Ledger) -> PlannedMessage:
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    return message


@pytest.mark.parametrize("answer", sorted(ANSWERS))
def test_every_answer_to_a_request_is_recorded(
    ledger: Ledger, dispatching: PlannedMessage, answer: MessageState
) -> None:
    settling(ledger, [dispatching], answer)
    assert states(ledger) == {dispatching.key: answer}


@pytest.mark.parametrize(("final", "later"), list(product(sorted(FINAL), sorted(ANSWERS))))
def test_a_final_answer_is_never_changed_by_a_later_one(
    ledger: Ledger, dispatching: PlannedMessage, final: MessageState, later: MessageState
) -> None:
    settling(ledger, [dispatching], final)
    settling(ledger, [dispatching], later)
    assert states(ledger) == {dispatching.key: final}


def test_what_the_provider_said_is_kept(
    ledger: Ledger, dispatching: PlannedMessage, rows: Rows
) -> None:
    receipt = a_receipt(
        dispatching, MessageState.REFUSED, provider="smtp", provider_id="id-1", code="550"
    )
    ledger.settle([receipt], now=NOON + HOUR)
    (row,) = rows(messages)
    assert (row["provider"], row["provider_id"], row["code"]) == ("smtp", "id-1", "550")
    assert (row["settled_at"], row["lease_until"]) == (NOON + HOUR, None)


def test_a_late_yes_is_believed_even_when_the_message_was_thought_to_be_free(
    ledger: Ledger, dispatching: PlannedMessage
) -> None:
    settling(ledger, [dispatching], MessageState.RETRYABLE)
    claiming(ledger, [dispatching], worker="worker-2")
    settling(ledger, [dispatching], MessageState.ACCEPTED)
    assert states(ledger) == {dispatching.key: "accepted"}
    assert beginning(ledger, [dispatching], worker="worker-2") == frozenset()


def test_of_two_answers_in_one_batch_the_yes_is_believed(
    ledger: Ledger, dispatching: PlannedMessage
) -> None:
    ledger.settle(
        [a_receipt(dispatching), a_receipt(dispatching, MessageState.RETRYABLE)], now=NOON
    )
    assert states(ledger) == {dispatching.key: "accepted"}


def test_an_answer_about_an_unknown_message_is_ignored(ledger: Ledger) -> None:
    settling(ledger, [a_message()])
    assert states(ledger) == {}


@pytest.mark.parametrize("state", sorted(set(MessageState) - ANSWERS))
def test_a_receipt_that_is_no_answer_is_refused(
    ledger: Ledger, dispatching: PlannedMessage, state: MessageState
) -> None:
    with pytest.raises(LedgerError, match=f"cannot say {state}: only accepted"):
        settling(ledger, [dispatching], state)
    assert states(ledger) == {dispatching.key: "dispatching"}


def test_a_request_whose_lease_ended_without_an_answer_is_in_doubt(ledger: Ledger) -> None:
    abandoned, living = a_message("1"), a_message("2")
    claiming(ledger, [abandoned, living])
    beginning(ledger, [abandoned], lease=ENDED)
    beginning(ledger, [living])
    assert ledger.abandon_expired() == 1
    assert states(ledger) == {abandoned.key: "in_doubt", living.key: "dispatching"}
    assert ledger.abandon_expired() == 0


def test_a_claim_whose_lease_ended_is_no_doubt(ledger: Ledger) -> None:
    claiming(ledger, [a_message()], lease=ENDED)
    assert ledger.abandon_expired() == 0


@pytest.mark.parametrize("evidence", sorted(ANSWERS - {MessageState.IN_DOUBT}))
def test_a_doubt_is_settled_by_evidence(ledger: Ledger, evidence: MessageState) -> None:
    message = in_doubt(ledger, a_message())
    ledger.settle_doubts([a_receipt(message, evidence)], now=NOON + HOUR)
    assert states(ledger) == {message.key: evidence}
    assert ledger.doubts() == []


def test_doubts_are_listed_by_campaign_and_day(ledger: Ledger) -> None:
    first = in_doubt(ledger, a_message("1"))
    second = in_doubt(ledger, a_message("2", campaign="birthday", day=DAY + timedelta(days=1)))
    assert [doubt.key for doubt in ledger.doubts()] == [first.key, second.key]
    assert [doubt.key for doubt in ledger.doubts(campaign="birthday")] == [second.key]
    assert [doubt.key for doubt in ledger.doubts(day=DAY)] == [first.key]
    assert ledger.doubts(campaign="birthday", day=DAY) == []


def test_a_doubt_says_whom_to_ask_about_what(ledger: Ledger) -> None:
    message = a_message()
    claiming(ledger, [message])
    ledger.begin_dispatch([message.key], worker="worker-1", lease=ENDED, provider="smtp")
    ledger.abandon_expired()
    (doubt,) = ledger.doubts()
    assert (doubt.key, doubt.campaign, doubt.day) == (message.key, "win_back", DAY)
    assert (doubt.channel, doubt.provider) == ("email", "smtp")
    assert doubt.since.utcoffset() == timedelta(0)


def test_a_doubt_outlives_later_work_on_the_same_day(ledger: Ledger) -> None:
    doubtful = in_doubt(ledger, a_message("1"))
    claiming(ledger, [a_message("2")])
    beginning(ledger, [a_message("2")], lease=ENDED)
    settling(ledger, [a_message("2")])
    ledger.abandon_expired()
    assert [doubt.key for doubt in ledger.doubts()] == [doubtful.key]


@pytest.mark.parametrize(("before", "after"), list(product(MessageState, MessageState)))
def test_the_database_itself_refuses_a_change_that_is_not_in_the_table_of_states(
    ledger: Ledger, ledger_url: str, before: MessageState, after: MessageState
) -> None:
    claiming(ledger, [a_message()])
    engine = create_engine(ledger_url)
    force(engine, before)
    if after in NEXT[before] | {before}:
        change(engine, after)
    else:
        with pytest.raises(DBAPIError, match="cannot change its state like that"):
            change(engine, after)
    engine.dispose()


@pytest.mark.parametrize("answer", sorted(ANSWERS))
def test_what_was_claimed_begun_and_answered_once_is_told_by_its_row_alone(
    ledger: Ledger, dispatching: PlannedMessage, answer: MessageState, rows: Rows
) -> None:
    ledger.settle([a_receipt(dispatching, answer, code="250")], now=NOON + HOUR)
    (row,) = rows(messages)
    assert (row["state"], row["claimed_by"], row["code"]) == (answer, "worker-1", "250")
    assert (row["claimed_at"], row["settled_at"]) == (NOON, NOON + HOUR)
    assert row["dispatched_at"] is not None
    assert rows(message_changes) == []


def test_an_answer_after_which_a_message_was_tried_again_is_kept(
    ledger: Ledger, dispatching: PlannedMessage, rows: Rows
) -> None:
    ledger.settle([a_receipt(dispatching, MessageState.RETRYABLE, code="429")], now=NOON)
    (before,) = rows(messages)
    claiming(ledger, [dispatching], worker="worker-2", now=NOON + HOUR)
    beginning(ledger, [dispatching], worker="worker-2")
    ledger.settle([a_receipt(dispatching, code="250")], now=NOON + HOUR)
    (kept,) = rows(message_changes)
    assert kept.pop("at").utcoffset() == timedelta(0)
    assert kept == {
        "id": 1,
        "message_key": dispatching.key,
        "state": "retryable",
        "worker": "worker-1",
        "code": "429",
        "claimed_at": NOON,
        "dispatched_at": before["dispatched_at"],
        "settled_at": NOON,
        "provider": "mailbox",
    }


def test_a_claim_that_was_given_back_or_taken_over_is_kept(ledger: Ledger, rows: Rows) -> None:
    released, lost = a_message("1"), a_message("2")
    claiming(ledger, [released, lost], lease=ENDED)
    ledger.release([released.key], worker="worker-1")
    claiming(ledger, [lost], worker="worker-2", now=NOON + HOUR)
    kept = [(r["message_key"], r["state"], r["worker"]) for r in rows(message_changes)]
    assert kept == [(m.key, "claimed", "worker-1") for m in (released, lost)]


def test_a_doubt_that_was_settled_is_kept(ledger: Ledger, rows: Rows) -> None:
    message = in_doubt(ledger, a_message())
    (before,) = rows(messages)
    ledger.settle_doubts([a_receipt(message)], now=NOON + HOUR)
    (kept,) = rows(message_changes)
    assert (kept["state"], kept["settled_at"]) == ("in_doubt", before["settled_at"])


def test_the_log_of_changes_only_grows(ledger: Ledger, ledger_url: str) -> None:
    in_doubt(ledger, a_message())
    settling(ledger, [a_message()])
    database = Database(ledger_url)
    for change_of_log in (delete(message_changes), update(message_changes).values(state="x")):
        with pytest.raises(LedgerError, match="the log of changes only grows"):
            database.write(lambda connection, sql=change_of_log: connection.execute(sql))
    database.close()


def in_doubt(ledger: Ledger, message: PlannedMessage) -> PlannedMessage:
    claiming(ledger, [message])
    beginning(ledger, [message], lease=ENDED)
    ledger.abandon_expired()
    return message


def force(engine: Engine, state: MessageState) -> None:
    """Puts the message into a state by the shortest legal way."""
    ways = {MessageState.CLAIMED: (), MessageState.DISPATCHING: (MessageState.DISPATCHING,)}
    for step in ways.get(state, (MessageState.DISPATCHING, state)):
        change(engine, step)


def change(engine: Engine, state: MessageState) -> None:
    leased = state in {MessageState.CLAIMED, MessageState.DISPATCHING}
    lease = "'2026-11-21T12:00:00.000000+00:00'" if leased else "null"
    now = "'2026-11-21T12:00:00.000000+00:00'"
    with engine.begin() as connection:
        connection.execute(
            text(
                f"update messages set state = '{state}', lease_until = {lease}, attempts = 1,"
                f" dispatched_at = {now}, settled_at = {now}, provider = 'p'".replace(":", "\\:")
            )
        )
