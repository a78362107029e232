"""A table that is opened in a spreadsheet runs nothing. Case 44."""

from __future__ import annotations

import pytest

from perennial.model.cells import safe_cell


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3+cmd|x", "@SUM(A1:A9)", "\t=1", "\r=1", "=1+1", "-@x"],
)
def test_what_begins_like_a_formula_is_led_by_an_apostrophe(text: str) -> None:
    """Case 44."""
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("+1 209 555 0100", "+1 209 555 0100"),
        ("+12095550100", "+12095550100"),
        (-12.5, "-12.5"),
        ("-12,50", "-12,50"),
        ("Ann", "Ann"),
        ("", ""),
        (None, ""),
        ("a=b", "a=b"),
    ],
)
def test_numbers_telephones_and_words_stay_as_they_are(value: object, cell: str) -> None:
    """Case 44."""
    assert safe_cell(value) == cell
