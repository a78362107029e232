"""How a column of the shop is written in a query, in the SQL of its database or, for files, in DuckDB's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from perennial.model.datasets import Column
from perennial.sources.proposing.matching import CENTS, Match
from perennial.sources.proposing.names import closed_words, normal
from perennial.sources.proposing.shapes import Kind, Shape

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(
    [
        "all",
        "and",
        "as",
        "asc",
        "case",
        "cast",
        "check",
        "column",
        "create",
        "date",
        "default",
        "desc",
        "distinct",
        "else",
        "end",
        "for",
        "from",
        "group",
        "having",
        "in",
        "index",
        "into",
        "is",
        "join",
        "key",
        "like",
        "limit",
        "not",
        "null",
        "offset",
        "on",
        "or",
        "order",
        "primary",
        "references",
        "select",
        "set",
        "table",
        "then",
        "time",
        "timestamp",
        "to",
        "union",
        "unique",
        "user",
        "using",
        "values",
        "when",
        "where",
        "with",
    ]
)
_POSTGRES_LETTERS = {
    "%d": "DD",
    "%m": "MM",
    "%Y": "YYYY",
    "%y": "YY",
    "%H": "HH24",
    "%M": "MI",
    "%S": "SS",
}


class Speech(StrEnum):
    """Whose SQL a query is written in."""

    FILES = "files"
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Written:
    """A column as a query selects it, and the question that a person has to answer about it."""

    sql: str
    decide: str | None = None


def quoted(name: str, speech: Speech) -> str:
    """A column as a query may use it."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    mark = "`" if speech is Speech.MYSQL else '"'
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def quoted_table(name: str, speech: Speech) -> str:
    """A table as a query may use it: `schema.table`, each part for itself."""
    return ".".join(quoted(part, speech) for part in name.split("."))


def literal(word: str) -> str:
    """A word as a query has it; a colon in it is no parameter."""
    return "'" + word.replace("'", "''").replace(":", "\\:") + "'"


def written(match: Match, column: Column, speech: Speech, *, commas: bool) -> Written:
    """A column of the shop as the contract wants it; `commas` says that its table's decimal comma is stated."""
    name, shape = quoted(match.source, speech), match.shape
    if column.type in {"DATE", "TIMESTAMPTZ"}:
        return _day(name, shape, column, speech)
    if column.type.startswith("DECIMAL") and _in_cents(match.source):
        return Written(sql=_from_cents(name, speech))
    if shape.kind is Kind.COMMA_DECIMAL and not commas:
        return Written(sql=_without_comma(name, speech))
    if words := closed_words(column.name):
        return _words(name, shape, words, match.source)
    return Written(sql=name, decide=_wants_codes(column.name, match))


def instant(source: str, shape: Shape, speech: Speech) -> str:
    """A moment of the shop as one that can be compared; what is none is null, for files."""
    name = quoted(source, speech)
    if speech is Speech.FILES:
        if shape.iso or not shape.formats:
            return f"try_cast({name} as timestamptz)"
        return f"try_strptime({name}, '{shape.formats[0]}')"
    if speech is Speech.SQLITE:
        return f"datetime({name})" if shape.iso else name
    return name if shape.iso or not shape.formats else _parsed(name, shape, speech)


def _day(name: str, shape: Shape, column: Column, speech: Speech) -> Written:
    decide = None
    if shape.doubtful:
        spelled = " or ".join(f"`{form}`" for form in shape.formats)
        decide = f"Is {name} written {spelled}? Its values fit each of them; the first is taken."
    if not shape.formats:
        return Written(sql=name)
    if not shape.iso:
        if speech is Speech.FILES:
            macro = "day_of" if column.type == "DATE" else "moment_of"
            return Written(sql=f"{macro}({name}, '{shape.formats[0]}')", decide=decide)
        if speech in {Speech.SQLITE, Speech.OTHER}:
            decide = f"{name} is written {shape.formats[0]}: make it YYYY-MM-DD in the query."
            return Written(sql=name, decide=decide)
        return Written(sql=_parsed(name, shape, speech), decide=decide)
    if (shape.kind is Kind.DATE) == (column.type == "DATE"):
        return Written(sql=name)
    return Written(sql=_as_day(name, speech) if column.type == "DATE" else _as_moment(name, speech))


def _parsed(name: str, shape: Shape, speech: Speech) -> str:
    form = shape.formats[0]
    if speech is Speech.MYSQL:
        return f"str_to_date({name}, '{form.replace('%M', '%i').replace(':', chr(92) + ':')}')"
    for letter, ours in _POSTGRES_LETTERS.items():
        form = form.replace(letter, ours)
    function = "to_date" if shape.kind is Kind.DATE else "to_timestamp"
    return f"{function}({name}, '{form.replace(':', chr(92) + ':')}')"


def _as_day(name: str, speech: Speech) -> str:
    if speech in {Speech.FILES, Speech.SQLITE}:
        return f"substr({name}, 1, 10)"
    return f"cast({name} as date)"


def _as_moment(name: str, speech: Speech) -> str:
    if speech in {Speech.FILES, Speech.SQLITE}:
        return f"{name} || ' 00\\:00\\:00'"
    return f"cast({name} as {'datetime' if speech is Speech.MYSQL else 'timestamp'})"


def _in_cents(source: str) -> bool:
    return bool(set(normal(source).split()) & set(CENTS))


def _from_cents(name: str, speech: Speech) -> str:
    if speech is Speech.SQLITE:
        return (
            f"case when {name} is not null then printf('%d.%02d', {name} / 100, {name} % 100) end"
        )
    whole = f"try_cast({name} as bigint)" if speech is Speech.FILES else name
    return f"cast({whole} * 0.01 as decimal(12, 2))"


def _without_comma(name: str, speech: Speech) -> str:
    if speech is Speech.FILES:
        return f"coalesce(cast(comma_number({name}) as varchar), {name})"
    return f"replace(replace({name}, '.', ''), ',', '.')"


def _words(name: str, shape: Shape, known: Mapping[str, str], source: str) -> Written:
    meant = {word: known[normal(word)] for word in shape.words if normal(word) in known}
    unknown = [word for word in shape.words if word not in meant]
    ours = ", ".join(dict.fromkeys(known.values()))
    decide = None
    if unknown:
        said = ", ".join(f"`{word}`" for word in unknown)
        decide = f"What does `{source}` mean by {said}? Known here: {ours}. Rows with other words are put aside."
    if all(word == one for word, one in meant.items()):
        return Written(sql=name, decide=decide)
    whens = "\n".join(f"  when {literal(word)} then '{one}'" for word, one in meant.items())
    return Written(sql=f"case {name}\n{whens}\n  else {name} end", decide=decide)


def _wants_codes(column: str, match: Match) -> str | None:
    wanted = {"country": (Kind.COUNTRY, "US"), "language": (Kind.LANGUAGE, "es")}.get(column)
    if wanted is None or match.shape.kind in {wanted[0], Kind.EMPTY}:
        return None
    return f"`{match.source}` does not hold codes such as {wanted[1]}: write a `case`, or leave the column out."
