"""Exports the sample shop as the CSV files that another shop's system would deliver."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from perennial.sample.baskets import SHOP_ZONE
from perennial.sample.dialects import SPELLINGS, Dialect, Spelling
from perennial.sample.loading import Progress, load_sample

Field = Callable[[str | int], str]


def export_sample(
    folder: Path,
    dialect: Dialect,
    *,
    seed: int = 7,
    scale: int = 1,
    shift_to: date | None = None,
    households: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Writes the sample shop as a dialect's files into a folder; the other arguments are those of `load_sample`."""
    with TemporaryDirectory(prefix="perennial-sample-") as scratch:
        shop = Path(scratch) / "shop.db"
        summary = load_sample(
            shop,
            seed=seed,
            scale=scale,
            shift_to=shift_to,
            households=households,
            progress=progress,
        )
        rows = export_csv(shop, folder, dialect)
    return asdict(summary) | {"rows": rows, "path": str(folder)}


def export_csv(shop: Path, folder: Path, dialect: Dialect) -> dict[str, int]:
    """Writes a dialect's files of a sample shop's database into a folder, and returns the rows of each.

    Times are on the shop's clock. What the dialect's code page cannot write stays empty.
    """
    spelling = SPELLINGS[dialect]
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(f"file:{shop}?mode=ro", uri=True)) as database:
        return {
            name: _write(database, table, folder / name, spelling)
            for table, (name, _) in spelling.tables.items()
        }


def _write(database: sqlite3.Connection, table: str, path: Path, spelling: Spelling) -> int:
    _, names = spelling.tables[table]
    fields = [_field(column, spelling) for column in names]
    with path.open("w", encoding=spelling.encoding, newline="") as file:
        writer = csv.writer(file, delimiter=spelling.delimiter)
        writer.writerow(names.values())
        count = 0
        for row in database.execute(f"select {', '.join(names)} from {table}"):
            writer.writerow(_spelled(row, fields))
            count += 1
    return count


def _spelled(row: tuple[str | int | None, ...], fields: list[Field]) -> Iterator[str]:
    return ("" if value is None else field(value) for field, value in zip(fields, row, strict=True))


def _field(column: str, spelling: Spelling) -> Field:
    """How a column's values are written."""
    if column.endswith("_cents"):
        return lambda cents: f"{int(cents) // 100},{int(cents) % 100:02d}"
    if column.endswith("_at"):
        form = f"{spelling.date} %H:%M:%S"
        return lambda stamp: _local(str(stamp)).strftime(form)
    if column in {"birth_date", "expires_on"}:
        return lambda day: date.fromisoformat(str(day)).strftime(spelling.date)
    if words := spelling.words.get(column):
        return lambda word: words[str(word)]
    return lambda value: _writable(str(value), spelling.encoding)


def _local(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(SHOP_ZONE)


def _writable(value: str, encoding: str) -> str:
    try:
        value.encode(encoding)
    except UnicodeEncodeError:
        return ""
    return value
