"""What a night writes to quarantine/: rows as the shop said them, why they are not accepted, and where they were said."""

from __future__ import annotations

from perennial.model.datasets import Dataset

_TYPES = {
    "reason": "varchar",
    "retry_until": "date",
    "extract_day": "date",
    "extract_name": "varchar",
    "extract_row": "bigint",
}
_PLACE = {"extract_day": "day", "extract_name": "extract", "extract_row": "position"}
PLACE = tuple(_PLACE)


def put_aside(dataset: Dataset) -> str:
    """The rows of the night in `failed_rows`; those that waited since an earlier one are kept there."""
    texts = ", ".join(f'said."{name}"' for name in dataset.column_names)
    places = ", ".join(f"said.{there} as {here}" for here, there in _PLACE.items())
    return f"""
        select {texts}, reason, retry_until, {places}
        from failed_rows join judged_rows using (row_no) join said using (day, extract, position)
        where fresh"""


def nothing_put_aside(dataset: Dataset) -> str:
    """The columns of the same without a row: on most nights there is nothing to look for."""
    types = dict.fromkeys(dataset.column_names, "varchar") | _TYPES
    columns = ", ".join(f'null::{kind} as "{name}"' for name, kind in types.items())
    return f"select {columns} where false"
