"""DuckDB's SQL as Spark's: sqlglot translates, and the few things in which the two count differently are put right.

Every rule here keeps what DuckDB would have answered: a rule that is missing shows in tests/spark, which compare whole
tables of both engines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from perennial.errors import LakeError

_DUCKDB, _SPARK = "duckdb", "spark"
# What features and facts are rounded to; more decimals than any double of theirs has.
_DECIMALS = 6


def parsed(sql: str) -> exp.Expr:
    """One statement in DuckDB's dialect, read.

    Raises:
        LakeError: it cannot be read.
    """
    try:
        return sqlglot.parse_one(sql, dialect=_DUCKDB)
    except SqlglotError as error:
        msg = f"This SQL cannot be read for Spark: {error}"
        raise LakeError(msg) from error


def spark_sql(query: exp.Expr, parameters: Mapping[str, Any] | None = None) -> str:
    """A query in Spark's dialect, its parameters written into it.

    Raises:
        LakeError: it asks for something that Spark has no word for, or for a parameter that is not given.
    """
    try:
        translated = _as_spark_counts(_filled(query, parameters or {}))
        return translated.sql(dialect=_SPARK, unsupported_level=ErrorLevel.RAISE, comments=False)
    except SqlglotError as error:
        msg = f"This SQL cannot be said in Spark's dialect: {error}"
        raise LakeError(msg) from error


def _filled(query: exp.Expr, parameters: Mapping[str, Any]) -> exp.Expr:
    def fill(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Placeholder | exp.Parameter):
            return node
        if node.name not in parameters:
            msg = f"The query asks for ${node.name}, which is not given."
            raise LakeError(msg)
        return _literal(parameters[node.name])

    return query.transform(fill)


def _literal(value: object) -> exp.Expr:
    """A value with its type; an empty list has none of its own, so every list says what is in it."""
    match value:
        case bool():
            return exp.Boolean(this=value)
        case datetime():
            return exp.cast(exp.Literal.string(value.astimezone(UTC).isoformat()), "timestamptz")
        case date():
            return exp.cast(exp.Literal.string(value.isoformat()), "date")
        case str():
            return exp.Literal.string(value)
        case int() | float():
            return exp.Literal.number(value)
        case list():
            return _list_literal(value)
    msg = f"A parameter of type {type(value).__name__} cannot be written for Spark."
    raise LakeError(msg)


def _list_literal(values: Sequence[object]) -> exp.Expr:
    kind = "bigint" if values and all(isinstance(v, int) for v in values) else "varchar"
    return exp.cast(exp.Array(expressions=[_literal(v) for v in values]), f"{kind}[]")


def _as_spark_counts(query: exp.Expr) -> exp.Expr:
    """Changes the query from its smallest parts up, so that what a rule builds is not changed again."""
    for node in reversed(list(query.walk())):
        if rule := _RULES.get(type(node)):
            changed = rule(node)
            if changed is not node:
                node.replace(changed)
    return query


def _cte(node: exp.Expr) -> exp.Expr:
    """Spark decides by itself what is worth keeping."""
    node.set("materialized", None)
    return node


def _percentiles(node: exp.Expr) -> exp.Expr:
    """Exact, between two values where DuckDB is: halves and quarters of whole days come out the same to the bit."""
    return exp.func("percentile", node.this, node.expression)


def _cut_points(node: exp.Expr) -> exp.Expr:
    """The first value at which so many of all have been counted."""
    ordered = exp.Order(expressions=[exp.Ordered(this=node.this, nulls_first=True)])
    return exp.WithinGroup(
        this=exp.Anonymous(this="percentile_disc", expressions=[node.expression]),
        expression=ordered,
    )


def _quotient(node: exp.Expr) -> exp.Expr:
    """DuckDB divides as doubles whatever it is given; Spark would divide decimals as decimals."""
    node.set("this", exp.cast(exp.paren(node.this), "double"))
    return node


def _rounded(node: exp.Expr) -> exp.Expr:
    """DuckDB rounds the double that is there; Spark would round the decimal it is written as."""
    digits = node.args.get("decimals")
    if not isinstance(digits, exp.Literal) or int(digits.name) == 0:
        return node
    power = exp.cast(exp.Literal.number(10 ** int(digits.name)), "double")
    grown = exp.Mul(this=exp.paren(node.this), expression=power)
    return exp.paren(exp.Div(this=exp.Round(this=grown), expression=power.copy()))


def _latest(node: exp.Expr) -> exp.Expr:
    """The value beside the greatest, empty or not: what max_by always gives."""
    if node.name.upper() != "ARG_MAX_NULL":
        return node
    return exp.Anonymous(this="max_by", expressions=node.expressions)


def _place(node: exp.Expr) -> exp.Expr:
    """A place that is worked out counts from 1, and for Spark from 0; sqlglot shifts those that are written down."""
    (place,) = node.expressions
    if not isinstance(place, exp.Literal):
        node.set("expressions", [exp.Sub(this=exp.paren(place), expression=exp.Literal.number(1))])
    return node


def _json(node: exp.Expr) -> exp.Expr:
    """An object written value by value: Spark leaves out what is empty, and writes 0.0005 as 5.0E-4."""
    pieces: list[exp.Expr] = []
    for pair in node.expressions:
        name = pair.this.name.replace("\\", "\\\\").replace('"', '\\"')
        head = "{" if not pieces else ","
        pieces += [exp.Literal.string(f'{head}"{name}":'), _json_value(pair.expression)]
    return exp.func("concat", *(pieces or [exp.Literal.string("{")]), exp.Literal.string("}"))


def _json_value(value: exp.Expr) -> exp.Expr:
    spelt = value.sql(dialect=_SPARK)
    # By way of text, since whatever is no double must be accepted here, too.
    number = f"cast(cast(cast({spelt} as string) as decimal(38, {_DECIMALS})) as string)"
    text = f"to_json(named_struct('v', {spelt}))"
    return exp.maybe_parse(
        f"case when {spelt} is null then 'null'"
        rf" when typeof({spelt}) = 'double' then regexp_replace({number}, '(\\.[0-9]+?)0+$', '$1')"
        f" else substring({text}, 6, length({text}) - 6) end",
        dialect=_SPARK,
    )


_RULES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.CTE: _cte,
    exp.PercentileCont: _percentiles,
    exp.PercentileDisc: _cut_points,
    exp.Div: _quotient,
    exp.Round: _rounded,
    exp.Anonymous: _latest,
    exp.Bracket: _place,
    exp.JSONObject: _json,
}
