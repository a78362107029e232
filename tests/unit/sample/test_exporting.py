from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import pytest

from perennial.sample.dialects import SPELLINGS, Dialect
from perennial.sample.exporting import export_csv
from perennial.sample.loading import SampleSummary

pytestmark = pytest.mark.sample


def read(path: Path, encoding: str) -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.mark.parametrize("dialect", Dialect)
def test_every_row_is_exported_in_the_words_of_the_dialect(
    dialect: Dialect, sample_file: Path, summary: SampleSummary, tmp_path: Path
) -> None:
    spelling = SPELLINGS[dialect]

    rows = export_csv(sample_file, tmp_path / "exports", dialect)

    for table, (name, columns) in spelling.tables.items():
        found = read(tmp_path / "exports" / name, spelling.encoding)
        assert rows[name] == len(found) == summary.rows[table]
        assert list(found[0]) == list(columns.values())


def test_amounts_days_and_times_are_written_as_in_spain(
    sample_file: Path, shop: sqlite3.Connection, tmp_path: Path
) -> None:
    export_csv(sample_file, tmp_path, Dialect.SPANISH)

    (order,) = shop.execute(
        "select order_id, total_cents from orders where ordered_at like '2026-01-1%' limit 1"
    )
    found = {row["nº pedido"]: row for row in read(tmp_path / "pedidos.csv", "cp1252")}[order[0]]
    assert found["importe"] == f"{order[1] / 100:.2f}".replace(".", ",")
    assert found["fecha"][2:10] == "/01/2026"
    assert found["estado"] in SPELLINGS[Dialect.SPANISH].words["status"].values()


def test_what_the_code_page_cannot_write_stays_empty(
    sample_file: Path, shop: sqlite3.Connection, tmp_path: Path
) -> None:
    export_csv(sample_file, tmp_path, Dialect.SPANISH)
    names = dict(shop.execute("select customer_id, first_name from customers").fetchall())
    for row in read(tmp_path / "clientes.csv", "cp1252"):
        name = names[row["cliente"]] or ""
        assert row["nombre"] == (name if _fits(name) else "")


def _fits(name: str) -> bool:
    return name.encode("cp1252", "ignore").decode("cp1252") == name
