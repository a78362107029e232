"""What people and monitoring look at all the time costs what its days hold, not what the ledger has ever held."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

from ledger_builder import DAY, NOON
from perennial.ledger.store import Ledger
from perennial.model.policy import Brake

LOOKS: dict[str, Callable[[Ledger], object]] = {
    "responses": lambda ledger: ledger.responses("win_back", DAY),
    "standing": lambda ledger: ledger.standing("win_back", DAY),
    "entries": lambda ledger: list(ledger.standing("win_back", DAY).entries()),
    "doubts": lambda ledger: ledger.doubts(),
    "doubt_count": lambda ledger: ledger.doubt_count(),
    "next_retry": lambda ledger: ledger.next_retry("win_back", DAY, now=NOON),
    "mailbox_health": lambda ledger: ledger.mailbox_health(Brake(), now=NOON),
    "sender_health": lambda ledger: ledger.sender_health(
        DAY - timedelta(days=6), DAY, campaigns=["win_back", "birthday"]
    ),
    "held_about": lambda ledger: ledger.held_about(["1"], address_keys=["a"], subjects=["h"]),
    "glimpse_of": lambda ledger: ledger.glimpse_of(["1"], person_ids=["1"]),
    "addresses_of": lambda ledger: ledger.addresses_of(["1"]),
    "keys_of": lambda ledger: ledger.keys_of(["1"]),
    "blocks_of": lambda ledger: ledger.blocks_of(["k"]),
    "forget": lambda ledger: ledger.forget({"1": "h"}, lambda occasion: occasion),
}
GROWING = (
    *(
        "messages",
        "message_events",
        "events",
        "blocks",
        "hold_outs",
        "consents",
        "answers",
        "cases",
    ),
    *("preferences", "preference_changes", "permissions", "suppressions", "audit_log"),
)


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is asked of databases meanwhile, with its parameters."""
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_no_look_reads_a_whole_table_that_grows(
    look: Callable[[Ledger], object], tmp_path: Path, migrated_sqlite: Path
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "ledger.db")
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = Ledger(url)
    with statements() as asked:
        look(ledger)
    ledger.close()

    engine = create_engine(url)
    with engine.connect() as connection:
        steps = [
            str(row[-1])
            for statement, parameters in asked
            if "select" in statement.lower()
            for row in connection.exec_driver_sql(f"explain query plan {statement}", parameters)
        ]
    engine.dispose()
    assert steps
    assert [step for step in steps if step in {f"SCAN {table}" for table in GROWING}] == []
