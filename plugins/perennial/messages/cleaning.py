"""Text and links from the shop's data, made fit for a message.

What a customer typed is never evaluated and never trusted: what could break a line, turn the direction of the
text or hide in it goes, everything else stays as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from perennial.messages.graphemes import cut_graphemes, split_graphemes

_NAME_LIMIT = 40
# Many people share a name.
_NAMES = 16_384
_TEXT_LIMIT = 80
_URL_LIMIT = 2000
# Marks may be stacked without end; nobody's name needs more than this many code points a character.
_STACK = 8
_BREAKS = "\t-\r\x1c-\x1f\x85\u2028\u2029"
_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff"
)
_TROUBLE = re.compile(f"[{_BREAKS}{_INVISIBLE}]")
_HIDDEN = re.compile(f"[{_INVISIBLE}]")
_BREAK = re.compile(f"[{_BREAKS}]+")
_NOTHING = frozenset(("", "null", "nil", "nan", "none", "undefined", "n/a", "#n/a", "nat"))
_URL = re.compile(r"https?://[^\s\"'<>\\^`{|}]+", re.IGNORECASE)


def clean_text(text: str) -> str:
    """The text on one line, composed, without what controls or hides."""
    if text.isascii():
        return text.strip() if text.isprintable() else _without_trouble(text).strip()
    return _without_trouble(unicodedata.normalize("NFC", text)).strip()


def short_text(text: str) -> str | None:
    """A name of a thing: clean, and cut where it is longer than a line; nothing where it is empty."""
    clean = clean_text(text)[: _TEXT_LIMIT * _STACK]
    return None if clean.casefold() in _NOTHING else cut_graphemes(clean, _TEXT_LIMIT)


@lru_cache(_NAMES)
def given_name(text: str) -> str | None:
    """A name to greet a person by, or nothing where one had better greet without."""
    clean = clean_text(text)
    if clean.casefold() in _NOTHING or len(clean) > _NAME_LIMIT * _STACK:
        return None
    return clean if len(split_graphemes(clean)) <= _NAME_LIMIT else None


def safe_url(text: str) -> str | None:
    """A web link, or nothing where it is anything else, such as a script."""
    fits = len(text) <= _URL_LIMIT and not has_breaks(text) and _URL.fullmatch(text)
    return text if fits else None


def one_line(text: str) -> str:
    """The text with every run of white space and every line break as one space."""
    return " ".join(text.split())


def has_breaks(text: str) -> bool:
    """Whether the text could end a line or a header."""
    return not (text.isascii() and text.isprintable()) and bool(_TROUBLE.search(text))


def _without_trouble(text: str) -> str:
    if not _TROUBLE.search(text):
        return text
    return _BREAK.sub(" ", _HIDDEN.sub("", text))
