"""How subjects and plain texts are made tidy, told in a way that lets it be done piece by piece."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_TAG_LINES = re.compile(r"^[ \t]*((?:\{%(?:(?!%\}).)*%\}[ \t]*)+)\n", re.MULTILINE)
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class Tidying:
    """A text loses the white space at both ends, and its runs of certain characters become shorter.

    Nothing else may change: then a text may be cut anywhere but in such a run, and its pieces be made tidy alone.

    Args:
        runs: the characters whose runs become shorter; every white space where it is None.
        shorten: makes the runs of a text shorter.
        end: what stands after the tidy text.
    """

    runs: str | None
    shorten: Callable[[str], str]
    end: str = ""


def tidy_source(source: str) -> str:
    """The source of a plain text whose lines of tags alone leave no empty lines behind."""
    without_tag_lines = _TAG_LINES.sub(lambda found: found[1].rstrip(), source)
    return _without_empty_lines(_TRAILING.sub("", without_tag_lines)).strip()


def _without_empty_lines(text: str) -> str:
    """At most one empty line in a row."""
    return _EMPTY_LINES.sub("\n\n", text) if "\n\n\n" in text else text


def _with_single_spaces(text: str) -> str:
    return _SPACES.sub(" ", text)


ONE_LINE = Tidying(runs=None, shorten=_with_single_spaces)
SHORT_TEXT = Tidying(runs="\n", shorten=_without_empty_lines)
PLAIN_TEXT = Tidying(runs="\n", shorten=_without_empty_lines, end="\n")
