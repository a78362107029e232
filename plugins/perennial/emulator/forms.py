"""The form of a page, as somebody at a screen sees it: what may be chosen, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

Attributes = list[tuple[str, str | None]]


@dataclass(kw_only=True)
class Form:
    """A form that is posted: what is filled in already, what may be chosen under a name, and what may be written."""

    action: str
    filled: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(kw_only=True)
class Page:
    """A page's language, and its forms."""

    language: str | None = None
    forms: list[Form] = field(default_factory=list)


def read_page(html: str, url: str) -> Page:
    """What a page at an address offers."""
    reader = _Reader(url)
    reader.feed(html)
    return reader.page


def links_in(html: str) -> list[str]:
    """Where the links of a text in HTML lead."""
    reader = _Reader("")
    reader.feed(html)
    return reader.links


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._form: Form | None = None
        self.page = Page()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.page.language = given.get("lang")
        elif tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form":
            self._form = Form(action=urljoin(self._url, given.get("action", "")))
            if given.get("method", "").lower() == "post":
                self.page.forms.append(self._form)
        elif self._form is not None:
            self._note(self._form, tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _note(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value, kind = given.get("name", ""), given.get("value", ""), given.get("type", "")
        if not name:
            return
        if tag == "button":
            form.buttons.append((name, value))
        elif tag == "textarea":
            form.texts.add(name)
        elif tag == "input" and kind == "radio":
            form.choices.setdefault(name, []).append(value)
            if "checked" in given:
                form.filled[name] = value
        elif tag == "input" and (kind != "checkbox" or "checked" in given):
            form.filled[name] = value
