"""`sources.files` of shop.yaml: what a table of files may say, and what is told about mistakes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from perennial.errors import ShopError
from perennial.sources.files.file_source import FileSource
from perennial.sources.files.file_table import FileTable, date_format
from perennial.sources.opening import open_source
from perennial.sources.source_map import SourceMap, read_source_map

QUERIES = """
  customers: {sql: "select id as customer_id, since as signed_up_at, changed as updated_at from people"}
  orders:
    sql: |
      select order_id, customer_id, ordered_at, status, currency, discount, total, updated_at from orders
  recent_buyers: {sql: "select customer_id from orders where ordered_at >= :since"}
"""


def read(tmp_path: Path, *tables: str) -> SourceMap:
    path = tmp_path / "shop.yaml"
    files = "".join(f"    {table}\n" for table in tables)
    path.write_text(f"sources:\n  files:\n{files}{QUERIES}", encoding="utf-8")
    return read_source_map(path)


def fault(tmp_path: Path, table: str) -> str:
    with pytest.raises(ShopError) as caught:
        read(tmp_path, table)
    (found,) = caught.value.faults
    return str(found).removeprefix(f"{found.path}:")


def test_a_table_says_where_its_files_lie_and_how_they_are_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        'people: {path: "exports/people-*.csv", encoding: CP1252, delimiter: ";", decimal: ","}',
        'orders: {path: "exports/{day}/orders.jsonl.gz"}',
    )
    assert found.files == {
        "people": FileTable(
            path="exports/people-*.csv", encoding="cp1252", delimiter=";", decimal=","
        ),
        "orders": FileTable(path="exports/{day}/orders.jsonl.gz"),
    }


def test_files_are_read_in_place_of_a_database(tmp_path: Path) -> None:
    found = read(tmp_path, "people: {path: people.csv}")
    source = open_source(
        found, SecretStr("sqlite://"), folder=tmp_path, scratch=tmp_path / "scratch"
    )
    assert isinstance(source, FileSource)
    source.close()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("people: {delimiter: ','}", "3:13: sources.files.people has no path."),
        ("people: people.csv", "3:13: sources.files.people has no path."),
        ("bad-name: {path: a.csv}", "3:15: sources.files.bad-name is no name that a query can use."),
        ("people: {path: a.xlsx}", "3:20: sources.files.people.path does not say what the files are: `a.xlsx`."),
        ("people: {path: 'a-{dey}.csv'}", "has {dey}, which no night gives a value. Did you mean `day`?"),
        ("people: {path: '{day}/{day}.csv'}", "says the day twice."),
        ("people: {path: '{day:%Y%m}.csv'}", "does not tell one day from another."),
        ("people: {path: '{day:%A}.csv'}", "writes its day with %A."),
        ("people: {path: a.csv, encoding: latin-9000}", "names no encoding: `latin-9000`."),
        ("people: {path: a.csv, delimiter: ';;'}", "delimiter is not one character."),
        ("people: {path: a.csv, decimal: ';'}", "decimal is neither a comma nor a point."),
        ("people: {path: a.csv, encodin: utf-8}", "knows no `encodin`. Did you mean `encoding`?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, table: str, said: str) -> None:
    assert said in fault(tmp_path, table)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("{day}.csv", "2026-11-05"),
        ("{night:%Y/%m/%d}.csv", "2026/11/05"),
        ("{day:%j-%y}.csv", "309-26"),
    ],
)
def test_a_day_is_written_as_the_path_says(path: str, written: str) -> None:
    place = FileTable(path=path).place
    assert place is not None
    assert date(2026, 11, 5).strftime(date_format(place)) == written
