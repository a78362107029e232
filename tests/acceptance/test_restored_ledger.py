"""A ledger that was brought back from a backup is not sent from until somebody has answered for it."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from one_night import DAY, accepted, sending, settings_at
from perennial.errors import LakeError, RestoredLedger
from perennial.settings import Clock, Settings
from perennial.steps.services import Perennial, services

CAMPAIGN = "win_back"


def at_work(home: Path) -> Settings:
    return settings_at(home, Clock.SIMULATED)


def back_up(home: Path, name: str) -> None:
    """As an operator would, while the ledger is in use."""
    with (
        closing(sqlite3.connect(home / "ledger.db")) as ledger,
        closing(sqlite3.connect(home / name)) as copy,
    ):
        ledger.backup(copy)


def bring_back(home: Path, name: str) -> None:
    for leftover in home.glob("ledger.db-*"):
        leftover.unlink()
    shutil.copy(home / name, home / "ledger.db")


def send(perennial: Perennial, *, limit: int | None = None) -> None:
    plan_hash = perennial.ledger.plan_of(CAMPAIGN, DAY)
    assert plan_hash is not None
    perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan_hash.plan_hash, limit=limit)


@pytest.fixture
def restored(home: Path) -> Path:
    """Some messages were sent, a backup was made, some more were sent, and the backup was brought back."""
    with services(at_work(home)) as perennial:
        perennial.plan(CAMPAIGN, DAY)
        send(perennial, limit=5)
        back_up(home, "backup.db")
        send(perennial, limit=12)
    bring_back(home, "backup.db")
    return home


def test_an_old_copy_of_the_ledger_is_refused_until_it_is_reconciled_and_nobody_hears_twice(
    restored: Path,
) -> None:
    """Case 18."""
    before = accepted(restored)
    assert before.total() == 12
    with services(at_work(restored)) as perennial:
        with pytest.raises(RestoredLedger, match="perennial reconcile"):
            send(perennial)
        assert accepted(restored) == before

        found = perennial.reconcile(by="ada", reason="restored after a broken disk")
        planned = {row["message_key"] for row in sending(perennial, CAMPAIGN)}
        assert found.presumed > 0
        assert found.epoch == 2

        send(perennial)
    after = accepted(restored)
    assert before.keys() <= after.keys() <= planned
    assert max(after.values()) == 1


def test_a_ledger_of_somebody_else_is_refused(home: Path) -> None:
    with services(at_work(home)) as perennial:
        perennial.plan(CAMPAIGN, DAY)
        send(perennial, limit=1)
    for leftover in home.glob("ledger.db*"):
        leftover.unlink()
    with services(at_work(home)) as perennial:
        perennial.plan(CAMPAIGN, DAY)
        with pytest.raises(RestoredLedger, match="not the one"):
            send(perennial)


def test_a_mark_that_cannot_be_read_is_no_permission(home: Path) -> None:
    (home / "lake" / ".sent-mark.json").write_text("{}")
    with services(at_work(home)) as perennial:
        perennial.plan(CAMPAIGN, DAY)
        with pytest.raises(LakeError, match="sent-mark"):
            send(perennial)
    assert accepted(home) == Counter()


def test_an_ordinary_night_after_an_ordinary_night_is_not_refused(home: Path) -> None:
    for _ in range(2):
        with services(at_work(home)) as perennial:
            perennial.plan(CAMPAIGN, DAY)
            send(perennial)
    assert set(accepted(home).values()) == {1}
