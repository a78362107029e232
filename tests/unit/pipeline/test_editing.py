"""What a run that has begun goes on from is not changed under it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_builder import DAY, NOON, a_message, claiming, sent
from perennial.errors import PerennialError
from perennial.ledger.store import Ledger
from perennial.ledger.values import PlanRecord
from perennial.pipeline.changes import hash_of
from perennial.pipeline.editing import Editor
from perennial.settings import PROJECT

FILE = "campaigns/win_back.yaml"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    ledger.record_plan(
        PlanRecord(campaign="win_back", day=DAY, plan_hash="h", counts={"send": 1}, planned_at=NOON)
    )
    yield ledger
    ledger.close()


@pytest.fixture
def editor(tmp_path: Path, ledger: Ledger) -> Editor:
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copyfile(PROJECT / name, tmp_path / name)
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    return Editor(project=tmp_path, ledger=ledger, now=lambda: NOON, today=DAY)


def _save(editor: Editor) -> None:
    before = (editor.project / FILE).read_text()
    after = before.replace("priority: 40", "priority: 41")
    seen = editor.change(FILE, after, hash_of(before))
    editor.save([seen], by="ann", reason="a test")


def test_a_campaign_that_is_sending_is_saved_once_its_messages_have_left(
    editor: Editor, ledger: Ledger
) -> None:
    message = a_message()
    claiming(ledger, [message])
    with pytest.raises(PerennialError, match="1 have yet to leave"):
        _save(editor)
    assert "priority: 40" in (editor.project / FILE).read_text()
    assert ledger.versions_of(FILE) == []


def test_a_campaign_whose_messages_have_left_is_saved(editor: Editor, ledger: Ledger) -> None:
    sent(ledger, a_message())
    _save(editor)

    assert "priority: 41" in (editor.project / FILE).read_text()


def test_a_plan_that_nobody_has_begun_holds_nothing_up(editor: Editor) -> None:
    _save(editor)

    assert "priority: 41" in (editor.project / FILE).read_text()
