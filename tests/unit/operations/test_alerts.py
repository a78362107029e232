"""Operators are told what has happened, where, and what to do; never about whom."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger_builder import NOON, a_message, a_receipt, beginning, claiming
from perennial.cli.commands import app
from perennial.cli.reference import pages
from perennial.ledger.store import Ledger
from perennial.model.words import MessageState
from perennial.operations.alerts import ALERTS, raised
from perennial.operations.figures import FIGURES
from perennial.operations.samples import Sample
from perennial.settings import PROJECT

PLUGINS = PROJECT / "plugins" / "perennial"


def alerts(figure: str, value: float, labels: Sequence[str] = ()) -> list[str]:
    assert len(FIGURES[figure].labels) == len(labels)
    return [each.alert for each in raised([Sample(figure=figure, value=value, labels=labels)])]


@pytest.mark.parametrize(
    ("figure", "labels", "good", "bad", "alert"),
    [
        ("perennial_night_age_days", (), 0, 1, "night_old"),
        ("perennial_night_datasets", ("stopped",), 0, 1, "night_stopped"),
        ("perennial_overdue_seconds", ("birthday",), 1800, 1801, "overdue"),
        ("perennial_doubts", (), 0, 1, "doubts_waiting"),
        ("perennial_brake", ("gmail",), 0, 1, "brake"),
    ],
)
def test_a_figure_raises_its_alert_from_where_it_is_bad(
    figure: str, labels: tuple[str, ...], good: float, bad: float, alert: str
) -> None:
    assert alerts(figure, good, labels) == []
    assert alerts(figure, bad, labels) == [alert]


def test_what_is_well_raises_nothing() -> None:
    assert alerts("perennial_night_datasets", 7, ("passed",)) == []


def test_every_alert_is_documented_with_its_cure_and_used_somewhere() -> None:
    files = [
        PLUGINS / "operations" / "alerts.py",
        *(PLUGINS / "orchestration" / f"{name}.py" for name in ("runs", "asking")),
    ]
    words = {
        node.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    page = pages()["alerts.md"]

    assert set(ALERTS) <= words
    for alert in ALERTS.values():
        assert f"## `{alert.id}`" in page
        assert alert.when in page
        assert alert.cure in page


def test_the_command_shows_what_stands_and_ends_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    quiet = CliRunner().invoke(app, ["alerts", "--json"])
    message = a_message()
    claiming(ledger, [message])
    beginning(ledger, [message])
    ledger.settle([a_receipt(message, MessageState.IN_DOUBT)], now=NOON)
    loud = CliRunner().invoke(app, ["alerts", "--json"])

    assert (quiet.exit_code, json.loads(quiet.stdout)) == (0, [])
    assert loud.exit_code == 1
    (row,) = json.loads(loud.stdout)
    assert (row["alert"], row["about"]) == ("doubts_waiting", "1 messages")
    assert ALERTS["doubts_waiting"].cure in row["text"]
