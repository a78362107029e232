"""The ledger's SQL files, made ready for one database.

A batch travels as one JSON parameter, which both databases unpack into rows; `$name` in a file marks the place. The
big batches go another way (columns.py), and what two files have in common stands in a third.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from string import Template
from typing import Any

import msgspec
from sqlalchemy import Date, TextClause, bindparam, text
from sqlalchemy.types import TypeEngine

from perennial.ledger import columns
from perennial.ledger.tables import Instant

_FOLDER = Path(__file__).parent / "sql"

# The rows that travel as JSON: their columns, in PostgreSQL's types.
_ROWS: Mapping[str, Mapping[str, str]] = {
    "keys": {"key": "text"},
    "coupons": {
        "key": "text",
        "coupon_code": "text",
        "coupon_kind": "text",
        "coupon_value": "numeric",
        "coupon_expires_on": "date",
    },
    "days": {"campaign": "text", "day": "date"},
    "blocks": {"key": "text", "day": "date", "campaign": "text", "reason": "text"},
    "events": {
        "key": "text",
        "word": "text",
        "provider": "text",
        "provider_id": "text",
        "code": "text",
        "at": "timestamptz",
        "received_at": "timestamptz",
        "actor": "text",
    },
    "suppressions": {"key": "text", "reason": "text", "at": "timestamptz"},
    "listed": {"address_key": "text", "channel": "text", "reason": "text", "at": "timestamptz"},
    "consents": {
        "person_id": "text",
        "customer_id": "text",
        "channel": "text",
        "topic": "text",
        "state": "text",
        "at": "timestamptz",
        "how": "text",
        "wording": "text",
        "proof": "text",
        "recorded_at": "timestamptz",
    },
    "mailbox_counts": {
        "mailbox": "text",
        "hour": "timestamptz",
        "sent": "bigint",
        "bounced": "bigint",
        "complained": "bigint",
    },
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
        "topic": "text",
        "address_key": "text",
        "mailbox": "text",
        "provider": "text",
        "send_at": "timestamptz",
        "expires_at": "timestamptz",
        "coupon_code": "text",
        "coupon_kind": "text",
        "coupon_value": "numeric",
        "coupon_expires_on": "date",
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
    "day_ago": Instant(),
    "week_ago": Instant(),
    "survey_ago": Instant(),
    "discounts_ago": Instant(),
    "mix_ago": Instant(),
    "clock": Instant(),
    "lease_until": Instant(),
    "silent_since": Instant(),
    "day": Date(),
    "until": Date(),
}


# What several files have in common, and what is looked at in it by which clock: what is to be claimed, and what is held.
_PARTS = ("standing", "stands_again", "marks", "fates")
_PARTS_ABOUT = ("welcome", "unwanted")
_LOOKED_AT = {"candidates": ":now", "messages": ":clock"}


@lru_cache(maxsize=256)  # batches differ in what their rows say alike
def statement(name: str, dialect: str, alike: frozenset[str] = frozenset()) -> TextClause:
    """A statement from sql/<name>.sql; `alike` comes from the batch that it names, where one was loaded."""
    return _typed(_sql(name, dialect, alike))


@lru_cache(maxsize=256)
def gathering(name: str, gather: str, alike: frozenset[str] = frozenset()) -> TextClause:
    """A statement for PostgreSQL whose rows come back in fewer, by sql/<gather>.sql."""
    moved = _sql(name, "postgresql", alike)
    return _typed(Template(_read(gather)).substitute(moved=moved))


def _typed(sql: str) -> TextClause:
    typed = [bindparam(n, type_=type_) for n, type_ in _TYPES.items() if re.search(rf":{n}\b", sql)]
    return text(sql).bindparams(*typed)


def _sql(name: str, dialect: str, alike: frozenset[str]) -> str:
    rows = {rows: _unpacked(rows, dialect) for rows in _ROWS}
    # Texts are compared byte by byte, as Python does, whatever the database's language.
    bytewise = 'collate "C"' if dialect == "postgresql" else ""
    loaded = {rows: columns.unpacked(rows, dialect, alike) for rows in columns.COLUMNS}
    return Template(_read(name)).substitute(rows, **loaded, **_parts(), bytewise=bytewise)


@cache
def _parts() -> dict[str, str]:
    parts = {part: _read(part) for part in _PARTS}
    parts |= {
        f"{part}_{whose}": Template(_read(part)).substitute(whose=whose, moment=moment)
        for part in _PARTS_ABOUT
        for whose, moment in _LOOKED_AT.items()
    }
    return parts | {"may_leave": Template(_read("may_leave")).substitute(parts)}


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _unpacked(rows: str, dialect: str) -> str:
    if rows == "keys":
        return _unpacked_keys(dialect)
    types = _ROWS[rows]
    if dialect == "postgresql":
        typed = ", ".join(f"{name} {type_}" for name, type_ in types.items())
        return f"select * from json_to_recordset(cast(:{rows} as json)) as unpacked ({typed})"
    named = ", ".join(f"json_extract(value, '$.{name}') as {name}" for name in types)
    return f"select {named} from json_each(:{rows})"


def _unpacked_keys(dialect: str) -> str:
    if dialect == "postgresql":
        return "select key from unnest(cast(:keys as text[])) as unpacked (key)"
    return "select value as key from json_each(:keys)"


def packed(rows: Iterable[Mapping[str, Any]]) -> str:
    """A batch as the parameter of a statement."""
    return msgspec.json.encode(list(rows)).decode()


def packed_keys(keys: Iterable[str], dialect: str) -> str:
    """Keys as the parameter of a statement."""
    listed = list(keys)
    return (
        columns.array(listed) if dialect == "postgresql" else msgspec.json.encode(listed).decode()
    )
