"""CSV, row by row: quoted newlines, ragged rows, and the line on which each row begins.

A row that is none is refused with its line and the reason, and reading goes on with the line after it, so that one
open quote does not swallow the rest of the file.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from perennial.errors import SourceError
from perennial.sources.files.refused_rows import Sieve
from perennial.sources.files.text_encoding import TextForm, lines_of

_ROWS = 20_000


def csv_batches(stream: IO[str], form: TextForm, sieve: Sieve) -> Iterator[pa.RecordBatch]:
    """The rows under a header, every column as text; an empty value is none.

    Raises:
        SourceError: there is no header, or the file is no CSV of that form.
    """
    records = _records(_Lines(stream, sieve.file), form)
    header = _header(records, sieve)
    rows: list[list[str]] = []
    for line, values in records:
        if isinstance(values, str):
            sieve.refuse(line, values)
        elif len(values) != len(header):
            sieve.refuse(
                line, f"{_counted(len(values), 'value')} under {_counted(len(header), 'column')}"
            )
        else:
            rows.append(values)
            sieve.rows += 1
        if len(rows) == _ROWS:
            yield _batch(header, rows)
            rows = []
    # One without rows too, for the columns.
    yield _batch(header, rows)
    sieve.check()


def _header(records: Iterator[tuple[int, list[str] | str]], sieve: Sieve) -> list[str]:
    line, names = next(records, (1, []))
    if not names:
        msg = f"{sieve.file}: is empty. The names of its columns belong on the first line."
        raise SourceError(msg)
    if isinstance(names, str):
        msg = f"{sieve.file}:{line}: {names}, where the names of the columns belong."
        raise SourceError(msg)
    header = [name.strip() or f"column_{number}" for number, name in enumerate(names, 1)]
    seen: set[str] = set()
    for number, name in enumerate(header, 1):
        if name.casefold() in seen:
            msg = (
                f"{sieve.file}:{line}: its column {number} is called `{name}`, as one before it is."
            )
            raise SourceError(msg)
        seen.add(name.casefold())
    return header


def _records(lines: _Lines, form: TextForm) -> Iterator[tuple[int, list[str] | str]]:
    """Each row with the line it begins on; in place of one that cannot be read, why."""
    reader = csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, strict=True)
    while True:
        lines.begin()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.give_back(), _reason(error)
            continue
        if values:
            yield lines.first, values


def _reason(error: csv.Error) -> str:
    said = str(error)
    if "field larger" in said or "unexpected end" in said:
        return "a quote is opened and not closed"
    if "expected after" in said:
        return "text follows a closing quote"
    return "it is no row of a CSV file"


class _Lines:
    """The lines of a stream, counted; those of a row that failed can be read again, but for its first."""

    def __init__(self, stream: IO[str], shown: str) -> None:
        self._again: deque[str] = deque()
        self._fresh = lines_of(stream, shown)
        self._taken: list[str] = []
        self._number = 0
        self.first = 1

    def begin(self) -> None:
        """A row begins with the next line."""
        self._taken.clear()
        self.first = self._number + 1

    def give_back(self) -> int:
        """Lets every line of the row but the first be read again; returns the number of the first."""
        self._again.extendleft(reversed(self._taken[1:]))
        self._number = self.first
        return self.first

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._fresh)
        self._taken.append(line)
        self._number += 1
        return line


def _batch(header: list[str], rows: list[list[str]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    arrays = [pa.array(values, pa.string()) for values in columns]
    nothing = pa.scalar(None, pa.string())
    filled = [pc.if_else(pc.equal(array, ""), nothing, array) for array in arrays]
    return pa.record_batch(filled, names=header)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
