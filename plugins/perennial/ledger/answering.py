"""What customers answer to surveys, and the cases that the shop should look after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from perennial.ledger.auditing import note as note_deed
from perennial.ledger.commanding import check_grounds
from perennial.ledger.database import Database
from perennial.ledger.tables import answers as given
from perennial.ledger.tables import cases as kept
from perennial.ledger.values import Answer, Case
from perennial.model.keys import MessageKey
from perennial.model.words import AuditAction, CaseReason, SurveyScale

LONGEST_COMMENT = 2000
"""How many signs of a comment are kept."""

COMMENT_FOR = timedelta(days=1)
"""How long after the score its comment may be added or changed."""

_SEE_CASE = "What was done is kept with the case."


def record_answer(
    database: Database,
    key: MessageKey,
    *,
    scale: SurveyScale,
    score: int,
    comment: str | None,
    at: datetime,
) -> bool:
    """Keeps the first score of a survey, and its latest comment of the first day; says whether it was the first."""
    said = _kept(comment)
    row = {"message_key": key, "scale": scale, "score": score, "comment": said, "at": at}
    first = (
        _insert(database, given).values(row).on_conflict_do_nothing().returning(given.c.message_key)
    )
    comes_in_time = (given.c.message_key == key, given.c.at >= at - COMMENT_FOR)

    def record(connection: Connection) -> bool:
        if connection.execute(first).first() is not None:
            return True
        if said is not None:
            connection.execute(update(given).where(*comes_in_time).values(comment=said)).close()
        return False

    return database.write(record)


def answer_of(database: Database, key: MessageKey) -> Answer | None:
    """What was answered to a message."""
    with database.reading() as connection:
        row = connection.execute(select(given).where(given.c.message_key == key)).one_or_none()
    return None if row is None else _answer(row)


def answers(database: Database, *, since: datetime) -> Sequence[Answer]:
    """What was answered since an instant, the oldest first."""
    wanted = select(given).where(given.c.at >= since).order_by(given.c.at, given.c.message_key)
    with database.reading() as connection:
        return [_answer(row) for row in connection.execute(wanted)]


def open_case(database: Database, key: MessageKey, *, why: CaseReason, at: datetime) -> bool:
    """Opens the case of a message; says whether there was none before, open or closed."""
    row = {"message_key": key, "why": why, "opened_at": at}
    new = _insert(database, kept).values(row).on_conflict_do_nothing().returning(kept.c.id)
    return database.write(lambda connection: connection.execute(new).first() is not None)


def cases(database: Database, *, standing: bool) -> Sequence[Case]:
    """The cases that wait for somebody, the oldest first; without `standing`, all."""
    wanted = select(kept).order_by(kept.c.opened_at, kept.c.id)
    if standing:
        wanted = wanted.where(kept.c.closed_at.is_(None))
    with database.reading() as connection:
        return [_case(row) for row in connection.execute(wanted)]


def close_case(database: Database, case_id: int, *, by: str, note: str, at: datetime) -> bool:
    """Closes a case, and keeps who did it and what was done; says whether it was open.

    Raises:
        LedgerError: it does not say who or what, or says too much.
    """
    check_grounds(by, note)
    closed = (
        update(kept)
        .where(kept.c.id == case_id, kept.c.closed_at.is_(None))
        .values(closed_at=at, closed_by=by, note=note)
    )

    def close(connection: Connection) -> bool:
        if connection.execute(closed).rowcount == 0:
            return False
        # The note may speak of somebody: it stays with the case, where an erasure can take it away.
        action, subject = AuditAction.CASE_CLOSED, str(case_id)
        note_deed(connection, action, actor=by, subject=subject, reason=_SEE_CASE, at=at)
        return True

    return database.write(close)


def _insert(database: Database, table: Table) -> postgresql.Insert | sqlite.Insert:
    return (postgresql.insert if database.dialect == "postgresql" else sqlite.insert)(table)


def _kept(comment: str | None) -> str | None:
    """What is kept of a comment; PostgreSQL takes no text with a zero sign."""
    return (comment or "").replace("\0", "").strip()[:LONGEST_COMMENT] or None


def _answer(row: Any) -> Answer:  # noqa: ANN401 - a row of `answers`
    return Answer(
        key=MessageKey(row.message_key),
        scale=SurveyScale(row.scale),
        score=row.score,
        comment=row.comment,
        at=row.at,
    )


def _case(row: Any) -> Case:  # noqa: ANN401 - a row of `cases`
    return Case(
        id=row.id,
        key=MessageKey(row.message_key),
        why=CaseReason(row.why),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        note=row.note,
    )
