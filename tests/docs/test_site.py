"""The documentation site is whole: every page, no broken link, nothing fetched from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from perennial.settings import PROJECT

FETCHED = re.compile(r"""<(?:script|img|link)[^>]*(?:src|rel="stylesheet" href)="(https?:)?//""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` builds it; a broken link or a page that nobody lists ends it with an error."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(PROJECT / "mkdocs.yml"), site_dir=str(folder)))
    return folder


def test_every_page_is_in_the_site_and_in_its_navigation(site: Path) -> None:
    pages = {path.relative_to(PROJECT / "docs") for path in (PROJECT / "docs").rglob("*.md")}
    made = {page.with_name("index.md" if page.name == "README.md" else page.name) for page in pages}
    home = (site / "index.html").read_text(encoding="utf-8")
    navigation = home[home.index("<nav") : home.index("<article")]

    assert [page for page in made if not (site / page.with_suffix(".html")).is_file()] == []
    listed = [
        page for page in made if f'href="{page.with_suffix(".html").as_posix()}"' in navigation
    ]
    assert sorted(listed) == sorted(made)


def test_a_page_that_is_linked_outside_of_the_folder_comes_along(site: Path) -> None:
    assert (site / "SECURITY.html").is_file()
    assert 'href="SECURITY.html"' in (site / "index.html").read_text(encoding="utf-8")


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = [page for page in site.rglob("*.html") if FETCHED.search(page.read_text("utf-8"))]
    assert fetched == []
