from __future__ import annotations

from pathlib import Path

import pytest

from perennial.errors import LakeError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake

NUMBERS = "select n, n % 3 as slice from range($upto) as numbers (n)"


def _read(engine: Engine) -> list[int]:
    return [row["n"] for row in engine.rows("select n from numbers order by n")]


def test_what_was_spread_is_readable_as_a_whole_and_slice_by_slice(engine: Engine) -> None:
    engine.spread("numbers", NUMBERS, {"upto": 7})

    assert _read(engine) == [0, 1, 2, 3, 4, 5, 6]
    engine.show_slice("numbers", 1)
    assert _read(engine) == [1, 4]
    engine.show_slice("numbers", 2)
    assert _read(engine) == [2, 5]


def test_more_rows_are_added_to_the_slices_that_are_there(engine: Engine) -> None:
    engine.spread("numbers", NUMBERS, {"upto": 2})
    engine.spread("numbers", NUMBERS, {"upto": 0})
    engine.spread("numbers", NUMBERS, {"upto": 4})

    assert _read(engine) == [0, 0, 1, 1, 2, 3]
    engine.show_slice("numbers", 0)
    assert _read(engine) == [0, 0, 3]


def test_a_slice_without_rows_is_empty_and_keeps_its_columns(engine: Engine) -> None:
    engine.spread("numbers", NUMBERS, {"upto": 0})
    assert _read(engine) == []

    engine.spread("numbers", NUMBERS, {"upto": 2})
    engine.show_slice("numbers", 2)
    assert _read(engine) == []
    assert [row["column_type"] for row in engine.rows("describe numbers")] == ["BIGINT", "BIGINT"]


def test_what_was_removed_leaves_neither_name_nor_file(tmp_path: Path) -> None:
    with Engine(Lake(tmp_path)) as engine:
        engine.spread("numbers", NUMBERS, {"upto": 7})
        engine.execute("create temp table others as select 1 as n")
        assert list(tmp_path.rglob("*.parquet"))

        for name in ("numbers", "others", "numbers"):
            engine.remove(name)

        assert not list(tmp_path.rglob("*.parquet"))
        with pytest.raises(LakeError):
            engine.rows("from numbers")
        engine.spread("numbers", NUMBERS, {"upto": 1})
        assert _read(engine) == [0]


def test_a_query_that_fails_leaves_rows_in_their_order_and_nothing_behind(tmp_path: Path) -> None:
    with Engine(Lake(tmp_path)) as engine:
        with pytest.raises(LakeError):
            engine.spread("numbers", "select error('no') as n, 1 as slice from range(9)")

        assert engine.scalar("select current_setting('preserve_insertion_order')") is True
        engine.remove("numbers")
        assert not list(tmp_path.rglob("*.parquet"))
    assert not list(tmp_path.glob(".spill/*"))
