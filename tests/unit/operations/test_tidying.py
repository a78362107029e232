"""Only what is old and can be made again is removed, and only when somebody says so."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_server import an_installation
from ledger_builder import NOON, a_message, claiming
from perennial.cli.commands import app
from perennial.lake.partitions import Lake, Partition
from perennial.model.events import ProviderEvent
from perennial.model.words import EventWord
from perennial.operations.tidying import DERIVED, tidy

TODAY = NOON.date()
KEPT = ("raw/orders", "verified/orders", "decisions", "customers")


def lay(lake: Lake, dataset: str, day: date) -> None:
    path = lake.path(Partition(dataset=dataset, day=day))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12345")


def days(lake: Lake, dataset: str) -> list[int]:
    return [(TODAY - day).days for day in lake.days(dataset)]


@pytest.mark.parametrize("remove", [False, True])
def test_what_is_older_is_counted_and_removed_when_asked(tmp_path: Path, *, remove: bool) -> None:
    with an_installation(tmp_path) as perennial:
        perennial.simulated_now = NOON
        lake = perennial.engine.lake
        for dataset in (*DERIVED, *KEPT):
            for age in (0, 90, 91, 400):
                lay(lake, dataset, TODAY - timedelta(days=age))
        stranger = ProviderEvent(
            key=a_message("404").key, word=EventWord.DELIVERED, provider="sendgrid", at=NOON
        )
        for age in (1, 100):
            at = NOON - timedelta(days=age)
            claiming(perennial.ledger, [a_message(str(age), send_at=at, expires_at=NOON)], now=at)
        perennial.ledger.apply_events([stranger], received_at=NOON - timedelta(days=100))

        found = tidy(perennial, keep_days=90, remove=remove)

        assert found.partitions == dict.fromkeys(DERIVED, 2)
        assert (found.freed, found.unknown_reports, found.mailbox_hours) == (20, 1, 1)
        left = [90, 0] if remove else [400, 91, 90, 0]
        for dataset in DERIVED:
            assert days(lake, dataset) == left
        for dataset in KEPT:
            assert days(lake, dataset) == [400, 91, 90, 0]
        assert perennial.ledger.parked() == (0 if remove else 1)
        keys = [a_message(str(age)).key for age in (1, 100)]
        assert set(perennial.ledger.states(keys)) == set(keys)
        again = tidy(perennial, keep_days=90, remove=remove)
        assert again.partitions == dict.fromkeys(DERIVED, 0 if remove else 2)


def test_the_command_removes_nothing_unasked_and_keeps_a_month_at_least(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))
    lake = Lake(tmp_path / "lake")
    lay(lake, DERIVED[0], date(2020, 1, 1))

    counted = CliRunner().invoke(app, ["tidy", "--json"])
    refused = CliRunner().invoke(app, ["tidy", "--keep-days", "7", "--remove"])
    assert json.loads(counted.stdout)["removed"] is False
    assert refused.exit_code == 2
    assert len(lake.days(DERIVED[0])) == 1
    removed = CliRunner().invoke(app, ["tidy", "--remove"])
    assert removed.stdout.startswith("Removed: 1 partitions")
    assert lake.days(DERIVED[0]) == []
    assert not (tmp_path / "lake" / DERIVED[0] / "day=2020-01-01").exists()
