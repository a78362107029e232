from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from perennial.errors import SourceError
from perennial.sources.files.file_table import FileTable
from perennial.sources.looking import look

SPANISH = "nº;nombre;importe\n1;José;12,50\n2;Íñigo;1.234,00\n"


def test_a_folder_shows_its_tables_and_how_they_are_written(tmp_path: Path) -> None:
    for day in ("2026-11-19", "2026-11-20"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "pedidos.csv.gz").write_bytes(gzip.compress(SPANISH.encode("cp1252")))
    (tmp_path / "clientes-1.csv").write_text("id,name\n1,Ana\n", encoding="utf-8")
    (tmp_path / "clientes-2.csv").write_text("id,name\n2,Eva\n", encoding="utf-8")
    (tmp_path / "events-20261120.jsonl").write_text('{"id": 1.50}\n', encoding="utf-8")
    (tmp_path / "readme.md").write_text("no table", encoding="utf-8")

    found = {table.name: table for table in look(tmp_path)}

    assert {name: table.files for name, table in found.items()} == {
        "pedidos": FileTable(
            path="{day}/pedidos.csv.gz", encoding="cp1252", delimiter=";", decimal=","
        ),
        "clientes": FileTable(path="clientes-*.csv", encoding="utf-8", delimiter=","),
        "events": FileTable(path="events-{day:%Y%m%d}.jsonl"),
    }
    assert found["pedidos"].columns == ("nº", "nombre", "importe")
    assert found["pedidos"].rows[0] == {"nº": "1", "nombre": "José", "importe": "12,50"}
    assert found["clientes"].rows == ({"id": "2", "name": "Eva"},)
    assert found["events"].rows == ({"id": "1.50"},)


def test_a_database_shows_its_tables_and_views(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text('create table "my orders" (id integer, total text)'))
        connection.execute(
            text("insert into \"my orders\" values (7, '1.50'), (8, null), (9, '2')")
        )
        connection.execute(text('create view empty_ones as select id from "my orders" where false'))
    engine.dispose()

    orders, empty = look(SecretStr(sqlite_url), rows=2)

    assert (orders.name, orders.columns, orders.files) == ("my orders", ("id", "total"), None)
    assert orders.rows == ({"id": "7", "total": "1.50"}, {"id": "8", "total": None})
    assert (empty.name, empty.columns, empty.rows) == ("empty_ones", ("id",), ())


def test_rows_are_not_shown_by_accident(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,Ana\n", encoding="utf-8")
    assert "Ana" not in repr(look(tmp_path))


def test_what_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no folder"):
        look(tmp_path / "nowhere")
    with pytest.raises(SourceError, match=r"no file shop\.db"):
        look(SecretStr(f"sqlite:///{tmp_path / 'shop.db'}"))
