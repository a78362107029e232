"""Tables of text: filled piece by piece, asked by SQL, and gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from perennial.errors import LakeError
from perennial.lake.text_tables import TextTables


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[TextTables]:
    with TextTables(tmp_path / "scratch") as opened:
        yield opened


def batch(**columns: list[str | None]) -> pa.RecordBatch:
    return pa.record_batch([pa.array(v, pa.string()) for v in columns.values()], names=[*columns])


def rows(tables: TextTables, sql: str, **parameters: str) -> list[dict[str, Any]]:
    return [row for found in tables.batches(sql, parameters) for row in found.to_pylist()]


def test_rows_come_back_in_their_order_however_often_they_are_asked(tables: TextTables) -> None:
    assert tables.fill("people", [batch(id=["2", "1"]), batch(id=["03"])]) == 3

    both = "select a.id from people as a join people as b using (id) order by a.id"
    assert rows(tables, both) == [{"id": "03"}, {"id": "1"}, {"id": "2"}]
    assert rows(tables, "select * from people where id > $since", since="1") == [{"id": "2"}]


def test_batches_may_differ_in_their_columns(tables: TextTables) -> None:
    tables.fill("people", [batch(id=["1"]), batch(id=["2"], name=["Ana"])])

    assert rows(tables, "select id, name from people order by id") == [
        {"id": "1", "name": None},
        {"id": "2", "name": "Ana"},
    ]


def test_a_table_without_rows_still_has_its_columns(tables: TextTables) -> None:
    assert tables.fill("people", [], columns=("id", "name")) == 0

    (empty,) = tables.batches("select * from people")
    assert (empty.num_rows, empty.schema.names) == (0, ["id", "name"])


def test_filling_a_table_again_replaces_it(tables: TextTables) -> None:
    tables.fill("people", [batch(id=["1"])])
    tables.fill("orders", [batch(id=["7"])])
    tables.fill("people", [batch(id=["2"])])
    tables.fill("orders", [batch(id=["8"])])

    assert rows(tables, "select p.id, o.id as o from people p, orders o") == [{"id": "2", "o": "8"}]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12,50", "12.500000"),
        ("1.234.567,8", "1234567.800000"),
        ("1.234", "1234.000000"),
        ("-0,5", "-0.500000"),
        ("12.50", "12.500000"),
        ("free", None),
    ],
)
def test_amounts_with_a_comma_become_numbers(
    tables: TextTables, written: str, meant: str | None
) -> None:
    assert rows(tables, "select comma_number($w)::varchar as n", w=written) == [{"n": meant}]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("day_of('31/12/1980', '%d/%m/%Y')", "1980-12-31"),
        ("day_of(' 1.2.1980 ', '%d.%m.%Y')", "1980-02-01"),
        ("day_of('unknown', '%d/%m/%Y')", "unknown"),
        ("moment_of('31/12/2025 09:05', '%d/%m/%Y %H:%M')", "2025-12-31 09:05:00"),
        ("moment_of('31/02/2025 09:05', '%d/%m/%Y %H:%M')", "31/02/2025 09:05"),
        ("moment_of(null, '%d/%m/%Y')", None),
    ],
)
def test_days_and_moments_are_written_anew_and_what_is_none_stays(
    tables: TextTables, asked: str, meant: str | None
) -> None:
    assert rows(tables, f"select {asked} as said") == [{"said": meant}]


def test_queries_reach_no_other_file(tables: TextTables, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(LakeError, match="disabled by configuration"):
        rows(tables, f"select * from read_csv('{tmp_path}/secret.csv')")
    with pytest.raises(LakeError, match="locked"):
        rows(tables, "set enable_external_access = true")


def test_a_value_that_cannot_be_cast_is_not_repeated(tables: TextTables) -> None:
    tables.fill("people", [batch(id=["ann@shop.example"])])
    with pytest.raises(LakeError) as caught:
        rows(tables, "select id::integer as id from people")
    assert "ann@" not in str(caught.value)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with TextTables(tmp_path / "scratch") as tables:
        tables.fill("people", [batch(id=["1"])])
    assert list((tmp_path / "scratch").iterdir()) == []
