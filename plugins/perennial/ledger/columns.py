"""How the big batches travel: as one array a column to PostgreSQL, through a temporary table in SQLite.

Either costs less than half of what JSON does, by which everything else travels (statements.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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
        "address_key": "text",
        "coupon_code": "text",
        "send_at": "timestamptz",
        "expires_at": "timestamptz",
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
"""The columns of each kind of row, in PostgreSQL's types."""

Value = str | int | None
Row = tuple[Value, ...]


def load(connection: Connection, name: str, rows: Iterable[Row]) -> dict[str, str]:
    """Makes rows ready for the statements of a transaction that name them, in place of those before.

    Returns the parameters that such a statement takes for them.
    """
    if connection.dialect.name == "postgresql":
        columns = zip(COLUMNS[name], zip(*rows, strict=True), strict=True)
        return {f"{name}_{column}": _array(values) for column, values in columns}
    marks = ", ".join("?" * len(COLUMNS[name]))
    connection.exec_driver_sql(
        f"create temporary table if not exists {name} ({', '.join(COLUMNS[name])})"
    )
    connection.exec_driver_sql(f"delete from temp.{name}")
    connection.exec_driver_sql(f"insert into temp.{name} values ({marks})", list(rows))
    return {}


def unpacked(name: str, dialect: str) -> str:
    """A query for the rows of a batch that was loaded."""
    if dialect != "postgresql":
        return f"select * from temp.{name}"
    arrays = ", ".join(f"cast(:{name}_{c} as {type_}[])" for c, type_ in COLUMNS[name].items())
    return f"select * from unnest({arrays}) as unpacked ({', '.join(COLUMNS[name])})"


def _array(values: Sequence[Value]) -> str:
    """An array in PostgreSQL's own notation; the driver's way takes four times as long."""
    if None not in values:
        joined = '","'.join(map(str, values))
        if "\\" not in joined and joined.count('"') == 2 * (len(values) - 1):
            return f'{{"{joined}"}}'
    return "{" + ",".join(map(_quoted, values)) + "}"


def _quoted(value: Value) -> str:
    if value is None:
        return "null"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
