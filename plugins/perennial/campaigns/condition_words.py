"""How parts of a condition are named to the person who wrote it."""

from __future__ import annotations

from sqlglot import exp

from perennial.campaigns.condition_text import Refused
from perennial.campaigns.spellings import nearest

FUNCTIONS = ("abs", "coalesce", "greatest", "least", "length", "lower", "round", "upper")
_CLOCKS = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtimestamp)
_NO_CLOCK = "Count with columns such as recency_days."


def offset_of(node: exp.Expr) -> int:
    """Where a part begins: its own first word, else that of what it is part of."""
    starts = [int(n.meta["start"]) for n in node.walk() if "start" in n.meta]
    if starts:
        return min(starts)
    return offset_of(node.parent) if node.parent else 0


def words_of(text: str, node: exp.Expr) -> str:
    """A part in the writer's own words, shortened."""
    ends = [int(n.meta["end"]) for n in node.walk() if "end" in n.meta]
    if not ends:
        return node.sql(dialect="duckdb").lower()
    words = text[offset_of(node) : max(ends) + 1]
    words += ")" * (words.count("(") - words.count(")"))
    return words if len(words) <= 40 else f"{words[:39]}…"


def refusal(text: str, node: exp.Expr) -> Refused:
    """Why a shape is none that a condition may have."""
    if isinstance(node, exp.Query | exp.Exists):
        return Refused("a query has no place in a condition.")
    if isinstance(node, exp.Placeholder | exp.Parameter):
        return Refused("a parameter has no place in a condition.")
    if isinstance(node, _CLOCKS):
        return Refused("a condition has no clock.", hint=_NO_CLOCK)
    if isinstance(node, exp.Case):
        return Refused("`case` has no place in a condition.")
    if isinstance(node, exp.Func):
        name = _function_name(text, node)
        return Refused(f"unknown function '{name}'.", hint=nearest(name, FUNCTIONS))
    return Refused(f"{words_of(text, node)} has no place in a condition.")


def _function_name(text: str, node: exp.Func) -> str:
    """A function's name as it was written; sqlglot knows many under another."""
    if "start" in node.meta:
        return text[node.meta["start"] : node.meta["end"] + 1].lower()
    return node.sql_name().lower()
