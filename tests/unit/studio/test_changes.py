"""A campaign may ask a second person about each change: until then nothing of it counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from perennial.pipeline.changes import hash_of
from perennial.settings import Settings
from perennial.steps.services import services
from studio_visits import OPERATOR, STEWARD, VIEWER, Door, studio_door

YAML = "campaigns/win_back.yaml"
WORDS = "templates/sms/win_back_hello/en.txt"
NASTY = "<script>alert(1)</script>{{7*7}}"


@pytest.fixture
def door(own_settings: Settings, project: Path) -> Iterator[Door]:
    """The Studio of a shop whose win-back asks a second person; mark edits."""
    text = (project / YAML).read_text()
    (project / YAML).write_text(text.replace("{above: 5000}", "{above: 5000, changes: true}"))
    with studio_door(own_settings, visitor=OPERATOR) as door:
        yield door


def _propose(door: Door, project: Path, file: str, old: str, new: str, reason: str = "why") -> str:
    """Sends off the editor's form, and says where the change waits."""
    before = (project / file).read_text()
    assert old in before
    form = {"file": file, "text": before.replace(old, new), "seen": hash_of(before), "do": "save"}
    told = door.send("/campaigns/win_back/edit", {**form, "reason": reason})
    assert told.status == 303
    assert "proposed" in told.headers["Location"]
    assert (project / file).read_text() == before
    page = door.see(f"/campaigns/win_back/versions?file={file}").html
    return page.partition('href="/studio/approvals/changes/')[2].partition('"')[0]


def test_a_saved_change_waits_and_counts_once_somebody_else_has_approved_it(
    door: Door, project: Path, own_settings: Settings
) -> None:
    ann = door.as_(STEWARD)
    edit = door.see("/campaigns/win_back/edit")
    id_ = _propose(door, project, WORDS, "[[ shop.sms_name ]]:", "[[ shop.sms_name ]] –", NASTY)
    shown = {
        path: ann.see(path)
        for path in ("/", "/approvals", f"/approvals/changes/{id_}", "/campaigns/win_back/versions")
    }
    path = f"/approvals/changes/{id_}"
    own = door.send(path, {"option": "Approve", "reason": "mine"})
    viewer = door.as_(VIEWER).send(path, {"option": "Approve", "reason": "mine"})
    unreasoned = ann.send(path, {"option": "Approve", "reason": " "})
    before = (project / WORDS).read_text()
    told = ann.send(path, {"option": "Approve", "reason": "warmer"})
    again = ann.send(path, {"option": "Approve", "reason": "warmer"})

    assert ">Propose</button>" in edit.html
    for address, page in shown.items():
        assert page.status == 200, address
        assert "<script>alert" not in page.html
        assert NASTY in page.text, address
    assert "+[[ shop.sms_name ]] –" in shown[path].text
    assert shown[path].html.count('class="bubble"') == 1, "the approver sees how it would read"
    assert (own.status, viewer.status, unreasoned.status) == (409, 403, 409)
    assert "[[ shop.sms_name ]]:" in before
    assert told.status == 303
    assert again.status == 409
    assert "[[ shop.sms_name ]] –" in (project / WORDS).read_text()
    with services(own_settings) as perennial:
        deeds = [(e.action, e.actor) for e in perennial.ledger.audit_log()][::-1]
    assert deeds[-3:] == [("proposed", "mark"), ("released", "ann"), ("edited", "mark")]


def test_who_proposed_a_change_sees_that_somebody_else_answers_and_may_take_it_back(
    door: Door, project: Path
) -> None:
    id_ = _propose(door, project, YAML, "priority: 40", "priority: 41")
    page = door.see(f"/approvals/changes/{id_}")
    told = door.send(f"/approvals/changes/{id_}", {"option": "Reject", "reason": "not yet"})
    versions = door.see("/campaigns/win_back/versions")

    assert "comes from somebody else" in page.text
    assert ">Take it back</button>" in page.html
    assert 'value="Approve" disabled' in page.html
    assert told.status == 303
    assert "taken back by mark: not yet" in versions.text
    assert "priority: 40" in (project / YAML).read_text()


def test_a_change_whose_file_is_another_one_by_now_cannot_be_approved(
    door: Door, project: Path
) -> None:
    id_ = _propose(door, project, YAML, "priority: 40", "priority: 41")
    (project / YAML).write_text((project / YAML).read_text() + "# by git\n")
    ann = door.as_(STEWARD)
    page = ann.see(f"/approvals/changes/{id_}")
    listed = ann.see("/approvals")
    told = ann.send(f"/approvals/changes/{id_}", {"option": "Approve", "reason": "good"})

    assert 'value="Approve" disabled' in page.html
    assert "the file has changed since" in listed.text
    assert told.status == 409
    assert "Propose it anew" in told.text
    assert "priority: 40" in (project / YAML).read_text()
    assert "fell through" in ann.see("/campaigns/win_back/versions").text


def test_going_back_is_proposed_too(door: Door, project: Path) -> None:
    ann = door.as_(STEWARD)
    id_ = _propose(door, project, YAML, "priority: 40", "priority: 41")
    ann.send(f"/approvals/changes/{id_}", {"option": "Approve", "reason": "good"})
    form = {"file": YAML, "number": "1", "seen": hash_of((project / YAML).read_text())}
    told = door.send("/campaigns/win_back/versions", {**form, "reason": "too much"})

    assert told.status == 303
    assert "proposed" in told.headers["Location"]
    assert "priority: 41" in (project / YAML).read_text()


@pytest.mark.parametrize("id_", ["0", "7", "x", "%C2%B2", "9" * 30])
def test_a_change_that_nobody_proposed_is_not_there(door: Door, id_: str) -> None:
    form = {"option": "Approve", "reason": "x"}

    assert door.see(f"/approvals/changes/{id_}").status in {404, 409}
    assert door.send(f"/approvals/changes/{id_}", form).status in {404, 409}
