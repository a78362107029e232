"""Looks at a shop's data before anything is mapped: its tables, their columns, and a few rows of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import SecretStr
from sqlalchemy import (
    Connection,
    Inspector,
    Select,
    TableClause,
    column,
    create_engine,
    inspect,
    make_url,
    select,
    table,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from perennial.errors import SourceError
from perennial.sources.database_errors import ADDRESS_HINT, explained, refuse_missing_file
from perennial.sources.database_sessions import patience, prepare
from perennial.sources.files.file_table import (
    COMPRESSIONS,
    FILE_DAY,
    FILE_NAME,
    FileTable,
    Format,
    format_of,
)
from perennial.sources.files.found_files import FoundFile, files_like
from perennial.sources.files.table_rows import table_batches
from perennial.sources.files.text_encoding import form_of
from perennial.sources.located_yaml import Mistake
from perennial.sources.text_columns import text_column

_UTC = ZoneInfo("UTC")
_MOST_WORDS = 30
_DAYS = (
    (re.compile(r"20\d\d-[01]\d-[0-3]\d"), "{day}"),
    (re.compile(r"(?<!\d)20\d\d[01]\d[0-3]\d(?!\d)"), "{day:%Y%m%d}"),
    (re.compile(r"(?<!\d)20\d\d/[01]\d/[0-3]\d(?!\d)"), "{day:%Y/%m/%d}"),
)
_COMMA, _POINT = re.compile(r"[-+]?[\d.]*\d,\d{1,2}"), re.compile(r"[-+]?\d+\.\d{1,2}")


@dataclass(frozen=True, kw_only=True)
class SourceTable:
    """One table of a shop. `files` says how it would stand in `sources.files`, where it is made of files.

    `words` are all the different values of columns that were looked through, in `with_words`.
    The rows are the shop's own, unmasked: whoever shows them masks them.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str | None], ...] = field(repr=False)
    files: FileTable | None = None
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def look(where: SecretStr | Path, *, rows: int = 10, pattern: str = "**/*") -> list[SourceTable]:
    """The tables at a database's address, or those that the files of a folder make which `pattern` fits.

    Raises:
        SourceError: the database or a file cannot be read.
    """
    return list(
        _in_folder(where, rows, pattern) if isinstance(where, Path) else _in_database(where, rows)
    )


def with_words(
    where: SecretStr | Path, tables: Sequence[SourceTable], columns: Mapping[str, Sequence[str]]
) -> list[SourceTable]:
    """The tables with all the different values of some of their columns, by table; of a column with many, the first.

    Raises:
        SourceError: the database or a file cannot be read.
    """
    if isinstance(where, Path):
        return [_words_of_files(where, t, columns.get(t.name, ())) for t in tables]
    with _connected(where) as connection:
        return [_words_of_table(connection, t, columns.get(t.name, ())) for t in tables]


def _words_of_files(folder: Path, table: SourceTable, columns: Sequence[str]) -> SourceTable:
    if not columns or table.files is None:
        return table
    words: dict[str, dict[str, None]] = {name: {} for name in columns}
    files = files_like(table.files, folder)
    for batch in table_batches(table.name, table.files, files, _UTC, []):
        for name, known in words.items():
            if name in batch.schema.names and len(known) < _MOST_WORDS:
                known.update(dict.fromkeys(filter(None, batch[name].unique().to_pylist())))
    return replace(table, words={c: tuple(known)[:_MOST_WORDS] for c, known in words.items()})


def _words_of_table(
    connection: Connection, table: SourceTable, columns: Sequence[str]
) -> SourceTable:
    words = {}
    for name in columns:
        different: Select[Any] = select(column(name)).select_from(_named(table.name)).distinct()
        result = connection.execute(different.limit(_MOST_WORDS)).scalars()
        said = text_column(list(result), moments=False, zone=_UTC).to_pylist()
        words[name] = tuple(filter(None, said))
    return replace(table, words=words)


def _in_database(url: SecretStr, rows: int) -> Iterator[SourceTable]:
    with _connected(url) as connection:
        found = inspect(connection)
        for schema in _schemas(found):
            names = (*found.get_table_names(schema), *found.get_view_names(schema))
            for name in names:
                yield _first_rows(connection, f"{schema}.{name}" if schema else name, rows)


def _schemas(found: Inspector) -> Iterator[str | None]:
    """The schema that is looked in without being named, and those that people have made beside it."""
    yield None
    if found.dialect.name == "postgresql":
        own = {found.default_schema_name, "information_schema"}
        yield from (name for name in found.get_schema_names() if name not in own)


def _named(name: str) -> TableClause:
    schema, _, bare = name.rpartition(".")
    return table(bare, schema=schema) if schema else table(bare)


@contextmanager
def _connected(url: SecretStr) -> Iterator[Connection]:
    try:
        address = make_url(url.get_secret_value())
        engine = create_engine(address, connect_args=patience(address))
    except (SQLAlchemyError, ImportError, ValueError) as error:
        msg = f"The address of the shop's database cannot be used: {type(error).__name__}. {ADDRESS_HINT}"
        raise SourceError(msg) from None
    try:
        refuse_missing_file(engine, "The tables")
        with explained("The tables", engine), engine.connect() as connection:
            prepare(connection, _UTC)
            yield connection
    finally:
        engine.dispose()


def _first_rows(connection: Connection, name: str, rows: int) -> SourceTable:
    result = connection.execute(select(text("*")).select_from(_named(name)).limit(rows))
    columns = tuple(result.keys())
    values = list(zip(*result.all(), strict=True)) or [()] * len(columns)
    said = [text_column(column, moments=False, zone=_UTC).to_pylist() for column in values]
    return SourceTable(name=name, columns=columns, rows=_rows(columns, said))


def _in_folder(folder: Path, rows: int, pattern: str) -> Iterator[SourceTable]:
    if not folder.is_dir():
        msg = f"There is no folder {folder}."
        raise SourceError(msg)
    patterns: dict[str, list[str]] = {}
    for path in sorted(p for p in folder.glob(pattern) if p.is_file()):
        relative = path.relative_to(folder).as_posix()
        if not relative.startswith(".") and _is_table(relative):
            patterns.setdefault(_pattern(relative), []).append(relative)
    names: set[str] = set()
    for shared, paths in patterns.items():
        name = _table_name(shared, names)
        names.add(name)
        yield _of_files(folder, name, shared if len(paths) > 1 else _dated(paths[0]), rows)


def _of_files(folder: Path, name: str, path: str, rows: int) -> SourceTable:
    stated = FileTable(path=path)
    *_, newest = files_like(stated, folder)
    columns, said = _sample(name, stated, newest, rows)
    if stated.format is Format.CSV:
        form = form_of(newest, stated)
        stated = FileTable(
            path=path,
            encoding=form.encoding.removesuffix("-sig"),
            delimiter=form.delimiter,
            decimal=_decimal(said),
        )
    return SourceTable(name=name, columns=columns, rows=_rows(columns, said, rows), files=stated)


def _sample(
    name: str, stated: FileTable, file: FoundFile, rows: int
) -> tuple[tuple[str, ...], list[list[str | None]]]:
    batches = table_batches(name, stated, [file], _UTC, [])
    first: pa.RecordBatch | None = next(islice(batches, 1), None)
    if first is None:
        return (), []
    columns = tuple(c for c in first.schema.names if c not in {FILE_NAME, FILE_DAY})
    return columns, [first[c].slice(0, max(rows, 200)).to_pylist() for c in columns]


def _rows(
    columns: Sequence[str], said: Sequence[Sequence[str | None]], most: int | None = None
) -> tuple[Mapping[str, str | None], ...]:
    rows = zip(*(column[:most] for column in said), strict=True)
    return tuple(dict(zip(columns, row, strict=True)) for row in rows)


def _decimal(columns: Sequence[Sequence[str | None]]) -> str | None:
    """A comma, where some column has numbers with commas and nothing else, and none with points."""

    def all_numbers(column: Sequence[str | None], form: re.Pattern[str]) -> bool:
        said = [value for value in column if value]
        return bool(said) and all(form.fullmatch(value) for value in said)

    commas = any(all_numbers(column, _COMMA) for column in columns)
    return "," if commas and not any(all_numbers(column, _POINT) for column in columns) else None


def _is_table(path: str) -> bool:
    try:
        return format_of(path) in Format
    except Mistake:
        return False


def _dated(path: str) -> str:
    """A path with its day, if it says one, written as `sources.files` writes it."""
    for day, written in _DAYS:
        if day.search(path):
            return day.sub(written, path, count=1)
    return path


def _pattern(path: str) -> str:
    """What the files of one table have in common: their names but for days and numbers."""
    dated = _dated(path)
    parts = re.split(r"(\{[^}]*\})", dated)
    return "".join(part if part.startswith("{") else re.sub(r"\d+", "*", part) for part in parts)


def _table_name(pattern: str, taken: set[str]) -> str:
    bare = PurePosixPath(re.sub(r"\{[^}]*\}|\*", "", pattern))
    stem = bare.name
    while PurePosixPath(stem).suffix and (
        PurePosixPath(stem).suffix.lower() in COMPRESSIONS or _is_table(stem)
    ):
        stem = PurePosixPath(stem).stem
    words = re.findall(r"[A-Za-z_]\w*", stem) or re.findall(r"[A-Za-z_]\w*", bare.parent.as_posix())
    name = "_".join(words).strip("_").lower() or "table"
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique
