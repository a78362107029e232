"""How many parts a text message is sent, and paid, in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from perennial.messages.graphemes import split_graphemes

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_DOUBLE = frozenset("|^€{}[]~\\\f")
_GSM_7_ALL = _GSM_7 | _GSM_7_DOUBLE
# What typesetting adds and a phone does not miss; babel's no-break spaces among it.
_PLAIN = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2026": "...",
    }
)


class Encoding(StrEnum):
    """The alphabets of text messages."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"

    @property
    def alone(self) -> int:
        return 160 if self is Encoding.GSM_7 else 70

    @property
    def joined(self) -> int:
        return 153 if self is Encoding.GSM_7 else 67


@dataclass(frozen=True, kw_only=True)
class Segments:
    """The length of a text message as carriers count it.

    `units` are septets in GSM-7 and UTF-16 units in UCS-2. `doubled_by` is the first character that GSM-7 lacks,
    which more than halves what fits into a part.
    """

    encoding: Encoding
    units: int
    segments: int
    doubled_by: str | None = None


def count_segments(text: str) -> Segments:
    """The encoding and the number of parts of a text message.

    No character is cut in two by the end of a part: neither a double GSM-7 character nor a surrogate pair, nor
    what readers see as one character.
    """
    if _GSM_7_ALL.issuperset(text):
        doubles = sum(map(text.count, _GSM_7_DOUBLE))
        return _measure(text, Encoding.GSM_7, len(text) + doubles, None)
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    stranger = next(character for character in text if character not in _GSM_7_ALL)
    return _measure(text, Encoding.UCS_2, units, stranger)


def plain_punctuation(text: str) -> str:
    """The text with plain quotes, dashes and spaces where that is all that GSM-7 asks for."""
    if _GSM_7_ALL.issuperset(text):
        return text
    plain = text.translate(_PLAIN)
    return plain if _GSM_7_ALL.issuperset(plain) else text


def _measure(text: str, encoding: Encoding, units: int, stranger: str | None) -> Segments:
    segments = min(units, 1) if units <= encoding.alone else _parts(text, encoding)
    return Segments(encoding=encoding, units=units, segments=segments, doubled_by=stranger)


def _parts(text: str, encoding: Encoding) -> int:
    parts, room = 1, encoding.joined
    for width in _widths(text, encoding):
        if width > room:
            parts, room = parts + 1, encoding.joined
        room -= width
    return parts


def _widths(text: str, encoding: Encoding) -> Iterator[int]:
    if encoding is Encoding.GSM_7:
        yield from (2 if character in _GSM_7_DOUBLE else 1 for character in text)
        return
    for cluster in split_graphemes(text):
        widths = [2 if character > "\uffff" else 1 for character in cluster]
        # A cluster that no part could hold is cut between its code points, for want of better.
        yield from widths if sum(widths) > encoding.joined else [sum(widths)]
