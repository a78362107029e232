from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.messages.graphemes import split_graphemes
from perennial.messages.sms_segments import Encoding, count_segments, plain_punctuation

DOUBLE = "|^€{}[]~\\\f"
FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", Encoding.GSM_7, 0, 0),
        ("a" * 160, Encoding.GSM_7, 160, 1),
        ("a" * 161, Encoding.GSM_7, 161, 2),
        ("a" * 306, Encoding.GSM_7, 306, 2),
        ("a" * 307, Encoding.GSM_7, 307, 3),
        ("€" * 80, Encoding.GSM_7, 160, 1),
        ("€" * 81, Encoding.GSM_7, 162, 2),
        ("a" * 1600, Encoding.GSM_7, 1600, 11),
        ("я" * 70, Encoding.UCS_2, 70, 1),
        ("я" * 71, Encoding.UCS_2, 71, 2),
        ("я" * 134, Encoding.UCS_2, 134, 2),
        ("я" * 135, Encoding.UCS_2, 135, 3),
        ("я" * 1600, Encoding.UCS_2, 1600, 24),
        ("😀" * 35, Encoding.UCS_2, 70, 1),
        ("😀" * 36, Encoding.UCS_2, 72, 2),
    ],
)
def test_lengths_at_the_edges(text: str, encoding: Encoding, units: int, segments: int) -> None:
    counted = count_segments(text)

    assert (encoding, units, segments) == (counted.encoding, counted.units, counted.segments)


def test_a_double_character_is_not_cut_in_two() -> None:
    # 152 + € does not fit into the first part, so the € begins the second and 153 more do not fit behind it.
    assert count_segments("a" * 152 + "€" + "a" * 151).segments == 2
    assert count_segments("a" * 152 + "€" + "a" * 152).segments == 3


def test_a_surrogate_pair_is_not_cut_in_two() -> None:
    assert count_segments("я" * 66 + "😀" + "я" * 65).segments == 2
    assert count_segments("я" * 66 + "😀" + "я" * 66).segments == 3


def test_an_emoji_family_is_not_cut_in_two() -> None:
    family = len(FAMILY.encode("utf-16-le")) // 2

    assert count_segments("я" * 60 + FAMILY + "я" * (67 - family)).segments == 2
    assert count_segments("я" * 60 + FAMILY + "я" * (68 - family)).segments == 3


@pytest.mark.parametrize("character", list("ñéüà¿¡ÇÄΔΦΓΛΩΠΨΣΘΞ") + list(DOUBLE))
def test_characters_of_gsm_7(character: str) -> None:
    assert count_segments(character).encoding is Encoding.GSM_7


@pytest.mark.parametrize("character", list("áíóúç`\t\u00a0’“\u200bяЖ😀"))
def test_characters_that_more_than_halve_what_fits(character: str) -> None:
    counted = count_segments(f"Hola {character} y {character}")

    assert counted.encoding is Encoding.UCS_2
    assert counted.doubled_by == character


def test_an_emoji_in_a_name_triples_the_price_of_a_full_message() -> None:
    """Case 49."""
    assert count_segments("a" * 160).segments == 1
    assert count_segments("a" * 158 + "😀").segments == 3


def naive(widths: list[int], alone: int, joined: int) -> int:
    """Count by filling lists."""
    if sum(widths) <= alone:
        return 1 if widths else 0
    parts: list[list[int]] = [[]]
    for width in widths:
        if sum(parts[-1]) + width > joined:
            parts.append([])
        parts[-1].append(width)
    return len(parts)


@given(st.text(alphabet="ab€|{ñ\n", max_size=700))
def test_gsm_7_counts_as_a_naive_splitter(text: str) -> None:
    widths = [2 if character in DOUBLE else 1 for character in text]

    assert count_segments(text).segments == naive(widths, 160, 153)


@given(st.lists(st.sampled_from(["я", "a", "😀", FAMILY, "e\u0301", "🇪🇸"]), max_size=120))
def test_ucs_2_counts_as_a_naive_splitter(pieces: list[str]) -> None:
    text = "я" + "".join(pieces)
    widths = [len(cluster.encode("utf-16-le")) // 2 for cluster in split_graphemes(text)]

    assert count_segments(text).segments == naive(widths, 70, 67)


@given(st.text(max_size=400))
def test_parts_hold_all_units_of_any_text(text: str) -> None:
    counted = count_segments(text)

    assert counted.segments * counted.encoding.alone >= counted.units
    assert (counted.doubled_by is None) == (counted.encoding is Encoding.GSM_7)


def test_typographic_signs_are_made_plain_where_that_saves_a_part() -> None:
    assert plain_punctuation("it’s “10\u00a0%” – now…") == 'it\'s "10 %" - now...'


def test_typographic_signs_stay_where_they_save_nothing() -> None:
    assert plain_punctuation("это «10\u00a0%»") == "это «10\u00a0%»"
