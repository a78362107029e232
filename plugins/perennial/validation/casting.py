"""From the shop's text to the contract's types, as DuckDB expressions. What does not parse becomes empty, never an error.

Each value passes three forms: `said_…` is the text, `read_…` is what the text says in the widest type of its kind,
and the column itself holds it only when nothing is lost: 3.7 is no whole number, 12.345 no amount of money.
"""

from __future__ import annotations

from collections.abc import Callable

from perennial.model.datasets import Column, Dataset

_HAS_OFFSET = r"'[0-9](Z|z|[+-][0-9]{2}(:?[0-9]{2})?)$'"
_HAS_TIME = "'[0-9]{1,2}:[0-9]{2}'"
_TIMES = ("DATE", "TIMESTAMPTZ")


def said_columns(dataset: Dataset) -> str:
    """The text of each column; blank text and the zero dates of MySQL are no value."""
    return _list(dataset, lambda column: f'{_said(column)} as "said_{column.name}"')


def read_columns(dataset: Dataset) -> str:
    """What each text says, with room for more digits and years than the contract takes."""
    return _list(dataset, lambda column: f'{_read(column)} as "read_{column.name}"')


def typed_columns(dataset: Dataset) -> str:
    """Each column as the contract's type."""
    return _list(dataset, lambda column: f'{_typed(column)} as "{column.name}"')


def wrong_type(dataset: Dataset) -> str:
    """Names of the columns whose text is no value of their type; empty when all are."""
    cases = ", ".join(
        f"""case when "said_{c.name}" is not null and "{c.name}" is null then '{c.name}' end"""
        for c in dataset.columns
        if c.type != "VARCHAR"
    )
    return f"nullif(concat_ws(', ', {cases}), '')"


def _list(dataset: Dataset, expression: Callable[[Column], str]) -> str:
    return ",\n        ".join(expression(column) for column in dataset.columns)


def _said(column: Column) -> str:
    if column.type == "VARCHAR":
        return f"""case when trim("{column.name}") <> '' then "{column.name}" end"""
    text = f"""nullif(trim("{column.name}"), '')"""
    if column.type in _TIMES:
        return f"case when not starts_with({text}, '0000-00-00') then {text} end"
    return text


def _read(column: Column) -> str:
    said = f'"said_{column.name}"'
    if column.type == "VARCHAR":
        return said
    if column.type == "TIMESTAMPTZ":
        return _instant(said)
    if column.type == "DATE":
        return (
            f"case when regexp_matches({said}, {_HAS_OFFSET}) and regexp_matches({said}, {_HAS_TIME})"
            f" then ({_instant(said)} at time zone $zone)::date else try_cast({said} as date) end"
        )
    return f"try_cast({said} as decimal(38,10))"


def _instant(said: str) -> str:
    """Text without an offset is the shop's clock."""
    return (
        f"case when regexp_matches({said}, {_HAS_OFFSET}) and regexp_matches({said}, {_HAS_TIME})"
        f" then try_cast({said} as timestamptz)"
        f" else try_cast({said} as timestamp) at time zone $zone end"
    )


def _typed(column: Column) -> str:
    read = f'"read_{column.name}"'
    if column.type == "VARCHAR":
        return read
    if (
        column.type in _TIMES
    ):  # DuckDB reads `epoch`, `infinity` and the year 294000; nobody else does
        digit_first = f"\"said_{column.name}\"[1] between '0' and '9'"
        return (
            f"case when isfinite({read}) and year({read}) between 1 and 9999 and {digit_first}"
            f" then {read} end"
        )
    # Binary floating point leaves 12.340000000000001 behind, which is 12.34; a third decimal is a mistake.
    loss = "0.00001" if column.type.startswith("DECIMAL") else "0"
    number = f"try_cast({read} as {column.type})"
    return f"case when abs({read} - {number}) <= {loss} then {number} end"
