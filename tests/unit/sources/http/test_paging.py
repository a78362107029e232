from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.sources.http.paging import Page, StandsStill, Window, following, overlapping


def _window(rows: list[int], offset: int, size: int, *, total: bool) -> Window:
    items = [{"id": row} for row in rows[offset : offset + size]]
    return Window(items=items, total=len(rows) if total else None)


def _ids(pages: list[list[dict[str, int]]]) -> list[int]:
    return [item["id"] for page in pages for item in page]


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 9, 10, 23])
def test_a_list_that_stays_as_it_is_is_read_once_from_front_to_end(
    count: int, *, total: bool
) -> None:
    rows = list(range(count))

    pages = list(overlapping(lambda offset: _window(rows, offset, 5, total=total), "id"))

    assert _ids(pages) == rows


@given(
    count=st.integers(0, 60),
    size=st.integers(2, 7),
    total=st.booleans(),
    changes=st.lists(
        st.tuples(st.sampled_from(["gone", "new at the front"]), st.integers(0, 59)), max_size=30
    ),
)
def test_no_row_is_lost_while_others_leave_the_list_or_join_it(
    count: int, size: int, changes: list[tuple[str, int]], *, total: bool
) -> None:
    rows, left, pending = list(range(count)), set[int](), list(changes)

    def read(offset: int) -> Window:
        window = _window(rows, offset, size, total=total)
        if pending:
            what, row = pending.pop()
            if what == "gone" and row in rows:
                rows.remove(row)
                left.add(row)
            elif what == "new at the front":
                rows.insert(0, 1_000 + len(pending))
        return window

    found = _ids(list(overlapping(read, "id")))

    assert set(range(count)) - left <= set(found)


def test_a_list_whose_pages_are_the_same_again_and_again_is_given_up() -> None:
    with pytest.raises(StandsStill):
        list(overlapping(lambda _: Window(items=[{"id": 1}, {"id": 2}], total=9), "id"))


def test_a_list_that_claims_more_rows_than_it_gives_is_given_up() -> None:
    rows = list(range(7))

    with pytest.raises(StandsStill):
        list(
            overlapping(lambda o: Window(items=[{"id": r} for r in rows[o : o + 5]], total=9), "id")
        )


def test_a_shop_that_gives_smaller_pages_than_it_was_asked_for_is_read_whole() -> None:
    rows = list(range(50))

    pages = list(overlapping(lambda offset: _window(rows, offset, 3, total=False), "id"))

    assert _ids(pages) == rows


def test_cursors_are_followed_to_the_last_page() -> None:
    pages = {None: ("1", [1, 2]), "1": ("2", []), "2": (None, [3])}

    def read(cursor: str | None) -> Page:
        following_cursor, rows = pages[cursor]
        return Page(items=[{"id": r} for r in rows], cursor=following_cursor)

    assert _ids(list(following(read))) == [1, 2, 3]


def test_a_cursor_that_does_not_move_is_given_up() -> None:
    with pytest.raises(StandsStill):
        list(following(lambda _: Page(items=[{"id": 1}], cursor="same")))


def test_cursors_that_move_over_empty_pages_for_ever_are_given_up() -> None:
    with pytest.raises(StandsStill):
        list(following(lambda c: Page(items=[], cursor=f"{c}+")))
