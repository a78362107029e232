"""What may stand in the HTML of an email: nothing remote, nothing that runs, and customers' values only where they are safe."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from jinja2 import Environment

from perennial.messages.kinds import Kind, did_you_mean
from perennial.messages.places import tokens

_MJML = frozenset(
    (
        "mjml",
        "mj-head",
        "mj-body",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-breakpoint",
        "mj-html-attributes",
        "mj-selector",
        "mj-html-attribute",
        "mj-preview",
        "mj-style",
        "mj-title",
        "mj-accordion",
        "mj-accordion-element",
        "mj-accordion-text",
        "mj-accordion-title",
        "mj-button",
        "mj-carousel",
        "mj-carousel-image",
        "mj-column",
        "mj-divider",
        "mj-group",
        "mj-hero",
        "mj-image",
        "mj-navbar",
        "mj-navbar-link",
        "mj-raw",
        "mj-section",
        "mj-social",
        "mj-social-element",
        "mj-spacer",
        "mj-table",
        "mj-text",
        "mj-wrapper",
    )
)
_FORBIDDEN = {
    "mj-include": "Use [% include %], which reads templates only.",
    "mj-font": "Fonts are loaded from elsewhere; name fonts that readers have.",
    **dict.fromkeys(
        ("script", "iframe", "object", "embed", "form", "base", "link", "video", "audio"),
        "Mail programs block it, or it loads something remote.",
    ),
}
_LOADING = frozenset(("src", "srcset", "background", "background-url", "poster", "data", "icon"))
_SPOKEN = frozenset(("alt", "title", "aria-label"))
_LINK = re.compile(r"(?:https?://|mailto:|tel:|#|$)", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"@import|url\(\s*['\"]?(?!data:)", re.IGNORECASE)
_REMOTE_COMMENT = re.compile(r"(?:src|background)\s*=\s*['\"]?(?:https?:)?//|url\(", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"qz(\d+)([ot])zq")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BARE = re.compile(r"=\s*qz\d+[ot]zq")


@dataclass(frozen=True, kw_only=True)
class Construct:
    """One pair of curly braces: where it stands, and whether it prints something."""

    start: int
    end: int
    prints: bool


def find_constructs(environment: Environment, text: str) -> list[Construct]:
    """Every pair of curly braces in a template, in order."""
    found: list[Construct] = []
    start = 0
    for offset, kind, piece in tokens(environment, text):
        if kind in {"variable_begin", "block_begin", "comment_begin"}:
            start = offset
        elif kind in {"variable_end", "block_end", "comment_end"}:
            found.append(
                Construct(
                    start=start,
                    end=offset + len(piece.rstrip()),
                    prints=kind == "variable_end",
                )
            )
    return found


def mask(text: str, constructs: Sequence[Construct]) -> str:
    """The text with a plain word in place of each pair of curly braces, which no parser of markup trips over."""
    pieces, end = [], 0
    for number, construct in enumerate(constructs):
        pieces += [text[end : construct.start], f"qz{number}{'o' if construct.prints else 't'}zq"]
        end = construct.end
    return "".join([*pieces, text[end:]])


def unmask(masked: str, text: str, constructs: Sequence[Construct]) -> str:
    """The masked text with its curly braces back."""
    return _PLACEHOLDER.sub(
        lambda found: text[constructs[int(found[1])].start : constructs[int(found[1])].end], masked
    )


def lost_constructs(html: str, masked: str) -> list[int]:
    """The numbers of the pairs of curly braces that did not come through; comments may go."""
    came = set(_PLACEHOLDER.findall(html))
    went = dict.fromkeys(_PLACEHOLDER.findall(_COMMENT.sub("", masked)))
    return [int(number) for number, kind in went if (number, kind) not in came]


Blame = Callable[[int, str, str, str | None], None]


class MarkupCheck(HTMLParser):
    """Reads masked markup and blames what has no place in an email.

    `blame` is given a line, a pattern of the text to blame, a message and a hint. `kinds` tells what each masked pair
    of curly braces prints.
    """

    def __init__(self, blame: Blame, kinds: Sequence[Kind]) -> None:
        super().__init__()
        self._blame_at = blame
        self._kinds = kinds
        self._open: list[tuple[str, int]] = []
        self._in_style = False

    def check(self, masked: str) -> None:
        """Read it all."""
        self.feed(masked)
        self.close()
        for tag, line in self._open:
            self._blame_at(line, f"<{tag}", f"<{tag}> is never closed.", None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, attrs)
        if tag.startswith("mj"):
            self._open.append((tag, self.getpos()[0]))
        self._in_style = tag in {"style", "mj-style"}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
        if not tag.startswith("mj"):
            return
        if self._open and self._open[-1][0] == tag:
            self._open.pop()
        elif tag in (name for name, _ in self._open):
            while self._open[-1][0] != tag:
                name, line = self._open.pop()
                self._blame_at(line, f"<{name}", f"<{name}> is never closed.", None)
            self._open.pop()
        else:
            self._blame(f"</{tag}", f"</{tag}> closes nothing.")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._style(data)

    def handle_comment(self, data: str) -> None:
        if _REMOTE_COMMENT.search(data):
            self._blame("<!--", "A comment loads something remote.")

    def _blame(self, at: str, message: str, hint: str | None = None) -> None:
        self._blame_at(self.getpos()[0], at, message, hint)

    def _tag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = f"<{re.escape(tag)}"
        if tag in _FORBIDDEN:
            self._blame(at, f"<{tag}> is not for emails.", _FORBIDDEN[tag])
        elif tag.startswith("mj") and tag not in _MJML:
            self._blame(at, f"MJML knows no <{tag}>.", did_you_mean(tag, _MJML))
        if _BARE.search(self.get_starttag_text() or ""):
            self._blame(at, "A value stands in an attribute without quotes.")
        for name, value in attrs:
            self._attribute(name, (value or "").strip())

    def _attribute(self, name: str, value: str) -> None:
        at = re.escape(name)
        if name.startswith("on") and len(name) > 4:
            self._blame(at, f"`{name}` runs a script.")
        elif name == "href":
            self._href(value)
        elif name in _LOADING and value and not value.startswith("data:"):
            self._blame(at, f"`{name}` loads something remote.", "Say it in words or colours.")
        elif name == "style":
            self._style(value)
        elif name not in _SPOKEN and self._printed(value):
            self._blame(at, f"A customer's value has no place in `{name}`.")

    def _href(self, value: str) -> None:
        for number in self._printed(value):
            if self._kinds[number] not in {Kind.URL, Kind.UNKNOWN}:
                message = f"A link is made of {self._kinds[number].said}."
                self._blame("href", message, "Use a field that is a link.")
        if not _LINK.match(_PLACEHOLDER.sub("", value).strip()):
            self._blame("href", "A link starts with https://, http://, mailto: or tel:.")

    def _style(self, style: str) -> None:
        if self._printed(style):
            self._blame("style", "A customer's value has no place in a style.")
        if _REMOTE_STYLE.search(style):
            self._blame("style", "A style loads something remote.", "Use colours and system fonts.")

    def _printed(self, value: str) -> list[int]:
        return [int(found[1]) for found in _PLACEHOLDER.finditer(value) if found[2] == "o"]
