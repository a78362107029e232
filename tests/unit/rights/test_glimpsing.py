"""What the preference page reads of a person: what it shows, and at a cost that does not grow with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from edge_server import PUBLIC, edge_thread
from ledger_builder import NOON, a_message, beginning, claiming, settling
from one_person import HER_OTHER_ACCOUNT, QUIRINA, home_of
from page_visits import page_of, visit
from perennial.errors import UnknownPerson
from perennial.model.message import PlannedMessage
from perennial.model.words import Pressure, SurveyScale
from perennial.pipeline.glimpsing import PersonGlimpse
from perennial.steps.services import Perennial, services

MOST_ROWS = 250
"""What one question may bring, whoever asks."""

Asked = list[tuple[str, Any]]


@pytest.fixture
def perennial(home: Path) -> Iterator[Perennial]:
    with services(home_of(home, edge_url=PUBLIC)) as installation:
        yield installation


def messages_to_her(perennial: Perennial, count: int) -> list[PlannedMessage]:
    """So many messages have gone to her, to either account in turn."""
    person = perennial.person(QUIRINA)
    sent = [
        a_message(
            (QUIRINA, HER_OTHER_ACCOUNT)[number % 2],
            person_id=person.person_id,
            address_key=str(person.contacts[0]["email_key"]),
            occasion=str(number),
            pressure=Pressure.SERVICE,
            topic=None,
        )
        for number in range(count)
    ]
    claiming(perennial.ledger, sent)
    return sent


def glimpse(perennial: Perennial, message: PlannedMessage) -> PersonGlimpse:
    known = perennial.message(message.key)
    assert known is not None
    return perennial.known(known)


def test_a_glimpse_says_what_the_whole_record_says(perennial: Perennial) -> None:
    messages = messages_to_her(perennial, 3)
    beginning(perennial.ledger, messages)
    settling(perennial.ledger, messages)
    perennial.ledger.record_answer(
        messages[0].key, scale=SurveyScale.CSAT, score=4, comment=None, at=NOON
    )
    with edge_thread(perennial) as edge:
        visit(edge + page_of(perennial, messages[0], "unsubscribe"), {"do": "unsubscribe"})

    seen, record = glimpse(perennial, messages[0]), perennial.person(HER_OTHER_ACCOUNT)
    whole = record.summary()

    assert (seen.messages, seen.answers) == (whole.messages, whole.answers) == (3, 1)
    for name in ("emails", "phones", "language", "birth_date", "points_balance"):
        assert getattr(seen, name) == getattr(whole, name)
    assert seen.orders == len(record.orders)
    assert seen.consents == whole.consents
    assert seen.countries == {"US"}


def test_nobody_else_is_counted(perennial: Perennial) -> None:
    messages = messages_to_her(perennial, 2)
    claiming(perennial.ledger, [a_message("c1", person_id="c1")])

    assert glimpse(perennial, messages[0]).messages == 2


def test_who_is_not_known_by_last_night_is_said_so(perennial: Perennial) -> None:
    claiming(perennial.ledger, [a_message("nobody")])

    with pytest.raises(UnknownPerson):
        glimpse(perennial, a_message("nobody"))


@contextmanager
def listening() -> Iterator[Asked]:
    """Every question that anybody asks a ledger meanwhile."""
    asked: Asked = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.lstrip().lower().startswith(("select", "with")):
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_visit_of_somebody_with_thousands_of_messages_reads_little_and_by_an_index(
    perennial: Perennial, home: Path
) -> None:
    message = messages_to_her(perennial, 5_000)[0]

    with edge_thread(perennial) as edge, listening() as asked:
        answer = visit(edge + page_of(perennial, message, "preferences"))

    assert answer.status == 200
    assert "1,000+" in answer.text
    assert asked
    with sqlite3.connect(home / "ledger.db") as ledger:
        for statement, parameters in asked:
            rows = ledger.execute(statement, parameters).fetchmany(MOST_ROWS + 1)
            plan = [row[3] for row in ledger.execute(f"explain query plan {statement}", parameters)]
            assert len(rows) <= MOST_ROWS, statement
            # What is left to be scanned is what such a search has found.
            scanned = [step for step in plan if step.startswith("SCAN")]
            assert all(step.startswith("SCAN anon_") for step in scanned), statement
    # What is counted is cut off before it is counted.
    counted = [parameters for statement, parameters in asked if "count(" in statement.lower()]
    assert [1_001 in parameters for parameters in counted] == [True]
