"""How the big batches travel: as one array a column to PostgreSQL, through a temporary table in SQLite.

Either costs less than half of what JSON does, by which everything else travels (statements.py). What a column says in
all rows alike goes to PostgreSQL once instead of in an array.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import Connection

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "candidates": {
        "key": "text",
        "campaign": "text",
        "step": "integer",
        "customer_id": "text",
        "person_id": "text",
        "occasion": "text",
        "day": "date",
        "channel": "text",
        "pressure": "text",
        "topic": "text",
        "address_key": "text",
        "mailbox": "text",
        "send_at": "timestamptz",
        "expires_at": "timestamptz",
        "coupon_code": "text",
        "coupon_kind": "text",
        "coupon_value": "numeric",
        "coupon_expires_on": "date",
    },
    "receipts": {
        "key": "text",
        "state": "text",
        "provider": "text",
        "provider_id": "text",
        "code": "text",
        "not_before": "timestamptz",
    },
}
"""The columns of each kind of row, in PostgreSQL's types; the first is never the same in two rows."""

Value = str | int | None
Row = tuple[Value, ...]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A batch that statements can name: their parameters for it, and its columns that say the same in all rows."""

    parameters: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    alike: frozenset[str] = frozenset()


def load(connection: Connection, name: str, rows: Iterable[Row]) -> Loaded:
    """Makes rows, one at least, ready for the statements of a transaction that name them, in place of those before."""
    if connection.dialect.name == "postgresql":
        return _in_arrays(name, rows)
    marks = ", ".join("?" * len(COLUMNS[name]))
    connection.exec_driver_sql(
        f"create temporary table if not exists {name} ({', '.join(COLUMNS[name])})"
    )
    connection.exec_driver_sql(f"delete from temp.{name}")
    connection.exec_driver_sql(f"insert into temp.{name} values ({marks})", list(rows))
    return Loaded()


def unpacked(name: str, dialect: str, alike: frozenset[str]) -> str:
    """A query for the rows of a batch that was loaded."""
    if dialect != "postgresql":
        return f"select * from temp.{name}"
    types = COLUMNS[name]
    varying = [column for column in types if column not in alike]
    arrays = ", ".join(f"cast(:{name}_{column} as {types[column]}[])" for column in varying)
    listed = ", ".join(
        f"cast(:{name}_{column} as {type_}) as {column}" if column in alike else column
        for column, type_ in types.items()
    )
    return f"select {listed} from unnest({arrays}) as unpacked ({', '.join(varying)})"


def array(values: Sequence[Value]) -> str:
    """An array in PostgreSQL's own notation; the driver's way takes four times as long."""
    if not values:
        return "{}"
    try:
        joined = '","'.join(cast("Sequence[str]", values))
    except TypeError:  # not all are texts
        return "{" + ",".join(map(_quoted, values)) + "}"
    if "\\" in joined or joined.count('"') > 2 * (len(values) - 1):
        return "{" + ",".join(map(_quoted, values)) + "}"
    return f'{{"{joined}"}}'


def _in_arrays(name: str, rows: Iterable[Row]) -> Loaded:
    parameters: dict[str, str | None] = {}
    alike: set[str] = set()
    first = next(iter(COLUMNS[name]))
    for column, values in zip(COLUMNS[name], zip(*rows, strict=True), strict=True):
        one = values[0]
        if column != first and one == values[-1] and values.count(one) == len(values):
            alike.add(column)
            parameters[f"{name}_{column}"] = None if one is None else str(one)
        else:
            parameters[f"{name}_{column}"] = array(values)
    return Loaded(parameters=parameters, alike=frozenset(alike))


def _quoted(value: Value) -> str:
    if value is None:
        return "null"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
