"""What an API's items look like, and the tables of text that queries read them as.

A table has a column for each field that is looked at, as the shop said it: text, JSON where the field is an object or a
list, and for moments ISO 8601 with an offset. The column `item` is the whole of it, so that a query of one's own finds
what no column has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pyarrow as pa

ITEM = "item"


class Holds(StrEnum):
    """What a field holds."""

    TEXT = "a plain value"
    OBJECT = "an object"
    LIST = "a list"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of an item; an optional one may be left out by the API."""

    holds: Holds = Holds.TEXT
    moment: bool = False
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """One list of an API, under the name that queries know it by.

    `written` and `placed` name the fields that hold those moments; the first that is filled counts. Without, the list
    is always taken whole.
    """

    name: str
    path: str
    fields: Mapping[str, Field]
    key: str = "id"
    written: tuple[str, ...] = ()
    placed: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.fields, ITEM)

    def rows(self, items: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
        """Items as rows of text."""
        columns = [
            [_iso(_text(i.get(name))) if field.moment else _text(i.get(name)) for i in items]
            for name, field in self.fields.items()
        ]
        columns.append([_text(item) for item in items])
        return pa.record_batch(
            [pa.array(column, pa.string()) for column in columns], names=list(self.columns)
        )

    def moment(self, item: Mapping[str, Any], names: tuple[str, ...]) -> datetime | None:
        """The first of some moments of an item that is filled; nothing when none can be read."""
        return next((m for name in names if (m := _moment(item.get(name)))), None)

    def mistakes(self, items: Sequence[Any]) -> Iterator[str]:
        """What is otherwise than the API's documentation says, by the names of fields alone."""
        for item in items:
            if not isinstance(item, dict):
                yield f"an entry of the list is {_kind(item)} where an object is expected"
                continue
            if not item.get(self.key):
                yield f"the field `{self.key}` is missing or empty"
            for name, field in self.fields.items():
                if name not in item:
                    if not field.optional:
                        yield f"the field `{name}` is missing"
                elif item[name] is not None and _kind(item[name]) != field.holds:
                    yield f"the field `{name}` is {_kind(item[name])} where {field.holds} is expected"


def fields(
    *, always: str = "", sometimes: str = "", moments: str = "", objects: str = "", lists: str = ""
) -> dict[str, Field]:
    """Fields by their names; all but those that come `always` may be left out by the API."""
    found = {name: Field() for name in always.split()}
    found |= {name: Field(moment=True) for name in moments.split()}
    found |= {name: Field(optional=True) for name in sometimes.split()}
    found |= {name: Field(holds=Holds.OBJECT, optional=True) for name in objects.split()}
    return found | {name: Field(holds=Holds.LIST, optional=True) for name in lists.split()}


def _kind(value: object) -> Holds:
    if isinstance(value, dict):
        return Holds.OBJECT
    return Holds.LIST if isinstance(value, list) else Holds.TEXT


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _moment(said: object) -> datetime | None:
    """A moment as one of the APIs writes it; without an offset it is UTC. Nothing when it cannot be read."""
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said.strip().replace(" +", "+").replace(" -", "-"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(said: str | None) -> str | None:
    moment = _moment(said)
    return moment.isoformat() if moment else said
