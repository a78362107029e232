"""What a database returned, as Arrow columns of text, exactly as the shop said it.

Whole numbers and decimals keep their digits, moments become ISO 8601 in UTC, dates ISO, truth values true and
false, and nothing stays nothing. Reading sense into the text is validation's work, one stage later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

_NOTHING = type(None)
# A moment in text without an offset, as SQLite keeps it; anything else is left as it is.
_NAIVE = r"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)$"


def text_column(values: Sequence[Any], *, moments: bool, zone: ZoneInfo) -> pa.Array:
    """One column as text.

    With `moments`, text that is a naive date and time is taken as the clock of `zone` and given its offset.
    """
    types = set(map(type, values)) - {_NOTHING}
    column = _column_of(types.pop() if len(types) == 1 else object, values, zone)
    return _with_offset(column, zone) if moments else column


def arrow_text(column: pa.Array, *, moments: bool, zone: ZoneInfo) -> pa.Array:
    """A column of Arrow's own types as text; `moments` as above."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type):
        return _with_offset(column, zone) if moments else column
    if any(is_type(column.type) for is_type in _CAST_ALIKE):
        return column.cast(pa.string())
    return text_column(column.to_pylist(), moments=moments, zone=zone)


# What Arrow casts to the very text that is wanted.
_CAST_ALIKE = (
    pa.types.is_large_string,
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_date32,
)


def _column_of(type_: type, values: Sequence[Any], zone: ZoneInfo) -> pa.Array:
    if type_ is str:
        return pa.array(values, pa.string())
    if type_ is bool:
        return pa.array(values, pa.bool_()).cast(pa.string())
    if type_ is int:
        return _integers(values)
    if type_ is datetime:
        return _moments(values, zone)
    word = _WORDS.get(type_, lambda value: _word(value, zone))
    return pa.array([None if value is None else word(value) for value in values], pa.string())


def _integers(values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(values, pa.int64()).cast(pa.string())
    except (pa.ArrowInvalid, OverflowError):  # wider than 64 bits
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _moments(values: Sequence[datetime | None], zone: ZoneInfo) -> pa.Array:
    in_utc = [None if value is None else _in_utc(value, zone) for value in values]
    return instants_text(pa.array(in_utc, pa.timestamp("us")))


def instants_text(instants: pa.Array) -> pa.Array:
    """Instants in UTC, to the microsecond, as text; a fraction of a second is told where there is any."""
    instants = instants.cast(pa.timestamp("us"))
    with suppress(pa.ArrowInvalid):  # raised when one has a fraction of a second, which is kept
        instants = instants.cast(pa.timestamp("s"))
    # Arrow's own spelling with two letters changed: ten times as fast as strftime.
    said = pc.utf8_replace_slice(instants.cast(pa.string()), 10, 11, "T")
    return pc.binary_join_element_wise(said, "Z", "")


def _in_utc(value: datetime, zone: ZoneInfo) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    return aware.astimezone(UTC).replace(tzinfo=None)


def _with_offset(column: pa.Array, zone: ZoneInfo) -> pa.Array:
    if zone.key == "UTC":
        return pc.replace_substring_regex(column, _NAIVE, r"\1T\2Z")
    naive = pc.fill_null(pc.match_substring_regex(column, _NAIVE), fill_value=False)
    texts = [
        _iso(_in_utc(datetime.fromisoformat(text), zone))
        for text in column.filter(naive).to_pylist()
    ]
    return pc.replace_with_mask(column, naive, pa.array(texts, pa.string()))


def _iso(instant: datetime) -> str:
    return instant.isoformat() + "Z"


def _word(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return _iso(_in_utc(value, zone))
    word = _WORDS.get(type(value), str)
    return word(value)


_WORDS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    Decimal: lambda value: format(value, "f"),
    float: repr,
    date: date.isoformat,
    bytes: lambda value: value.decode(errors="replace"),
    dict: lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True),
    list: lambda value: json.dumps(value, ensure_ascii=False),
}
