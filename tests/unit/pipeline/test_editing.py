"""What a run that has begun goes on from is not changed under it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_builder import DAY, NOON, a_message, claiming, sent
from perennial.errors import DefinitionError, PerennialError
from perennial.ledger.store import Ledger
from perennial.ledger.values import PlanRecord
from perennial.messages.templates import Templates, load_templates
from perennial.pipeline.changes import Change, changed_copy, hash_of
from perennial.pipeline.editing import Editor
from perennial.settings import PROJECT
from perennial.sources.shop_file import read_shop

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


@pytest.fixture(scope="module")
def compiled() -> Templates:
    return load_templates(PROJECT / "templates", read_shop(PROJECT / "shop.yaml"))


@pytest.fixture
def editor(tmp_path: Path, ledger: Ledger, compiled: Templates) -> Editor:
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copyfile(PROJECT / name, tmp_path / name)
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    return Editor(
        project=tmp_path, ledger=ledger, now=lambda: NOON, today=DAY, known=lambda: compiled
    )


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


WORDS = "templates/sms/win_back_hello/en.txt"
OWN = "campaigns/birthday.yaml"


def _asks_for_a_second_person(editor: Editor) -> None:
    path = editor.project / FILE
    asked = path.read_text().replace("{above: 5000}", "{above: 5000, changes: true}")
    path.write_text(asked)


def _propose(editor: Editor, file: str, old: str, new: str, by: str = "mark") -> int:
    before = (editor.project / file).read_text()
    assert old in before
    change = editor.change(file, before.replace(old, new), hash_of(before))
    assert not editor.save([change], by=by, reason="a test")
    assert (editor.project / file).read_text() == before
    return editor.proposed_changes()[-1].version.id


def test_a_change_waits_where_the_campaign_asks_for_a_second_person(editor: Editor) -> None:
    _asks_for_a_second_person(editor)
    id_ = _propose(editor, FILE, "priority: 40", "priority: 41")
    with pytest.raises(PerennialError, match="somebody else"):
        editor.approve(id_, by="mark", reason="mine")
    assert "priority: 40" in (editor.project / FILE).read_text()
    (proposed,) = editor.proposed_changes()
    editor.approve(id_, by="ann", reason="good")

    assert (list(proposed.campaigns), proposed.void) == (["win_back"], False)
    assert "priority: 41" in (editor.project / FILE).read_text()
    assert editor.proposed_changes() == []


def test_the_words_of_such_a_campaign_wait_too_whoever_else_uses_them(editor: Editor) -> None:
    _asks_for_a_second_person(editor)
    _propose(editor, WORDS, "[[ shop.sms_name ]]:", "[[ shop.sms_name ]] –")
    before = (editor.project / OWN).read_text()
    other = editor.change(OWN, before.replace("priority: 90", "priority: 91"), hash_of(before))

    assert editor.save([other], by="mark", reason="a test"), "another campaign does not ask"


def test_who_takes_the_second_person_away_needs_one(editor: Editor) -> None:
    _asks_for_a_second_person(editor)
    id_ = _propose(editor, FILE, ", changes: true", "")
    _propose(editor, FILE, "priority: 40", "priority: 41")
    editor.approve(id_, by="ann", reason="we trust each other")

    assert editor.proposed_changes() == [], "what was made from another file has fallen through"
    _save(editor)
    assert "priority: 41" in (editor.project / FILE).read_text()


def test_who_asks_for_a_second_person_needs_none_yet(editor: Editor) -> None:
    before = (editor.project / FILE).read_text()
    after = before.replace("{above: 5000}", "{above: 5000, changes: true}")

    assert editor.save([editor.change(FILE, after, hash_of(before))], by="ann", reason="care")


def test_a_proposed_change_is_void_once_its_file_says_something_else(
    editor: Editor, ledger: Ledger
) -> None:
    _asks_for_a_second_person(editor)
    id_ = _propose(editor, FILE, "priority: 40", "priority: 41")
    path = editor.project / FILE
    path.write_text(path.read_text() + "# by git\n")
    assert [proposed.void for proposed in editor.proposed_changes()] == [True]
    with pytest.raises(PerennialError, match="changed since this was proposed"):
        editor.approve(id_, by="ann", reason="good")

    assert "priority: 40" in path.read_text()
    assert editor.proposed_changes() == []
    assert [e.action for e in ledger.audit_log()] == ["voided", "proposed"]


def test_a_proposed_change_that_would_be_a_mistake_by_now_is_not_approved(editor: Editor) -> None:
    _asks_for_a_second_person(editor)
    id_ = _propose(editor, FILE, "channels: [email, sms]", "channels: [sms, email]")
    shutil.rmtree(editor.project / "templates" / "sms" / "win_back_offer_15")
    with pytest.raises(DefinitionError, match="has no words for sms"):
        editor.approve(id_, by="ann", reason="good")

    assert len(editor.proposed_changes()) == 1


def test_a_proposed_change_is_not_approved_while_the_campaign_is_sending(
    editor: Editor, ledger: Ledger
) -> None:
    _asks_for_a_second_person(editor)
    id_ = _propose(editor, FILE, "priority: 40", "priority: 41")
    claiming(ledger, [a_message()])
    with pytest.raises(PerennialError, match="1 have yet to leave"):
        editor.approve(id_, by="ann", reason="good")

    assert "priority: 40" in (editor.project / FILE).read_text()
    assert len(editor.proposed_changes()) == 1


def test_going_back_waits_as_well_and_never_goes_to_what_did_not_count(editor: Editor) -> None:
    _asks_for_a_second_person(editor)
    id_ = _propose(editor, FILE, "priority: 40", "priority: 41")
    seen = hash_of((editor.project / FILE).read_text())
    with pytest.raises(PerennialError, match="no version 2"):
        editor.roll_back(FILE, 2, seen=seen, by="ann", reason="forward")
    editor.approve(id_, by="ann", reason="good")
    seen = hash_of((editor.project / FILE).read_text())

    assert not editor.roll_back(FILE, 1, seen=seen, by="mark", reason="too much")
    assert [p.version.author for p in editor.proposed_changes()] == ["mark"]


def test_what_is_tried_out_never_touches_the_files_of_the_project(editor: Editor) -> None:
    before = (editor.project / FILE).read_text()
    change = Change(file=FILE, before=before, after="title: another\n")
    with changed_copy(editor.project, [change]) as copy:
        said = (copy / FILE).read_text()
        beside = {path.name: path.read_text() for path in (copy / "campaigns").iterdir()}
        words = sorted(path.name for path in copy.glob("templates/email/win_back_hello/*"))

    assert said == "title: another\n"
    assert (editor.project / FILE).read_text() == before
    assert beside == {
        path.name: path.read_text() if path.name != "win_back.yaml" else said
        for path in (editor.project / "campaigns").iterdir()
    }
    assert words == sorted(
        path.name for path in editor.project.glob("templates/email/win_back_hello/*")
    )
