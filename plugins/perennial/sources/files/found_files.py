"""Which files a table is made of tonight: on disk, or in any store that fsspec reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import fsspec

from perennial.errors import SourceError
from perennial.sources.files.file_table import FileTable, date_format, date_pattern


@dataclass(frozen=True, kw_only=True)
class Days:
    """Days from `first` (nothing: the beginning) to `last`, both included."""

    first: date | None
    last: date

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and day <= self.last

    def later_by(self, days: int) -> Days:
        first = None if self.first is None else self.first + timedelta(days=days)
        return Days(first=first, last=self.last + timedelta(days=days))

    def __iter__(self) -> Iterator[date]:
        """Each day; only where there is a first one."""
        first = self.first or self.last
        return (first + timedelta(days=n) for n in range((self.last - first).days + 1))


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """One file of a table. `shown` is its name in messages, `day` the day its path says, if it says one."""

    system: Any
    path: str
    shown: str
    day: date | None = None

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The file as it lies there, compressed or not.

        Raises:
            SourceError: it cannot be read.
        """
        try:
            with self.system.open(self.path, "rb") as stream:
                yield stream
        except OSError as error:
            msg = f"{self.shown} cannot be read: {error.strerror or type(error).__name__}."
            raise SourceError(msg) from None


def find_files(
    name: str, table: FileTable, folder: Path, days: Days, *, whole: bool
) -> list[FoundFile]:
    """The files of a table, in the order of their days and names.

    Where the path says the day, only those days count, and with `whole` each of them must have a file: a delivery
    that has not come yet is no empty one.

    Raises:
        SourceError: there is none, a day is missing, or the store cannot be reached.
    """
    found = list(_found(table, folder, days))
    place = table.place
    if whole and place and days.first:
        wanted = days.later_by(1) if place[1] == "night" else days
        there = {file.day for file in found}
        if missing := [day for day in wanted if day not in there]:
            path = table.path.replace(place[0], missing[0].strftime(date_format(place)))
            msg = f"sources.files.{name}: there is no {path} yet. Run the night again when it has come."
            raise SourceError(msg)
    if whole and not found:
        msg = f"sources.files.{name}: no file is called {table.path}. {_hint(table, folder)}"
        raise SourceError(msg)
    return sorted(found, key=lambda file: (file.day or date.min, file.path))


def files_like(table: FileTable, folder: Path) -> list[FoundFile]:
    """Every file that a table's path fits, whatever its day, in the order of their days and names."""
    every_day = Days(first=None, last=date.max - timedelta(days=1))
    return find_files("", table, folder, every_day, whole=False)


def _found(table: FileTable, folder: Path, days: Days) -> Iterator[FoundFile]:
    place = table.place
    pattern = table.path.replace(place[0], _stars(date_format(place))) if place else table.path
    try:
        system, path = fsspec.core.url_to_fs(_absolute(pattern, folder))
        paths = sorted(p for p in system.glob(path) if not system.isdir(p))
    except (OSError, ImportError, ValueError) as error:
        msg = f"{table.path} cannot be looked for: {type(error).__name__}: {str(error).splitlines()[0]}"
        raise SourceError(msg) from None
    root = folder.resolve().as_posix() + "/"
    for found in paths:
        day = _day_of(found, table, place) if place else None
        if place and (day is None or day not in _shifted(days, place)):
            continue
        yield FoundFile(system=system, path=found, shown=found.removeprefix(root), day=day)


def _shifted(days: Days, place: re.Match[str]) -> Days:
    return days.later_by(1) if place[1] == "night" else days


def _stars(format_: str) -> str:
    """A pattern for the listing; folders stay folders."""
    return re.sub(r"(%\w)+", "*", format_)


def _absolute(pattern: str, folder: Path) -> str:
    if "://" in pattern or "::" in pattern:
        return pattern
    return (folder.resolve() / pattern).as_posix()


def _day_of(found: str, table: FileTable, place: re.Match[str]) -> date | None:
    """The day that a file's path says; nothing where what stands in its place is no day."""
    format_ = date_format(place)
    after = table.path[place.end() :]
    # Folders in front may be anything, what follows is as in the pattern.
    behind = re.escape(after).replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    before = table.path[: place.start()].rsplit("/", 1)[-1]
    front = re.escape(before).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    match = re.search(rf"(?:^|/){front}({date_pattern(format_)}){behind}$", found)
    try:
        return datetime.strptime(match[1], format_).date() if match else None  # noqa: DTZ007 - a calendar day
    except ValueError:
        return None


def _hint(table: FileTable, folder: Path) -> str:
    if "://" in table.path:
        return "Check the address and who may read it."
    return f"A path is relative to {folder}; see that the files are there."
