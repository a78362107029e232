"""JSON lines: an object a line, its values as the text that stands there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import msgspec
import pyarrow as pa

from perennial.sources.files.refused_rows import Sieve
from perennial.sources.files.text_encoding import lines_of

_ROWS = 20_000
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


def json_batches(stream: IO[str], sieve: Sieve) -> Iterator[pa.RecordBatch]:
    """The objects as rows. A number keeps its digits, a list or an object stays JSON, null is nothing."""
    rows: list[dict[str, str | None]] = []
    for number, line in enumerate(lines_of(stream, sieve.file), 1):
        if not line.strip():
            continue
        try:
            rows.append({key: _text(raw) for key, raw in _OBJECT.decode(line).items()})
            sieve.rows += 1
        except msgspec.MsgspecError:
            sieve.refuse(number, "it is no JSON object")
        if len(rows) == _ROWS:
            yield _batch(rows)
            rows = []
    if rows:
        yield _batch(rows)
    sieve.check()


def _batch(rows: list[dict[str, str | None]]) -> pa.RecordBatch:
    names = dict.fromkeys(name for row in rows for name in row)
    arrays = [pa.array([row.get(name) for row in rows], pa.string()) for name in names]
    return pa.record_batch(arrays, names=list(names))


def _text(raw: msgspec.Raw) -> str | None:
    said = bytes(raw)
    if said == b"null":
        return None
    return _TEXT.decode(said) if said.startswith(b'"') else said.decode()
