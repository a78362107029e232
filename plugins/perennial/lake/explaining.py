"""What DuckDB says when it cannot go on, in our own errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from perennial.errors import LakeError

_QUOTING_VALUES = (
    duckdb.ConversionException,
    duckdb.ConstraintException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
)


@contextmanager
def explained(head: str = "") -> Iterator[None]:
    """Turns DuckDB's errors into ours, without the values of rows that some of them quote."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if isinstance(error, _QUOTING_VALUES):
            text = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "‹value›", text.partition("\n\n")[0])
        # What a file system of ours says reaches DuckDB as a whole traceback.
        text = re.sub(r"(?s)^.*\n(perennial\.errors\.)?LakeError: ", "", text)
        raise LakeError(head + text) from None
