"""What waits for a second person is seen and answered by command, too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from perennial.cli.commands import app
from perennial.errors import LedgerError, PerennialError, SettingsError
from perennial.pipeline.changes import Change
from perennial.settings import PROJECT, Settings
from perennial.steps.services import services

FILE = "campaigns/win_back.yaml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose win-back asks a second person, in an installation of its own."""
    project = tmp_path / "project"
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, project)
    text = (project / FILE).read_text()
    (project / FILE).write_text(text.replace("{above: 5000}", "{above: 5000, changes: true}"))
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PERENNIAL_PROJECT", str(project))
    return project


@pytest.fixture
def number(tmp_path: Path, project: Path) -> str:
    """By which number mark's proposed change goes."""
    before = (project / FILE).read_text()
    after = before.replace("priority: 40", "priority: 41")
    with services(Settings(home=tmp_path / "home", project=project)) as perennial:
        change = Change(file=FILE, before=before, after=after)
        perennial.editor.save([change], by="mark", reason="more weight")
        return str(perennial.editor.proposed_changes()[0].version.id)


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["changes", *words])
    if isinstance(result.exception, PerennialError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_change_is_listed_shown_and_approved_by_somebody_else(number: str, project: Path) -> None:
    (listed,) = json.loads(run("--json"))
    shown = run(number)
    with pytest.raises(LedgerError, match="somebody else"):
        run(number, "--approve", "--reason", "mine", "--by", "mark")
    told = run(number, "--approve", "--reason", "good", "--by", "ann")

    assert (listed["file"], listed["by"], listed["void"]) == (FILE, "mark", False)
    assert "-priority: 40" in shown
    assert "+priority: 41" in shown
    assert "counts from the next plan on" in told
    assert "priority: 41" in (project / FILE).read_text()
    assert "No change waits" in run()


def test_a_change_is_rejected_with_a_reason(number: str, project: Path) -> None:
    for words in (["--reject"], ["--reject", "--approve", "--reason", "x"]):
        with pytest.raises(SettingsError, match="Nothing was answered"):
            run(number, *words)
    with pytest.raises(SettingsError, match="Nothing was answered"):
        run("--approve", "--reason", "x")
    assert "more weight" in run()
    told = run(number, "--reject", "--reason", "too much", "--by", "ann")

    assert "stays as it is" in told
    assert "priority: 40" in (project / FILE).read_text()
    with pytest.raises(PerennialError, match="any more"):
        run(number)
