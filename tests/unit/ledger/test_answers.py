"""What customers answer, whom the shop should look after, and who dealt with it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, delete, update
from sqlalchemy.exc import DBAPIError

from ledger_builder import DAY, NOON, a_message, sent
from perennial.errors import LedgerError
from perennial.ledger.store import Answer, Ledger
from perennial.ledger.tables import audit_log
from perennial.model.keys import MessageKey
from perennial.model.words import AuditAction, CaseReason, Channel, SurveyScale

KEY = MessageKey("0" * 32)
OTHER = MessageKey("1" * 32)
HOUR = timedelta(hours=1)


def answers(
    ledger: Ledger, score: int = 4, comment: str | None = None, *, at: datetime = NOON
) -> bool:
    return ledger.record_answer(KEY, scale=SurveyScale.CSAT, score=score, comment=comment, at=at)


def the_answer(ledger: Ledger) -> Answer:
    answer = ledger.answer_of(KEY)
    assert answer is not None
    return answer


def test_the_first_score_stands(ledger: Ledger) -> None:
    assert answers(ledger, 4)
    assert not answers(ledger, 1, at=NOON + HOUR)
    assert (the_answer(ledger).score, the_answer(ledger).at) == (4, NOON)


@pytest.mark.parametrize(
    ("after", "kept"), [(timedelta(days=1), "better"), (timedelta(days=1, seconds=1), "good")]
)
def test_a_comment_can_be_changed_for_a_day(ledger: Ledger, after: timedelta, kept: str) -> None:
    answers(ledger, comment="good")
    answers(ledger, comment="better", at=NOON + after)
    assert the_answer(ledger).comment == kept


def test_an_empty_comment_changes_nothing(ledger: Ledger) -> None:
    answers(ledger, comment="good")
    answers(ledger, comment="  ", at=NOON + HOUR)
    assert the_answer(ledger).comment == "good"


def test_a_long_comment_is_cut_and_a_zero_sign_is_dropped(ledger: Ledger) -> None:
    """Case 40."""
    answers(ledger, comment="\0" + "é" * 3_000)
    assert the_answer(ledger).comment == "é" * 2_000


def test_answers_are_listed_since_an_instant(ledger: Ledger) -> None:
    answers(ledger)
    ledger.record_answer(OTHER, scale=SurveyScale.NPS, score=9, comment=None, at=NOON + HOUR)
    assert [answer.key for answer in ledger.answers(NOON)] == [KEY, OTHER]
    assert [answer.key for answer in ledger.answers(NOON + HOUR)] == [OTHER]
    assert ledger.answer_of(MessageKey("2" * 32)) is None


def test_a_message_has_one_case_for_ever(ledger: Ledger) -> None:
    assert ledger.open_case(KEY, why=CaseReason.LOW_SCORE, at=NOON)
    assert not ledger.open_case(KEY, why=CaseReason.LOW_SCORE, at=NOON + HOUR)
    (case,) = ledger.cases()
    assert ledger.close_case(case.id, by="ann", note="called back", at=NOON + HOUR)
    assert not ledger.open_case(KEY, why=CaseReason.LOW_SCORE, at=NOON + 2 * HOUR)
    assert ledger.cases() == []


def test_who_closed_a_case_is_kept(ledger: Ledger) -> None:
    ledger.open_case(KEY, why=CaseReason.LOW_SCORE, at=NOON)
    (case,) = ledger.cases()
    ledger.close_case(case.id, by="ann", note="called back", at=NOON + HOUR)
    assert not ledger.close_case(case.id, by="bob", note="too late", at=NOON + 2 * HOUR)
    (closed,) = ledger.cases(standing=False)
    assert (closed.closed_by, closed.note, closed.closed_at) == ("ann", "called back", NOON + HOUR)
    (deed,) = ledger.audit_log()
    assert (deed.action, deed.actor, deed.subject) == ("case_closed", "ann", str(case.id))


def test_a_case_is_not_closed_without_saying_what_was_done(ledger: Ledger) -> None:
    ledger.open_case(KEY, why=CaseReason.LOW_SCORE, at=NOON)
    (case,) = ledger.cases()
    with pytest.raises(LedgerError, match="without who made it and why"):
        ledger.close_case(case.id, by="ann", note=" ", at=NOON)
    assert ledger.cases() == [case]


def test_the_audit_log_tells_the_newest_first(ledger: Ledger) -> None:
    for number in range(3):
        ledger.note_audit(
            AuditAction.EXPORTED, actor="ann", subject=str(number), reason="asked", at=NOON
        )
    assert [deed.subject for deed in ledger.audit_log(2)] == ["2", "1"]


@pytest.mark.parametrize(
    ("actor", "subject", "reason"), [("", "1", "asked"), ("ann", "1", ""), ("ann", "1" * 129, "x")]
)
def test_a_deed_says_who_did_what_and_why(
    ledger: Ledger, actor: str, subject: str, reason: str
) -> None:
    with pytest.raises(LedgerError):
        ledger.note_audit(
            AuditAction.EXPORTED, actor=actor, subject=subject, reason=reason, at=NOON
        )
    assert ledger.audit_log() == []


def test_the_database_lets_nobody_rewrite_the_audit_log(ledger: Ledger, ledger_url: str) -> None:
    ledger.note_audit(AuditAction.EXPORTED, actor="ann", subject="1", reason="asked", at=NOON)
    engine = create_engine(ledger_url)
    for change in (delete(audit_log), update(audit_log).values(actor="bob")):
        with (
            pytest.raises(DBAPIError, match="the audit log only grows"),
            engine.begin() as connection,
        ):
            connection.execute(change)
    engine.dispose()


def test_a_message_is_found_by_its_key(ledger: Ledger) -> None:
    message = a_message()
    sent(ledger, message)
    known = ledger.message(message.key)
    assert known is not None
    assert (known.campaign, known.step, known.customer_id) == ("win_back", 1, "1")
    assert (known.person_id, known.occasion, known.day) == ("person-1", "order-7", DAY)
    assert (known.channel, known.address_key) == (Channel.EMAIL, "address-1")
    assert known.state == "accepted"
    assert known.dispatched_at is not None
    assert ledger.message(KEY) is None
