"""The ledger's SQL files, made ready for one database.

A batch travels as one JSON parameter, which both databases unpack into rows; `$name` in a file marks the place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from sqlalchemy import Date, TextClause, bindparam, text
from sqlalchemy.types import TypeEngine

from perennial.ledger.tables import Instant

_FOLDER = Path(__file__).parent / "sql"

# The rows that travel as JSON: their columns, in PostgreSQL's types.
_ROWS: Mapping[str, Mapping[str, str]] = {
    "keys": {"key": "text"},
    "candidates": {
        "turn": "integer",
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
    "limits": {"pressure": "text", "most": "integer", "since": "timestamptz"},
    "coupons": {
        "code": "text",
        "message_key": "text",
        "kind": "text",
        "value": "numeric",
        "expires_on": "date",
    },
    "days": {"campaign": "text", "day": "date"},
    "receipts": {
        "key": "text",
        "state": "text",
        "provider": "text",
        "provider_id": "text",
        "code": "text",
        "not_before": "timestamptz",
    },
    "blocks": {"key": "text", "day": "date", "campaign": "text", "reason": "text"},
    "events": {
        "key": "text",
        "word": "text",
        "provider": "text",
        "provider_id": "text",
        "code": "text",
        "at": "timestamptz",
        "received_at": "timestamptz",
    },
    "suppressions": {"key": "text", "reason": "text", "at": "timestamptz"},
    "presumed": {
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
        "provider": "text",
        "send_at": "timestamptz",
        "expires_at": "timestamptz",
    },
    "hold_outs": {
        "key": "text",
        "campaign": "text",
        "step": "integer",
        "customer_id": "text",
        "person_id": "text",
        "occasion": "text",
        "day": "date",
    },
}
_TYPES: Mapping[str, TypeEngine[Any]] = {
    "at": Instant(),
    "now": Instant(),
    "clock": Instant(),
    "lease_until": Instant(),
    "silent_since": Instant(),
    "day": Date(),
}


@cache
def statement(name: str, dialect: str) -> TextClause:
    """A statement from sql/<name>.sql."""
    rows = {rows: _unpacked(rows, dialect) for rows in _ROWS}
    # Texts are compared byte by byte, as Python does, whatever the database's language.
    bytewise = 'collate "C"' if dialect == "postgresql" else ""
    sql = Template(_read(name)).substitute(rows, standing=_read("standing"), bytewise=bytewise)
    typed = [bindparam(n, type_=type_) for n, type_ in _TYPES.items() if re.search(rf":{n}\b", sql)]
    return text(sql).bindparams(*typed)


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _unpacked(rows: str, dialect: str) -> str:
    columns = _ROWS[rows]
    if dialect == "postgresql":
        typed = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
        return f"select * from json_to_recordset(cast(:{rows} as json)) as unpacked ({typed})"
    named = ", ".join(f"json_extract(value, '$.{name}') as {name}" for name in columns)
    return f"select {named} from json_each(:{rows})"


def packed(rows: Iterable[Mapping[str, Any]]) -> str:
    """A batch as the parameter of a statement."""
    return json.dumps(list(rows), ensure_ascii=False, separators=(",", ":"))


def packed_keys(keys: Iterable[str]) -> str:
    """Keys as the parameter of a statement."""
    return packed({"key": key} for key in keys)
