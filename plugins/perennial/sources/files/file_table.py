"""A table made of files, as `sources.files` of shop.yaml describes it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import PurePosixPath

from ruamel.yaml.comments import CommentedMap

from perennial.sources.located_yaml import LocatedYaml, Mistake, Reader, nearest
from perennial.sources.shop_values import text

FILE_NAME, FILE_DAY = "file_name", "file_day"
"""Columns that every table of files has besides its own."""

PLACES = ("day", "night")
_PLACE = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_DIGITS = {"Y": 4, "m": 2, "d": 2, "y": 2, "j": 3}


class Format(StrEnum):
    """What a file is, told by its name."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


_SUFFIXES = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".parquet": Format.PARQUET,
}
COMPRESSIONS: Mapping[str, str] = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


@dataclass(frozen=True, kw_only=True)
class FileTable:
    """Where a table's files lie and how they are read; what is not stated is detected, file by file."""

    path: str
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    quote: str = '"'

    @property
    def format(self) -> Format:
        return format_of(self.path)

    @property
    def place(self) -> re.Match[str] | None:
        """Where the path says the day: `{day}` of what happened, or `{night}` that reads it, the morning after."""
        return _PLACE.search(self.path)


def format_of(path: str) -> Format:
    """What a file is, told by its name.

    Raises:
        Mistake: the name does not tell.
    """
    suffixes = [s for s in PurePosixPath(path.lower()).suffixes if s not in COMPRESSIONS]
    found = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    if found is None:
        msg = f"does not say what the files are: `{PurePosixPath(path).name}`."
        known = ", ".join(_SUFFIXES)
        raise Mistake(msg, f"End it with one of {known}, and with .gz, .zst or .bz2 if compressed.")
    return found


def date_format(place: re.Match[str]) -> str:
    """How a path writes its day, in the letters of strftime."""
    return place[2] or "%Y-%m-%d"


def date_pattern(format_: str) -> str:
    """A regular expression for days of that form."""
    return re.sub(
        r"%(\w)|(.)",
        lambda m: rf"\d{{{_DIGITS[m[1]]}}}" if m[1] else re.escape(m[2]),
        format_,
    )


def files_reader(file: LocatedYaml) -> Reader:
    """Reads `sources.files`: tables by their names."""

    def read(raw: object) -> dict[str, FileTable]:
        if not isinstance(raw, CommentedMap) or not raw:
            msg = "is not a mapping of names to files."
            raise Mistake(msg, 'Write `orders: {path: "exports/orders-*.csv"}` under it.')
        readers = {str(name): _table_reader(file, str(name)) for name in raw}
        return file.fields(raw, readers, of="sources.files")

    return read


def _table_reader(file: LocatedYaml, name: str) -> Reader:
    readers: dict[str, Reader] = {
        "path": _path,
        "encoding": _encoding,
        "delimiter": _character,
        "decimal": _decimal,
        "quote": _character,
    }

    def read(raw: object) -> FileTable:
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            msg = "is no name that a query can use."
            raise Mistake(msg, "Write letters, digits and _, a letter first.")
        if not isinstance(raw, CommentedMap) or "path" not in raw:
            msg = "has no path."
            raise Mistake(msg, 'Write {path: "exports/orders-*.csv"}.')
        values = file.fields(raw, readers, of=f"sources.files.{name}")
        return FileTable(**{"path": "faulty.csv"} | values)

    return read


def _path(raw: object) -> str:
    path = text(raw)
    format_of(path)
    places = list(_PLACE.finditer(path))
    for place in places:
        if place[1] not in PLACES:
            msg = f"has {place[0]}, which no night gives a value."
            raise Mistake(msg, nearest(place[1], PLACES) or "Write {day} or {night}.")
        letters = re.findall(r"%(.?)", date_format(place))
        if unknown := [letter for letter in letters if letter not in _DIGITS]:
            msg = f"writes its day with %{unknown[0]}."
            raise Mistake(msg, "Known here: %Y, %y, %m, %d and %j.")
        if len({date(2026, m, d).strftime(date_format(place)) for m, d in _FOUR_DAYS}) < 4:
            msg = f"has {place[0]}, which does not tell one day from another."
            raise Mistake(msg, "Write the year, the month and the day, such as {day:%Y%m%d}.")
    if len(places) > 1:
        msg = "says the day twice."
        raise Mistake(msg, "Write it once, with its folders: {day:%Y/%m/%d}.")
    return path


_FOUR_DAYS = ((1, 2), (1, 3), (2, 2), (2, 3))


def _encoding(raw: object) -> str:
    name = text(raw)
    try:
        return codecs.lookup(name).name
    except LookupError:
        msg = f"names no encoding: `{name}`."
        raise Mistake(msg, "Write utf-8, cp1252, cp1251, or another that Python knows.") from None


def _character(raw: object) -> str:
    if not isinstance(raw, str) or len(raw) != 1 or raw in "\r\n":
        msg = "is not one character."
        raise Mistake(msg, 'Write it in quotes, such as ";" or "\\t".')
    return raw


def _decimal(raw: object) -> str:
    if raw not in {",", "."}:
        msg = "is neither a comma nor a point."
        raise Mistake(msg, 'Write "," or ".", in quotes.')
    return str(raw)
