"""Makes the documentation site out of docs/: the hooks that mkdocs.yml names.

The navigation is what docs/README.md lists, so a page is named once. What pages link to outside of docs/ comes along.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PROJECT = Path(__file__).resolve().parent.parent
HOME = "README.md"
_SECTION = re.compile(r"^## (?P<title>.+)$")
_LISTED = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<target>[^)#\s]+\.md)\)")
_LINK = re.compile(r"\]\((?P<target>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)")
# The front page of the repository is for whoever has not cloned it yet; here it would be a second one.
_NOT_HERE = {"README.md": f"docs/{HOME}"}
_DECISIONS = "decisions/"
_ICON = "plugins/perennial/studio/static/icon.svg"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Takes the navigation from docs/README.md."""
    config.nav = list(_navigation((PROJECT / "docs" / HOME).read_text(encoding="utf-8")))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what the pages link to outside of docs/, page by page until nothing new is linked to."""
    files.append(File.generated(config, "images/icon.svg", abs_src_path=str(PROJECT / _ICON)))
    waiting = [f"docs/{file.src_uri}" for file in files.documentation_pages()]
    while waiting:
        page = waiting.pop()
        for target in sorted(_outside(page)):
            if files.get_file_from_path(target) is None:
                files.append(File.generated(config, target, abs_src_path=str(PROJECT / target)))
                if target.endswith(".md"):
                    waiting.append(target)
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Points links across the edge of docs/ to where their targets are in the site."""
    here = _in_project(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        target = _target(here, link["target"])
        if not (PROJECT / target).exists():
            return link[0]
        start = posixpath.dirname(page.file.src_uri) or "."
        return f"]({posixpath.relpath(_in_site(target), start)}{link['anchor'] or ''})"

    return _LINK.sub(moved, markdown)


def _navigation(text: str) -> Iterator[dict[str, Any]]:
    yield {"Documentation": HOME}
    begin: list[dict[str, Any]] = []
    sections: dict[str, list[dict[str, Any]]] = {"Begin": begin}
    pages, decisions = begin, list[dict[str, Any]]()
    for line in text.splitlines():
        if section := _SECTION.match(line):
            pages = sections.setdefault(section["title"], [])
        for listed in _LISTED.finditer(line):
            target = _in_site(_target(f"docs/{HOME}", listed["target"]))
            chosen = decisions if target.startswith(_DECISIONS) else pages
            title = _as_title(listed["title"])
            if all(target not in entry.values() for each in sections.values() for entry in each):
                chosen.append({title: target})
    sections["Decisions"] = decisions
    yield from ({title: entries} for title, entries in sections.items() if entries)


def _as_title(text: str) -> str:
    """With a capital, unless it is a file's name."""
    return text if "." in text else text[0].upper() + text[1:]


def _outside(page: str) -> set[str]:
    text = (PROJECT / page).read_text(encoding="utf-8")
    targets = {_target(page, link["target"]) for link in _LINK.finditer(text)}
    return {
        target
        for target in targets - set(_NOT_HERE)
        if not target.startswith("docs/") and (PROJECT / target).is_file()
    }


def _target(page: str, link: str) -> str:
    """What a link of a page means, from the root of the project."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    return _NOT_HERE.get(target, target)


def _in_project(uri: str) -> str:
    return f"docs/{uri}" if (PROJECT / "docs" / uri).exists() else uri


def _in_site(target: str) -> str:
    return target.removeprefix("docs/")
