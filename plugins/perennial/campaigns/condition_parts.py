"""The smallest parts of a condition: columns, figures, words, dates, lengths of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum

from sqlglot import exp

from perennial.campaigns.condition_text import Refused
from perennial.campaigns.spellings import nearest
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.words import Channel, Stage

TABLE = CUSTOMER_FEATURES.name
_LONGEST_INTERVAL = 2_000


class Kind(Enum):
    """What a part of a condition stands for."""

    NUMBER = "a number"
    TEXT = "text"
    DATE = "a date"
    INTERVAL = "a length of time"
    TRUTH = "a condition"
    NULL = "null"
    UNKNOWN = "unknown"


_KINDS = {
    "INTEGER": Kind.NUMBER,
    "BIGINT": Kind.NUMBER,
    "DOUBLE": Kind.NUMBER,
    "DECIMAL(18,2)": Kind.NUMBER,
    "VARCHAR": Kind.TEXT,
    "DATE": Kind.DATE,
    "BOOLEAN": Kind.TRUTH,
}
_COLUMNS = {c.name: c.type for c in CUSTOMER_FEATURES.columns}

CLOSED: dict[str, tuple[str, ...]] = {
    "stage": tuple(Stage),
    # The names that features/rfm_cells.sql gives; a test holds the two together.
    "rfm_cell": (
        "champions",
        "loyal",
        "potential_loyal",
        "new",
        "promising",
        "needs_attention",
        "about_to_sleep",
        "cannot_lose",
        "at_risk",
        "hibernating",
        "lost",
    ),
    "preferred_channel": tuple(Channel),
    "zone_source": ("profile", "address", "phone", "shop"),
    "age_band": ("18-24", "25-34", "35-44", "45-54", "55-64", "65+"),
}


@dataclass(frozen=True)
class Part:
    """A rebuilt part; `narrow` numbers are 32 bits wide and could overflow when added."""

    sql: exp.Expr
    kind: Kind
    narrow: bool = False


def column_kind(name: str) -> Kind:
    """What a column of customer_features holds."""
    return _KINDS[_COLUMNS[name]]


def only(node: exp.Expr, *parts: str) -> None:
    """Refuses a shape that carries more than the parts we read."""
    more = [name for name, value in node.args.items() if value and name not in parts]
    if more:
        msg = f"'{more[0].replace('_', ' ')}' has no place in a condition."
        raise Refused(msg)


def column(node: exp.Expr) -> Part:
    """A column of customer_features."""
    only(node, "this", "table")
    if (node.text("table") or TABLE).lower() != TABLE:
        msg = f"a condition may only name columns of {TABLE}, not of '{node.text('table')}'."
        raise Refused(msg)
    name = node.name.lower()
    if name not in _COLUMNS:
        msg = f"unknown column '{node.name}'."
        raise Refused(msg, hint=_column_hint(node))
    sql = exp.column(name, table=TABLE, quoted=True)
    return Part(sql, column_kind(name), narrow=_COLUMNS[name] == "INTEGER")


def _column_hint(node: exp.Expr) -> str:
    known = {word for words in CLOSED.values() for word in words}
    quoted = isinstance(node.this, exp.Identifier) and node.this.quoted
    if quoted or node.name.lower() in known:
        return f"Words stand in single quotes: '{node.name}'."
    return nearest(node.name, _COLUMNS)


def literal(node: exp.Expr) -> Part:
    """A word in quotes or a figure."""
    if node.is_string:
        return Part(exp.Literal.string(node.name), Kind.TEXT)
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", node.name):
        msg = f"'{node.name}' is not a figure that can be used here."
        hint = "Write up to 12 digits, and up to 6 after the point."
        raise Refused(msg, hint=hint)
    return Part(exp.Literal.number(node.name), Kind.NUMBER, narrow="." not in node.name)


def date_literal(node: exp.Expr) -> Part:
    """A date written as date '2026-11-21'."""
    only(node, "this", "to")
    word = node.this
    if not (node.args["to"].is_type("date") and isinstance(word, exp.Literal) and word.is_string):
        msg = "a cast has no place in a condition."
        raise Refused(msg, hint="Dates are written date '2026-11-21'.")
    return as_date(word)


def as_date(word: exp.Expr) -> Part:
    """A word in quotes as a date."""
    try:
        day = date.fromisoformat(word.name)
    except ValueError:
        msg = f"'{word.name}' is not a date."
        raise Refused(msg, hint="Write year, month and day: '2026-11-21'.") from None
    return Part(exp.cast(exp.Literal.string(day.isoformat()), "date"), Kind.DATE)


def interval(node: exp.Expr) -> Part:
    """A length of time of whole days, weeks, months or years."""
    only(node, "this", "unit")
    unit = node.text("unit").lower().removesuffix("s")
    count = node.this.name if isinstance(node.this, exp.Literal) else ""
    known = unit in ("day", "week", "month", "year") and re.fullmatch(r"\d{1,4}", count)
    if not known or int(count) > _LONGEST_INTERVAL:
        msg = "this length of time cannot be used here."
        hint = f"Write interval 3 day; day, week, month or year, up to {_LONGEST_INTERVAL:,}."
        raise Refused(msg, hint=hint)
    sql = exp.Interval(this=exp.Literal.string(count), unit=exp.var(unit.upper()))
    return Part(sql, Kind.INTERVAL)
