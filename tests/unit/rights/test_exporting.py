from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from one_person import DAY, QUIRINA
from perennial.errors import UnknownPerson
from perennial.model.keys import customer_key
from perennial.pipeline.exporting import SECTIONS
from perennial.report.person_page import LOCALES, person_words
from perennial.settings import PROJECT
from perennial.steps.services import Perennial

WHO = {"by": "kim", "reason": "asked by letter"}


@pytest.fixture
def exported(perennial: Perennial, tmp_path: Path) -> Path:
    plan = perennial.plan("birthday", DAY)
    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)
    perennial.export(QUIRINA, tmp_path / "hers", **WHO)
    return tmp_path / "hers"


def test_machines_find_every_section(exported: Path) -> None:
    data = json.loads((exported / "person.json").read_text(encoding="utf-8"))

    assert data["format"] == "perennial-person/1"
    assert set(SECTIONS) <= set(data)
    assert data["accounts"][0]["birth_date"] == "1974-06-10"
    assert data["orders"][0]["total"] == "9.00"
    assert data["messages"][0]["campaign"] == "birthday"
    assert data["consents"][0]["said_by"] == "shop"
    assert data["put_aside"][0]["entry_id"] == "pts-zq-gift"


def test_the_page_speaks_the_language_of_the_person(exported: Path) -> None:
    page = (exported / "person.html").read_text(encoding="utf-8")

    assert '<html lang="es">' in page
    assert "Lo que guardamos sobre ti" in page
    assert "Quirina.Zapf@mail.example" in page
    assert "3 × Oats" in page


def test_only_the_user_who_exports_may_read_the_files(exported: Path) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in exported.iterdir()}

    assert modes == {0o600}


def test_an_export_is_in_the_audit_log_without_saying_whose(
    exported: Path, perennial: Perennial
) -> None:
    assert exported.exists()
    entries = perennial.audit()

    assert {(e.actor, e.action, e.reason) for e in entries} == {
        ("kim", "exported", "asked by letter")
    }
    assert customer_key(QUIRINA, perennial.secret) in {e.subject for e in entries}
    assert len(perennial.person(QUIRINA).exports) == 2


def test_nobody_of_that_id_is_exported(perennial: Perennial, tmp_path: Path) -> None:
    with pytest.raises(UnknownPerson):
        perennial.export("nobody", tmp_path / "out", **WHO)

    assert not (tmp_path / "out").exists()


def test_the_audit_shows_commands_and_rulings_in_one_time_line(perennial: Perennial) -> None:
    from perennial.model.words import Control

    perennial.command(Control.PAUSE, campaign="birthday", by="kim", reason="wrong price")
    perennial.erase(QUIRINA, **WHO)

    found = perennial.audit()

    assert [(d.action, d.subject) for d in found if d.action == "pause"] == [("pause", "birthday")]
    assert found == sorted(found, key=lambda d: d.at, reverse=True)
    assert {d.action for d in found} == {"pause", "erased"}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_the_same_words(locale: str) -> None:
    english, words = person_words()["en"], person_words()[locale]

    assert words.keys() == english.keys()
    for part in ("sections", "columns", "values"):
        assert words[part].keys() == english[part].keys()


def test_every_section_is_told_in_the_docs() -> None:
    page = (PROJECT / "docs" / "how-to" / "answer-a-person.md").read_text(encoding="utf-8")

    assert all(f"| `{name}` | {meaning} |" in page for name, meaning in SECTIONS.items())
