"""In which encoding a text file is written, with which delimiter, and whether it really is, to its last byte."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO

import pyarrow as pa

from perennial.errors import SourceError
from perennial.sources.files.file_table import COMPRESSIONS, FileTable
from perennial.sources.files.found_files import FoundFile

_SAMPLE = 256 * 1024
_BLOCK = 1024 * 1024
_LONGEST_LINE = 4 * 1024 * 1024
_DELIMITERS = ";,\t|"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, kw_only=True)
class TextForm:
    """How one text file is written."""

    encoding: str
    delimiter: str
    quote: str = '"'
    detected: bool = False

    def __str__(self) -> str:
        shown = "a tab" if self.delimiter == "\t" else f"`{self.delimiter}`"
        return f"{self.encoding.removesuffix('-sig')} with {shown} between values"


def form_of(file: FoundFile, table: FileTable) -> TextForm:
    """How a file is written: as stated, else as its beginning looks.

    Raises:
        SourceError: what is stated cannot be so.
    """
    sample = _sample(file)
    encoding = table.encoding or _detected_encoding(sample)
    _refuse_utf8_taken_for_another(file, sample, encoding)
    if encoding in {"utf-8", "utf-8-sig"}:
        encoding = "utf-8-sig"  # with or without a mark in front
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        raise _not_that_encoding(file, encoding, detected=table.encoding is None) from None
    return TextForm(
        encoding=encoding,
        delimiter=table.delimiter
        or _detected_delimiter(text, table.quote, whole=len(sample) < _SAMPLE),
        quote=table.quote,
        detected=table.encoding is None or table.delimiter is None,
    )


@contextmanager
def opened_text(file: FoundFile, form: TextForm, *, detected: bool) -> Iterator[IO[str]]:
    """A file's text, line ends as they stand there.

    Raises:
        SourceError: names line and column of what is not written in that encoding.
    """
    with _uncompressed(file) as stream:
        try:
            yield io.TextIOWrapper(stream, encoding=form.encoding, newline="")
        except UnicodeError:
            raise _not_that_encoding(file, form.encoding, detected=detected) from None


def lines_of(stream: IO[str], shown: str) -> Iterator[str]:
    """The lines of a text with their ends, none of them larger than memory is meant to hold.

    Raises:
        SourceError: a line is too long to be one.
    """
    for number, line in enumerate(iter(partial(stream.readline, _LONGEST_LINE), ""), 1):
        if len(line) == _LONGEST_LINE:
            msg = f"{shown}:{number}: the line is longer than {_LONGEST_LINE:,} letters. Is this text?"
            raise SourceError(msg)
        yield line


def opened_bytes(file: FoundFile) -> Iterator[bytes]:
    """A file's bytes, uncompressed, block by block."""
    with _uncompressed(file) as stream:
        while block := stream.read(_BLOCK):
            yield bytes(block)


@contextmanager
def _uncompressed(file: FoundFile) -> Iterator[IO[bytes]]:
    suffix = "." + file.name.rsplit(".", 1)[-1].lower()
    with file.opened() as stream:
        try:
            if suffix in COMPRESSIONS:
                packed = pa.PythonFile(stream, "r")
                yield pa.CompressedInputStream(packed, COMPRESSIONS[suffix])
            else:
                yield stream
        except (OSError, EOFError, pa.ArrowException):
            msg = f"{file.shown} cannot be unpacked: it is cut off or damaged. Deliver it again."
            raise SourceError(msg) from None


def _sample(file: FoundFile) -> bytes:
    found = b""
    for block in opened_bytes(file):
        found += block
        if len(found) >= _SAMPLE:
            break
    return found[:_SAMPLE]


def _detected_encoding(sample: bytes) -> str:
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    if _is_utf8(sample):
        return "utf-8"
    runs = [len(run) for run in _HIGH.findall(sample)]
    # Cyrillic words are runs of high bytes; Western letters with accents stand alone among plain ones.
    return "cp1251" if sum(n for n in runs if n > 2) > sum(runs) / 2 else "cp1252"


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_utf8_taken_for_another(file: FoundFile, sample: bytes, encoding: str) -> None:
    """Bytes above 127 that happen to be UTF-8 are UTF-8: read otherwise, every accent becomes two odd letters."""
    plain = sample.isascii() or encoding.startswith("utf")
    if not plain and _is_utf8(sample):
        msg = f"{file.shown} is UTF-8, and shop.yaml says {encoding}. Write `encoding: utf-8`."
        raise SourceError(msg)


def _detected_delimiter(text: str, quote: str, *, whole: bool) -> str:
    """The one by which most rows have as many values as the first, and that the most."""
    lines = text.splitlines(keepends=True)[: None if whole else -1]

    def score(delimiter: str) -> tuple[float, int]:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter, quotechar=quote) if row]
        except csv.Error:
            return 0, 0
        if not rows or len(rows[0]) < 2:
            return 0, 0
        return Counter(map(len, rows))[len(rows[0])] / len(rows), len(rows[0])

    best = max(_DELIMITERS, key=score)
    return best if score(best)[1] else ","


def _not_that_encoding(file: FoundFile, encoding: str, *, detected: bool) -> SourceError:
    line, column, byte = _first_wrong(file, encoding)
    name = encoding.removesuffix("-sig")
    found = f"as its beginning looks like {name}" if detected else f"as shop.yaml says {name}"
    return SourceError(
        f"{file.shown}:{line}:{column}: the byte 0x{byte:02x} is not {name}; the file was read {found}."
        " State its `encoding:` in shop.yaml, such as cp1252 or cp1251, or have it delivered as UTF-8."
    )


def _first_wrong(file: FoundFile, encoding: str) -> tuple[int, int, int]:
    """Line and column, both from 1, of the first byte that cannot be read, and that byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, column = 1, 1
    for block in _ended(file):
        try:
            good, wrong = decoder.decode(block, final=not block), None
        except UnicodeDecodeError as error:
            good, wrong = error.object[: error.start].decode(encoding), error.object[error.start]
        if ends := good.count("\n"):
            line, column = line + ends, 1
        column += len(good) - (good.rfind("\n") + 1)
        if wrong is not None:
            return line, column, wrong
    return line, column, 0


def _ended(file: FoundFile) -> Iterator[bytes]:
    yield from opened_bytes(file)
    yield b""
