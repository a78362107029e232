"""What a reader sees as one character: an emoji family, a flag, a letter with its accents."""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_JOINED = frozenset((_JOINER, "\u200c"))
_MARKS = frozenset(("Mn", "Me", "Mc"))
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_HANGUL_LEADING = range(0x1100, 0x1160)
_HANGUL_FOLLOWING = range(0x1160, 0x1200)
_HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)


def split_graphemes(text: str) -> list[str]:
    """The characters of a text as readers count them; joined together they are the text again."""
    if text.isascii() and "\r" not in text:
        return list(text)
    clusters: list[str] = []
    for character in text:
        if clusters and _belongs(clusters[-1], character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def cut_graphemes(text: str, limit: int) -> str:
    """The text, or its beginning and an ellipsis where it has more than `limit` characters."""
    if len(text) <= limit:
        return text
    clusters = split_graphemes(text)
    if len(clusters) <= limit:
        return text
    return "".join(clusters[: limit - 1]).rstrip() + "…"


def _belongs(cluster: str, character: str) -> bool:
    if cluster[-1] in "\r\n" or character in "\r\n":
        return cluster == "\r" and character == "\n"
    return (
        _extends(character)
        or (cluster[-1] == _JOINER and _is_pictographic(character))
        or _completes_flag(cluster, character)
        or _completes_syllable(cluster[-1], character)
    )


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in _MARKS
        or character in _JOINED
        or ord(character) in _SKIN_TONES
        or ord(character) in _TAGS
    )


def _is_pictographic(character: str) -> bool:
    return unicodedata.category(character) == "So"


def _completes_flag(cluster: str, character: str) -> bool:
    return len(cluster) == 1 and ord(cluster) in _FLAG_LETTERS and ord(character) in _FLAG_LETTERS


def _completes_syllable(last: str, character: str) -> bool:
    before, after = ord(last), ord(character)
    if before in _HANGUL_LEADING:
        return after in _HANGUL_LEADING or after in _HANGUL_FOLLOWING or after in _HANGUL_SYLLABLES
    return after in _HANGUL_FOLLOWING and (
        before in _HANGUL_FOLLOWING or before in _HANGUL_SYLLABLES
    )
