"""Where in whose file every tag of a finished template came from, so that errors point into the author's file.

Before the shop's words go in, an invisible mark is set in front of each tag of HTML and of each pair of curly
braces; parts, words and front matter carry their marks to wherever they end up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

from perennial.errors import Fault

_MARK = re.compile("\ue010(\\d+)\ue011")
_TAG = re.compile(r"\{\{|\{%|\{#|</?[A-Za-z!]")
_SIGHT = 600


@dataclass(frozen=True, kw_only=True)
class Place:
    """A spot in a file, and the text that follows it there."""

    path: Path
    line: int | None = None
    column: int | None = None
    following: str = field(default="", repr=False)

    def fault(self, message: str, *, hint: str | None = None, at: str = "") -> Fault:
        """A fault here, or where `at` stands after here."""
        found = re.search(at, self.following) if at else None
        if found is None or self.line is None or self.column is None:
            return Fault(
                path=self.path, line=self.line, column=self.column, message=message, hint=hint
            )
        before = self.following[: found.start()]
        lines = before.count("\n")
        column = len(before) - before.rfind("\n") if lines else self.column + len(before)
        return Fault(
            path=self.path, line=self.line + lines, column=column, message=message, hint=hint
        )


def place_at(path: Path, text: str, offset: int, *, line: int = 1, column: int = 1) -> Place:
    """The place of an offset in a text that begins at this line and column of the file."""
    before = text[:offset]
    lines = before.count("\n")
    return Place(
        path=path,
        line=line + lines,
        column=len(before) - before.rfind("\n") if lines else column + len(before),
        following=text[offset : offset + _SIGHT],
    )


class Marks:
    """The marks of one folder of templates."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    def set_in(
        self, environment: Environment, path: Path, text: str, *, line: int = 1, column: int = 1
    ) -> str:
        """The text with a mark before each tag that is not part of a tag of the environment."""

        def mark(offset: int) -> str:
            self._places.append(place_at(path, text, offset, line=line, column=column))
            return f"\ue010{len(self._places) - 1}\ue011"

        pieces = []
        for start, kind, piece in _known_tokens(environment, text):
            tags = _TAG.finditer(piece) if kind == "data" else ()
            last = 0
            for tag in tags:
                pieces += [piece[last : tag.start()], mark(start + tag.start())]
                last = tag.start()
            pieces.append(piece[last:])
        return "".join(pieces)

    def lay_out(self, marked: str, path: Path) -> LaidOut:
        """The text with each marked tag at the beginning of its own line, for parsers that count lines."""
        ids = [int(found[1]) for found in _MARK.finditer(marked)]
        text = _MARK.sub("\n", marked.replace("\n", " "))
        return LaidOut(text=text, places=(Place(path=path), *(self._places[i] for i in ids)))


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """A finished template with one tag a line, and the place of each line."""

    text: str
    places: tuple[Place, ...]

    def place(self, line: int) -> Place:
        return self.places[min(line, len(self.places)) - 1]


def without_marks(marked: str) -> str:
    """The text as it was before the marks were set."""
    return _MARK.sub("", marked)


def tokens(environment: Environment, text: str) -> Iterator[tuple[int, str, str]]:
    """Offset, kind and text of all that the environment sees; one piece of data where it cannot read the text."""
    try:
        lexed = [(kind, value) for _, kind, value in environment.lex(text)]
    except TemplateSyntaxError:
        lexed = [("data", text)]
    end = 0
    for kind, value in lexed:
        start = text.index(value, end)
        # What lies between two tokens is white space that a minus sign in a tag takes away.
        yield from [(end, "space", text[end:start])] if start > end else []
        end = start + len(value)
        yield start, kind, value
    if end < len(text):
        yield end, "space", text[end:]


@lru_cache(maxsize=2048)
def _known_tokens(environment: Environment, text: str) -> Sequence[tuple[int, str, str]]:
    """The same, found out once for each text: whoever edits one file has all others read again and again."""
    return tuple(tokens(environment, text))
