"""A campaign and its words are edited in the Studio: checked, kept as versions, brought back, or taken as a patch."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from one_night import DAY
from perennial.model.words import AuditAction
from perennial.pipeline.changes import hash_of
from perennial.settings import Settings
from perennial.steps.services import services
from studio_visits import OPERATOR, VIEWER, Door, studio_door

YAML = "campaigns/win_back.yaml"
WORDS = "templates/sms/win_back_hello/en.txt"


@pytest.fixture
def door(own_settings: Settings) -> Iterator[Door]:
    with studio_door(own_settings, visitor=OPERATOR) as door:
        yield door


def _form(project: Path, file: str, text: str, do: str = "save", **more: str) -> dict[str, str]:
    seen = hash_of((project / file).read_bytes().decode())
    return {"file": file, "text": text, "seen": seen, "do": do, "reason": "a test", **more}


def test_a_save_is_written_and_kept_with_who_and_why(
    door: Door, project: Path, own_settings: Settings
) -> None:
    before = (project / YAML).read_text()
    after = before.replace('send_at: "10:30"', 'send_at: "11:15"')
    typed = after.replace("\n", "\r\n")  # as browsers send it
    told = door.send("/campaigns/win_back/edit", _form(project, YAML, typed))

    assert told.status == 303
    assert (project / YAML).read_text() == after
    assert [path.name for path in (project / "campaigns").iterdir() if ".new" in path.name] == []
    with services(own_settings) as perennial:
        versions = perennial.ledger.versions_of(YAML)
        (entry,) = perennial.ledger.audit_log(action=AuditAction.EDITED)
    assert [(v.number, v.content) for v in versions] == [(2, after), (1, before)]
    assert (versions[0].author, versions[0].reason) == ("mark", "a test")
    assert (entry.actor, entry.subject) == ("mark", YAML)
    assert "11:15" in door.see("/campaigns/win_back").text


def test_a_mistake_is_said_as_check_says_it_and_nothing_is_saved(door: Door, project: Path) -> None:
    before = (project / YAML).read_text()
    wrong = before.replace("priority: 40", "priorty: 40").replace("orders >= 2", "ordres >= 2")
    page = door.send("/campaigns/win_back/edit", _form(project, YAML, wrong))
    live = door.send("/campaigns/win_back/check", _form(project, YAML, wrong))

    assert page.status == 409
    for shown in (page.text, live.text):
        assert re.search(r"campaigns/win_back.yaml:\d+:\d+: .*priorty", shown)
        assert "ordres" in shown
    assert (project / YAML).read_text() == before


def test_a_file_that_changed_meanwhile_is_not_written_over(door: Door, project: Path) -> None:
    text = (project / YAML).read_text()
    form = _form(project, YAML, text.replace("priority: 40", "priority: 41"))
    (project / YAML).write_text(text.replace("priority: 40", "priority: 42"))
    page = door.send("/campaigns/win_back/edit", form)

    assert page.status == 409
    assert "has changed since this page was opened" in page.text
    assert "priority: 41" in page.text, "what was typed is not lost"
    assert "priority: 42" in (project / YAML).read_text()


def test_a_save_needs_a_reason(door: Door, project: Path) -> None:
    text = (project / YAML).read_text()
    form = _form(project, YAML, text.replace("priority: 40", "priority: 41"), reason="  ")
    page = door.send("/campaigns/win_back/edit", form)

    assert page.status == 409
    assert (project / YAML).read_text() == text


def test_a_field_changes_one_value_and_no_comment(door: Door, project: Path) -> None:
    before = (project / YAML).read_text()
    fields = {"f.priority": "45", "w.priority": "40", "f.holdout": "10%", "w.holdout": "10%"}
    told = door.send("/campaigns/win_back/edit", _form(project, YAML, before, **fields))

    assert told.status == 303
    assert (project / YAML).read_text() == before.replace("priority: 40", "priority: 45")


def test_words_are_edited_in_each_language(door: Door, project: Path) -> None:
    page = door.see(f"/campaigns/win_back/edit?file={WORDS}")
    text = (project / WORDS).read_text().replace("[[ shop.sms_name ]]:", "[[ shop.sms_name ]] –")
    told = door.send("/campaigns/win_back/edit", _form(project, WORDS, text))

    assert page.html.count('aria-current="page"') == 2
    assert "sms/win_back_hello/ru.txt" in page.text
    assert told.status == 303
    assert (project / WORDS).read_text() == text


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("{{ first_name.__class__.__mro__ }}", id="case 37: a way out of the sandbox"),
        pytest.param("{{ shop.secret }}", id="case 37: what is no merge field"),
        pytest.param("{{ 7 * 7 }}", id="case 37: a sum"),
        pytest.param("[% include '../../../shop.yaml' %]", id="case 37: a file of the machine"),
    ],
)
def test_words_that_do_more_than_print_are_refused(door: Door, project: Path, words: str) -> None:
    before = (project / WORDS).read_text()
    page = door.send("/campaigns/win_back/edit", _form(project, WORDS, before.rstrip() + words))

    assert page.status == 409
    assert (project / WORDS).read_text() == before


def test_what_is_typed_is_shown_as_text(door: Door, project: Path) -> None:
    typed = "</textarea><script>alert(1)</script>{{7*7}}\"'><img src=x>"
    page = door.send("/campaigns/win_back/edit", _form(project, YAML, typed, do="check"))

    assert "<script>alert" not in page.html
    assert "<img" not in page.html
    assert typed in page.text


@pytest.mark.parametrize(
    "file", ["shop.yaml", "../shop.yaml", "/etc/passwd", "campaigns/none.yaml"]
)
def test_only_files_of_the_campaign_are_edited(door: Door, project: Path, file: str) -> None:
    before = (project / "shop.yaml").read_text()
    form = {"file": file, "text": "x", "seen": hash_of(None), "do": "save", "reason": "x"}

    assert door.see(f"/campaigns/win_back/edit?file={file}").status == 404
    assert door.send("/campaigns/win_back/edit", form).status == 404
    assert door.see("/campaigns/none/edit").status == 409
    assert (project / "shop.yaml").read_text() == before


def test_a_patch_is_taken_by_git(door: Door, project: Path) -> None:
    text = (project / YAML).read_text().replace("priority: 40", "priority: 41")
    patch = door.send("/campaigns/win_back/edit", _form(project, YAML, text, do="patch"))
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)  # noqa: S607 - whichever git is there
    subprocess.run(
        ["git", "apply", "-"],  # noqa: S607 - whichever git is there
        cwd=project,
        input=patch.html.encode(),
        check=True,
    )

    assert patch.headers["Content-Disposition"] == 'attachment; filename="win_back.patch"'
    assert (project / YAML).read_text() == text


def test_in_read_only_mode_nothing_is_saved(own_settings: Settings, project: Path) -> None:
    before = (project / YAML).read_text()
    form = _form(project, YAML, before.replace("priority: 40", "priority: 41"))
    read_only = own_settings.model_copy(update={"studio_read_only": True})
    with studio_door(read_only, visitor=OPERATOR) as door:
        page = door.see("/campaigns/win_back/edit")
        told = door.send("/campaigns/win_back/edit", form)

    assert 'value="save"' not in page.html
    assert told.status == 409
    assert "by pull request" in told.text
    assert (project / YAML).read_text() == before


def test_a_version_is_brought_back_as_a_new_one(
    door: Door, project: Path, own_settings: Settings
) -> None:
    before = (project / YAML).read_text()
    after = before.replace("priority: 40", "priority: 41")
    door.send("/campaigns/win_back/edit", _form(project, YAML, after))
    page = door.see("/campaigns/win_back/versions?number=1")
    form = {"file": YAML, "number": "1", "seen": hash_of(after), "reason": "too much"}
    viewer = door.as_(VIEWER).send("/campaigns/win_back/versions", form)
    told = door.send("/campaigns/win_back/versions", form)

    assert "priority: 41" in page.text
    assert viewer.status == 403
    assert told.status == 303
    assert (project / YAML).read_text() == before
    with services(own_settings) as perennial:
        assert [v.content for v in perennial.ledger.versions_of(YAML)] == [before, after, before]


def test_the_audience_is_counted_as_its_rule_stands_in_the_form(
    door: Door, project: Path, own_settings: Settings
) -> None:
    text = (project / YAML).read_text()
    text = re.sub(r"where: .*", "where: orders >= 1", text)
    page = door.send("/campaigns/win_back/check", _form(project, YAML, text))
    with services(own_settings) as perennial:
        perennial.engine.view("night", perennial.engine.lake.partitions("customer_features")[-1])
        (known,) = perennial.engine.rows(
            "select count(*) as n, count(*) filter (where orders >= 1) as meet,"
            " count(*) filter (where orders >= 1 and last_order_id is not null) as members from night"
        )

    assert f"{known['meet']} of {known['n']} customers meet the condition on {DAY}" in page.text
    assert f"{known['members']} of them are in the audience" in page.text


def test_a_file_that_cannot_be_read_can_be_mended(door: Door, project: Path) -> None:
    sound = (project / YAML).read_text()
    (project / YAML).write_text(sound.replace("title:", "title"))
    page = door.see("/campaigns/win_back/edit")
    told = door.send("/campaigns/win_back/edit", _form(project, YAML, sound))

    assert page.status == 200
    assert told.status == 303
    assert (project / YAML).read_text() == sound


def test_a_new_campaign_begins_from_a_starter(door: Door, own_settings: Settings) -> None:
    page = door.see("/campaigns/new")
    form = {"starter": "0:second_order", "title": "Второй заказ <b>", "name": "welcome_back"}
    told = door.send("/campaigns/new", form)
    again = door.send("/campaigns/new", form)
    seen = door.see("/campaigns/welcome_back/edit")

    assert "0:newsletter" in page.html
    assert told.status == 303
    assert told.headers["Location"].startswith("/studio/campaigns/welcome_back/edit")
    assert again.status == 409
    assert seen.status == 200
    assert "<b>" not in seen.html
    assert "sms/welcome_back/ru.txt" in seen.text
    with services(own_settings) as perennial:
        campaign = perennial.campaign("welcome_back")
        versions = perennial.ledger.versions_of("campaigns/welcome_back.yaml")
    assert campaign.title == "Второй заказ <b>"
    assert campaign.approval.above == 0
    assert [(v.number, v.author) for v in versions] == [(1, "mark")]
