"""The `where` of an audience: one condition over customer_features, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlglot
from sqlglot import exp

from perennial.campaigns.condition import read_condition
from perennial.campaigns.condition_text import Problem
from perennial.errors import CampaignError, Fault

Place = Callable[[int], tuple[int, int]]


def compile_where(text: str) -> str:
    """SQL of a condition for DuckDB, every column quoted and qualified with customer_features.

    Raises:
        CampaignError: names every mistake with its line and column in the text.
    """
    condition, problems = read_condition(text)
    if condition is None:
        raise CampaignError(_faults(problems, path=Path("where"), place=_within(text)))
    return condition.sql(dialect="duckdb", comments=False)


def parts_of_where(text: str | None) -> list[tuple[str, str, tuple[str, ...]]]:
    """The parts of a condition that must all hold: as people read each, as SQL, and the columns that it looks at."""
    if not text:
        return []
    condition = sqlglot.parse_one(
        compile_where(text), dialect="duckdb", into=exp.Condition
    ).unnest()
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return [
        (
            _readable(part),
            part.sql(dialect="duckdb"),
            tuple(dict.fromkeys(column.name for column in part.find_all(exp.Column))),
        )
        for part in parts
    ]


def _readable(part: exp.Expr) -> str:
    """Columns as people write them, without their table and quotes."""
    plain = part.transform(lambda n: exp.column(n.name) if isinstance(n, exp.Column) else n)
    return plain.unnest().sql(dialect="duckdb")


def check_where(
    text: str, *, path: Path = Path("where"), place: Place | None = None
) -> list[Fault]:
    """Every mistake in a condition, in the order of the text.

    `place` tells the line and column in a file at which a character of the text stands; without it they count from
    the beginning of the text.
    """
    return _faults(find_problems(text), path=path, place=place or _within(text))


def find_problems(text: str) -> list[Problem]:
    """Every mistake in a condition, by its offset in the text."""
    return read_condition(text)[1]


def _faults(problems: list[Problem], *, path: Path, place: Place) -> list[Fault]:
    return [
        Fault(path=path, message=p.message, hint=p.hint, line=line, column=column)
        for p in problems
        for line, column in (place(p.offset),)
    ]


def _within(text: str) -> Place:
    def place(offset: int) -> tuple[int, int]:
        before = text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1

    return place
