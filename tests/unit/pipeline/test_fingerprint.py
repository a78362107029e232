"""An approval counts for the words and rules that a plan goes out with, and for no others'."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from perennial.campaigns.reading import read_campaign
from perennial.pipeline.fingerprint import fingerprint
from perennial.settings import PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("campaigns", "templates"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, tmp_path)
    return tmp_path


def of_win_back(project: Path) -> str:
    return fingerprint(project, read_campaign(project / "campaigns" / "win_back.yaml"))


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ("templates/sms/win_back_hello/en.txt", True),
        ("templates/email/win_back_offer_15/ru.mjml", True),
        ("templates/email/layout.mjml", True),
        ("templates/email/parts/idea.txt", True),
        ("templates/words/es.yaml", True),
        ("campaigns/win_back.yaml", True),
        ("policy.yaml", True),
        ("shop.yaml", True),
        ("templates/sms/birthday/en.txt", False),
        ("templates/email/birthday/en.mjml", False),
        ("campaigns/birthday.yaml", False),
    ],
)
def test_whatever_shapes_the_messages_matters_and_nothing_else(
    project: Path, changed: str, *, matters: bool
) -> None:
    before = of_win_back(project)
    file = project / changed
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    assert (of_win_back(project) != before) is matters


def test_a_file_more_or_less_matters(project: Path) -> None:
    before = of_win_back(project)
    part = project / "templates" / "email" / "parts" / "news.txt"
    part.write_text("News", encoding="utf-8")
    more = of_win_back(project)
    part.unlink()

    assert more != before
    assert of_win_back(project) == before


def test_the_same_files_elsewhere_are_the_same(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(project, elsewhere)

    assert of_win_back(elsewhere) == of_win_back(project)
