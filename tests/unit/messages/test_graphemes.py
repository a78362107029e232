from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.messages.graphemes import cut_graphemes, split_graphemes

FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("Ann", ["A", "n", "n"]),
        ("e\u0301a", ["e\u0301", "a"]),
        (FAMILY + "!", [FAMILY, "!"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("🇪🇸🇲🇽", ["🇪🇸", "🇲🇽"]),
        ("❤️a", ["❤️", "a"]),
        ("\u1112\u1161\u11ab글", ["\u1112\u1161\u11ab", "글"]),
        ("a\r\nb", ["a", "\r\n", "b"]),
        ("🏴\U000e0067\U000e0062\U000e007f!", ["🏴\U000e0067\U000e0062\U000e007f", "!"]),
    ],
)
def test_what_readers_see_as_one_character(text: str, clusters: list[str]) -> None:
    assert split_graphemes(text) == clusters


@given(st.text())
def test_joined_together_they_are_the_text(text: str) -> None:
    assert "".join(split_graphemes(text)) == text


def test_a_long_text_is_cut_between_characters() -> None:
    assert cut_graphemes(FAMILY * 5, 3) == FAMILY * 2 + "…"
    assert cut_graphemes("abc", 3) == "abc"


@given(st.text(max_size=60), st.integers(min_value=2, max_value=30))
def test_no_cut_is_longer_than_asked(text: str, limit: int) -> None:
    assert len(split_graphemes(cut_graphemes(text, limit))) <= limit
