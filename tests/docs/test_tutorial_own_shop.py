"""The second tutorial, walked through from top to bottom on a smaller shop's files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from perennial.sample.dialects import Dialect
from perennial.sample.exporting import export_sample
from perennial.settings import PROJECT
from walked_page import Walked, misquoted, walk_through

pytestmark = pytest.mark.sample

DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own_shop")
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, folder)
    return folder


@pytest.fixture(scope="module")
def walk(folder: Path) -> Iterator[list[Walked]]:
    """Does what the page says, in a copy of what people edit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PERENNIAL_PROJECT", ".")
        patch.setenv("PERENNIAL_HOME", ".perennial/own-shop")
        patch.setenv("PERENNIAL_CLOCK", "simulated")
        page = (PROJECT / "docs" / "tutorial-own-shop.md").read_text(encoding="utf-8")
        yield walk_through(page, _export_small_shop)


def _export_small_shop() -> None:
    export_sample(Path("exports"), Dialect.SPANISH, shift_to=DAY, households=100)


def test_every_command_of_the_second_tutorial_ends_as_the_page_says(walk: list[Walked]) -> None:
    assert [(w.command, w.said) for w in walk if w.exit != w.expected_exit] == []
    assert len(walk) >= 15


def test_what_the_second_tutorial_shows_is_what_is_said(walk: list[Walked]) -> None:
    assert misquoted(walk) == []


def test_not_one_row_of_the_files_is_put_aside(walk: list[Walked]) -> None:
    (listed,) = (w.said for w in walk if w.command.startswith("perennial quarantine"))

    assert "wrong_type" not in listed
    assert "status_known" not in listed


def test_whoever_cleans_up_has_what_was_there_before(walk: list[Walked], folder: Path) -> None:
    assert walk
    before = (PROJECT / "shop.yaml").read_text(encoding="utf-8")
    assert (folder / "shop.yaml").read_text(encoding="utf-8") == before
    assert not (folder / "exports").exists()
