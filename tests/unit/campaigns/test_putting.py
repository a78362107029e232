"""A value is put into a campaign's file, and nothing else in it changes: no comment, no layout."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.campaigns.document import Way
from perennial.campaigns.putting import put, values_in
from perennial.errors import PerennialError
from perennial.settings import PROJECT

WIN_BACK = (PROJECT / "campaigns" / "win_back.yaml").read_text(encoding="utf-8")
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1)


def _value(text: str, way: Way) -> str:
    return values_in(text, {"it": way})["it"]


def _changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("way", "value", "line"),
    [
        (("send_at",), "11:15", 'send_at: "11:15"'),
        (("priority",), "55", "priority: 55                     # birthdays"),
        (("audience", "where"), "orders >= 3", '  where: "orders >= 3"'),
        (("steps", 1, "offer", "value"), "12", "{kind: percent, value: 12, valid_days: 14"),
        (("approval", "two_above"), "9000", "approval: {above: 5000, two_above: 9000}"),
        (("approval", "changes"), "true", "approval: {above: 5000, changes: true}"),
        (("approval", "above"), "100", "approval: {above: 100}"),
        (("audience", "open_for"), "3", "  open_for: 3"),
        (("catch_up",), "skip", "catch_up: skip"),
    ],
)
def test_one_value_changes_one_line(way: Way, value: str, line: str) -> None:
    after = put(WIN_BACK, way, value)

    assert _value(after, way) == value
    assert line in after
    assert len([c for c in _changed(WIN_BACK, after) if c[0] == "+"]) == 1


@pytest.mark.parametrize("way", [("cool_down",), ("holdout",), ("approval", "above")])
def test_an_emptied_value_takes_its_line_out(way: Way) -> None:
    after = put(WIN_BACK, way, "")

    assert _value(after, way) == ""
    assert [c[0] for c in _changed(WIN_BACK, after)] == ["-"]


@settings(max_examples=30)
@given(value=WORDS)
def test_whatever_is_written_reads_as_it_was_written(value: str) -> None:
    after = put(WIN_BACK, ("title",), value)

    expected = " ".join(value.split())
    assert _value(after, ("title",)) == expected if expected else "title" not in after
    assert _value(after, ("send_at",)) == "10:30"


@settings(max_examples=30)
@given(value=WORDS)
def test_no_value_becomes_more_than_a_value(value: str) -> None:
    poisoned = f"x\nname: {value}\r\n# {value}: [1, {{{{7*7}}}}]"
    names = values_in(put(WIN_BACK, ("owner",), poisoned), {"name": ("name",), "to": ("topic",)})

    assert names == {"name": "", "to": "offers"}


def test_what_is_no_single_value_is_left_to_the_file() -> None:
    with pytest.raises(PerennialError, match="Change it in the file"):
        put(WIN_BACK, ("steps",), "one")


def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path) -> None:
    text = "\ufeff" + WIN_BACK.replace("\n", "\r\n")
    after = put(text, ("priority",), "41")

    assert after.replace("41", "40", 1).encode() == text.encode()
    assert not list(tmp_path.iterdir())
