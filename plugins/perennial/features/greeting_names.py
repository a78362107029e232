"""A first name as one would write it in a greeting, or nothing where one had better greet without."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from functools import lru_cache

_GRAPHEMES = 40
_CODE_POINTS = 160
_LONGEST_READ = 400
_MARKS_IN_A_ROW = 4
_PASSES = 8
_JOINERS = "\u200c\u200d"
# Letters by name, blanks by sight.
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
_NOTHING = frozenset(
    ("null", "nil", "nan", "nat", "none", "undefined", "n/a", "na", "#n/a", "unknown", "test")
)
_PLACEHOLDER = re.compile(r"[{}<>\[\]\\|@]|%[a-z0-9_]+%?|\$\w|://|www\.", re.IGNORECASE)
# UTF-8 that was read as Latin-1 or Windows-1252: the first byte of a letter, then the rest of it.
_TAIL = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_GARBLED = re.compile(f"[Â-ß]{_TAIL}|[à-ï]{_TAIL}{_TAIL}|\ufffd")
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


@lru_cache(maxsize=200_000)
def greeting_name(said: str | None) -> str | None:
    """The name, clean and on one line, at most 40 characters as readers count them.

    Cleaning what is clean changes nothing: it is repeated until that is so.
    """
    name = (said or "")[:_LONGEST_READ]
    for _ in range(_PASSES):
        cleaned = _cleaned(name)
        if cleaned is None or cleaned == name:
            return cleaned
        name = cleaned
    return None


def _cleaned(name: str) -> str | None:
    name = _ungarbled(name)
    plain = name.isascii() and name.isalpha()
    visible = name if plain else _visible(unicodedata.normalize("NFC", name))
    if not _is_name(visible):
        return None
    name = _cut(_without_shouting(visible))
    return name if name and len(name) <= _CODE_POINTS else None


def _ungarbled(name: str) -> str:
    """Reads the bytes as UTF-8 again, as often as they were misread; unchanged where that is impossible."""
    for _ in range(_PASSES):
        if not _GARBLED.search(name) or (read := _read_again(name)) is None:
            break
        name = read
    return name


def _read_again(name: str) -> str | None:
    for charset in ("latin-1", "cp1252"):
        with suppress(UnicodeError):
            return name.encode(charset).decode("utf-8")
    return None


def _visible(name: str) -> str:
    """The name on one line, without what controls, hides, or turns the direction of text."""
    kept: list[str] = []
    marks = 0
    for character in name:
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        if category[0] == "Z" or character in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85":
            kept.append(" ")
        elif category[0] == "M":
            # Marks may be stacked without end; a name needs few, and none on nothing.
            if marks <= _MARKS_IN_A_ROW and kept and kept[-1] != " ":
                kept.append(character)
        elif (category[0] != "C" or character in _JOINERS) and character not in _FILLERS:
            kept.append(character)
    return " ".join(word.strip(_JOINERS) for word in "".join(kept).split()).strip()


def _is_name(name: str) -> bool:
    return (
        any(character.isalpha() for character in name)
        and name.casefold() not in _NOTHING
        and not _PLACEHOLDER.search(name)
        and not _GARBLED.search(name)
    )


def _without_shouting(name: str) -> str:
    """ANN as Ann; two letters are more likely initials."""
    if name.isupper() and sum(character.isalpha() for character in name) > 2:
        return unicodedata.normalize("NFC", name.title())
    return name


def _cut(name: str) -> str:
    """At most 40 graphemes; an accent or an emoji family is never cut in two."""
    if len(name) <= _GRAPHEMES:
        return name
    graphemes, flag_letters, before = 0, 0, ""
    for place, character in enumerate(name):
        flag_letters = flag_letters + 1 if ord(character) in _FLAG_LETTERS else 0
        if not _continues(character, before, flag_letters):
            graphemes += 1
            if graphemes > _GRAPHEMES:
                return name[:place].strip(f" {_JOINERS}")
        before = character
    return name


def _continues(character: str, before: str, flag_letters: int) -> bool:
    return bool(before) and (
        unicodedata.category(character)[0] == "M"
        or character in _JOINERS
        or before == "\u200d"
        or ord(character) in _SKIN_TONES
        or (flag_letters > 0 and flag_letters % 2 == 0)
    )
