"""A mistake in a condition is shown where it stands in the file, however the text is quoted or folded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perennial.campaigns.predicate import check_where

SPELLINGS = {
    "plain": ("  where: orders >= 2 and stag = 'new'", (2, 26)),
    "single quotes": ("  where: 'orders >= 2 and stag = ''new'''", (2, 27)),
    "behind doubled quotes": ("  where: 'stage = ''new'' and stag = ''new'''", (2, 31)),
    "double quotes": ("  where: \"orders >= 2 and stag = 'new'\"", (2, 27)),
    "behind an escape": (r"""  where: "\"stage\" = 'new' and stag = 'new'" """, (2, 33)),
    "plain over two lines": ("  where: orders >= 2\n    and stag = 'new'", (3, 9)),
    "literal block": ("  where: |\n    orders >= 2\n      and stag = 'new'", (4, 11)),
    "folded block": ("  where: >-\n    orders >= 2\n    and stag = 'new'", (4, 9)),
    "block with a comment": ("  where: |  # who\n    orders >= 2\n    and stag = 'new'", (4, 9)),
    "block after an empty line": ("  where: |\n\n    orders >= 2\n    and stag = 'new'", (5, 9)),
    "flow": ("  {where: orders >= 2 and stag = 'new'}", (2, 27)),
}


@pytest.mark.parametrize(("text", "place"), SPELLINGS.values(), ids=list(SPELLINGS))
def test_a_mistake_in_a_condition_is_shown_in_its_line_and_column(
    text: str, place: tuple[int, int], mistakes: Callable[..., list[str]]
) -> None:
    said = mistakes(f"audience:\n{text}\n", complete=False)

    line, column = place
    told = f"campaigns/win_back.yaml:{line}:{column}: unknown column 'stag'. Did you mean 'stage'?"
    assert told in said


def test_outside_a_file_places_count_from_the_beginning_of_the_text() -> None:
    (fault,) = check_where("orders >= 2\n  and stag = 'new'")

    assert (fault.line, fault.column) == (2, 7)
