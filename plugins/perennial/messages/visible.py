"""What a reader of an email sees: its words and its links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from perennial.messages.cleaning import one_line

_VOID = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    )
)
_UNSEEN = frozenset(("head", "style", "script", "title"))
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)|mso-hide\s*:\s*all",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """The visible words of an email on one line, and the words of each visible link."""

    text: str
    links: dict[str, str]


def read_page(html: str) -> Page:
    """What a reader sees of this HTML."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(
        text=one_line("".join(reader.words)),
        links={href: one_line("".join(words)) for href, words in reader.links.items()},
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: dict[str, list[str]] = {}
        self._open: list[tuple[str, bool]] = []
        self._href: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        hides = tag in _UNSEEN or "hidden" in given or _HIDDEN.search(given.get("style") or "")
        if tag in _VOID:
            self.words.append(" ")
            return
        self._open.append((tag, bool(hides)))
        if tag == "a" and (href := given.get("href")) and self._is_seen():
            self._href = href
            self.links.setdefault(href, [])

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None
        if tag in (name for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass
        if tag != "a":
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._is_seen():
            return
        self.words.append(data)
        if self._href is not None:
            self.links[self._href].append(data)

    def _is_seen(self) -> bool:
        return not any(hides for _, hides in self._open)
