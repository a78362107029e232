"""What a condition may say, proved kind by kind and built anew.

Nothing of the parsed text is passed on: each shape listed here is rebuilt from its parts, and what is not listed is
refused. So no other table, function, setting or statement can reach the database. What would fail on some customers
only is made safe: a division by nothing is null, and whole numbers are added in 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from perennial.campaigns.condition_parts import (
    CLOSED,
    Kind,
    Part,
    as_date,
    column,
    date_literal,
    interval,
    literal,
    only,
)
from perennial.campaigns.condition_text import TOO_DEEP, Problem, Refused, parse
from perennial.campaigns.condition_words import offset_of, refusal, words_of
from perennial.campaigns.spellings import nearest

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_CHOICES = (exp.Coalesce, exp.Greatest, exp.Least)


def read_condition(text: str) -> tuple[exp.Expr | None, list[Problem]]:
    """A condition rebuilt for DuckDB, or nothing and every mistake in it."""
    reader = _Reader(text)
    condition = None
    try:
        condition = reader.of(parse(text), Kind.TRUTH)
    except Refused as refused:
        reader.problems.append(refused.problem)
    except RecursionError:
        reader.problems.append(Problem(message=TOO_DEEP))
    problems = sorted(reader.problems, key=lambda problem: problem.offset or 0)
    return (None if problems else condition), problems


class _Reader:
    """Reads one condition; `problems` holds what is wrong with it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self._shapes: dict[type[exp.Expr], Callable[[exp.Expr], Part]] = {
            exp.Column: column,
            exp.Literal: literal,
            exp.Cast: date_literal,
            exp.Interval: interval,
            exp.Boolean: lambda node: Part(exp.Boolean(this=node.this), Kind.TRUTH),
            exp.Null: lambda _: Part(exp.Null(), Kind.NULL),
            exp.Paren: self._paren,
            exp.And: self._connection,
            exp.Or: self._connection,
            exp.Not: self._not,
            exp.Is: self._is_null,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Like: self._like,
            exp.Neg: self._negative,
            exp.Add: self._sum,
            exp.Sub: self._sum,
            exp.Mul: self._product,
            exp.Div: self._quotient,
            exp.Abs: self._abs,
            exp.Round: self._round,
            exp.Length: lambda node: self._of_text(node, Kind.NUMBER),
            exp.Lower: lambda node: self._of_text(node, Kind.TEXT),
            exp.Upper: lambda node: self._of_text(node, Kind.TEXT),
            **dict.fromkeys(_COMPARISONS, self._comparison),
            **dict.fromkeys(_CHOICES, self._choice),
        }

    def part(self, node: exp.Expr) -> Part:
        """One part, rebuilt; unknown, with a problem noted, when it cannot be."""
        try:
            shape = self._shapes.get(type(node))
            if shape is None:
                raise refusal(self.text, node)
            return shape(node)
        except Refused as refused:
            self._note(node, refused.problem.message, refused.problem.hint)
            return Part(exp.Null(), Kind.UNKNOWN)

    def of(self, node: exp.Expr, kind: Kind) -> exp.Expr:
        """One part that has to be of a kind."""
        part = self.part(node)
        if part.kind not in (kind, Kind.UNKNOWN):
            hint = "Compare it with something." if kind is Kind.TRUTH else None
            self._note(
                node, f"{words_of(self.text, node)} is {part.kind.value}, not {kind.value}.", hint
            )
        return part.sql

    def alike(self, nodes: Sequence[exp.Expr]) -> list[Part]:
        """Parts that can be compared with each other."""
        parts = [self.part(node) for node in nodes]
        if any(part.kind is Kind.DATE for part in parts):
            parts = [self._dated(n, p) for n, p in zip(nodes, parts, strict=True)]
        self._refuse_unequal(nodes, parts)
        self._refuse_unknown_words(nodes)
        return parts

    def _dated(self, node: exp.Expr, part: Part) -> Part:
        if not isinstance(part.sql, exp.Literal) or part.kind is not Kind.TEXT:
            return part
        try:
            return as_date(node)
        except Refused as refused:
            self._note(node, refused.problem.message, refused.problem.hint)
            return Part(part.sql, Kind.UNKNOWN)

    def _refuse_unequal(self, nodes: Sequence[exp.Expr], parts: Sequence[Part]) -> None:
        first = parts[0]
        for node, part in zip(nodes, parts, strict=True):
            if Kind.UNKNOWN in (first.kind, part.kind):
                continue
            if part.kind is Kind.NULL:
                self._note(node, "nothing equals null.", "Write `is null` or `is not null`.")
            elif part.kind in (Kind.TRUTH, Kind.INTERVAL):
                told = f"{words_of(self.text, node)} is {part.kind.value}"
                self._note(node, f"{told}: it cannot be compared.")
            elif first.kind in (Kind.NUMBER, Kind.TEXT, Kind.DATE) and part.kind is not first.kind:
                ours = f"{words_of(self.text, nodes[0])} is {first.kind.value}"
                theirs = f"{words_of(self.text, node)} is {part.kind.value}"
                self._note(node, f"{ours}, {theirs}: they cannot be compared.")

    def _refuse_unknown_words(self, nodes: Sequence[exp.Expr]) -> None:
        for name in (n.name.lower() for n in nodes if isinstance(n, exp.Column)):
            words = CLOSED.get(name, ())
            for node in nodes if words else ():
                if isinstance(node, exp.Literal) and node.is_string and node.name not in words:
                    self._note(node, f"{name} is never '{node.name}'.", nearest(node.name, words))

    def _paren(self, node: exp.Expr) -> Part:
        only(node, "this")
        part = self.part(node.this)
        return Part(exp.Paren(this=part.sql), part.kind, narrow=part.narrow)

    def _connection(self, node: exp.Expr) -> Part:
        only(node, "this", "expression")
        left, right = self.of(node.this, Kind.TRUTH), self.of(node.expression, Kind.TRUTH)
        return Part(type(node)(this=left, expression=right), Kind.TRUTH)

    def _not(self, node: exp.Expr) -> Part:
        only(node, "this")
        return Part(exp.Not(this=self.of(node.this, Kind.TRUTH)), Kind.TRUTH)

    def _is_null(self, node: exp.Expr) -> Part:
        only(node, "this", "expression")
        if not isinstance(node.expression, exp.Null):
            msg = "after `is` stands `null` or `not null`."
            raise Refused(msg)
        return Part(exp.Is(this=self.part(node.this).sql, expression=exp.Null()), Kind.TRUTH)

    def _comparison(self, node: exp.Expr) -> Part:
        only(node, "this", "expression")
        left, right = self.alike([node.this, node.expression])
        return Part(type(node)(this=left.sql, expression=right.sql), Kind.TRUTH)

    def _in(self, node: exp.Expr) -> Part:
        if node.args.get("query"):
            raise refusal(self.text, node.args["query"])
        only(node, "this", "expressions")
        if not node.expressions:
            msg = "`in` needs at least one value: in ('a', 'b')."
            raise Refused(msg)
        first, *others = self.alike([node.this, *node.expressions])
        return Part(exp.In(this=first.sql, expressions=[p.sql for p in others]), Kind.TRUTH)

    def _between(self, node: exp.Expr) -> Part:
        only(node, "this", "low", "high")
        bounds = [node.this, node.args["low"], node.args["high"]]
        this, low, high = (part.sql for part in self.alike(bounds))
        return Part(exp.Between(this=this, low=low, high=high), Kind.TRUTH)

    def _like(self, node: exp.Expr) -> Part:
        only(node, "this", "expression", "negate")
        this, pattern = self.of(node.this, Kind.TEXT), self.of(node.expression, Kind.TEXT)
        like = exp.Like(this=this, expression=pattern, negate=node.args.get("negate"))
        return Part(like, Kind.TRUTH)

    def _negative(self, node: exp.Expr) -> Part:
        only(node, "this")
        return Part(exp.Neg(this=self.of(node.this, Kind.NUMBER)), Kind.NUMBER, narrow=True)

    def _sum(self, node: exp.Expr) -> Part:
        only(node, "this", "expression")
        left, right = self.part(node.this), self.part(node.expression)
        sign = type(node)
        sql = sign(this=left.sql, expression=right.sql)
        match left.kind, right.kind:
            case (Kind.UNKNOWN, _) | (_, Kind.UNKNOWN):
                return Part(sql, Kind.UNKNOWN)
            case (Kind.DATE, Kind.INTERVAL):
                return Part(exp.cast(sql, "date"), Kind.DATE)
            case (Kind.DATE, Kind.DATE) if sign is exp.Sub:
                return Part(sql, Kind.NUMBER)
            case (Kind.NUMBER, Kind.NUMBER) if left.narrow and right.narrow:
                wide = exp.cast(left.sql, "bigint")
                return Part(sign(this=wide, expression=right.sql), Kind.NUMBER)
            case (Kind.NUMBER, Kind.NUMBER):
                return Part(sql, Kind.NUMBER)
        what = "added to" if sign is exp.Add else "taken from"
        msg = f"{right.kind.value} cannot be {what} {left.kind.value}."
        raise Refused(msg, hint="Days are added so: last_order_on + interval 3 day.")

    def _product(self, node: exp.Expr) -> Part:
        only(node, "this", "expression")
        left, right = self.of(node.this, Kind.NUMBER), self.of(node.expression, Kind.NUMBER)
        sql = exp.Mul(this=exp.cast(left, "double"), expression=right)
        return Part(sql, Kind.NUMBER)

    def _quotient(self, node: exp.Expr) -> Part:
        only(node, "this", "expression", "safe")
        left, right = self.of(node.this, Kind.NUMBER), self.of(node.expression, Kind.NUMBER)
        if isinstance(right, exp.Literal) and float(right.name) == 0:
            msg = "nothing can be divided by 0."
            raise Refused(msg)
        if not isinstance(right, exp.Literal):
            right = exp.Nullif(this=right, expression=exp.Literal.number(0))
        sql = exp.Div(this=exp.cast(left, "double"), expression=right, typed=False, safe=False)
        return Part(sql, Kind.NUMBER)

    def _abs(self, node: exp.Expr) -> Part:
        only(node, "this")
        return Part(exp.Abs(this=self.of(node.this, Kind.NUMBER)), Kind.NUMBER)

    def _round(self, node: exp.Expr) -> Part:
        only(node, "this", "decimals")
        places = node.args.get("decimals")
        if places is not None and places.sql() not in "0123456":
            msg = "round takes a figure and, if you like, 0 to 6 places: round(revenue, 2)."
            raise Refused(msg)
        this = self.of(node.this, Kind.NUMBER)
        return Part(exp.Round(this=this, decimals=places and places.copy()), Kind.NUMBER)

    def _of_text(self, node: exp.Expr, kind: Kind) -> Part:
        only(node, "this")
        return Part(type(node)(this=self.of(node.this, Kind.TEXT)), kind)

    def _choice(self, node: exp.Expr) -> Part:
        only(node, "this", "expressions", "ignore_nulls")
        first, *others = self.alike([node.this, *node.expressions])
        choice = type(node)(
            this=first.sql,
            expressions=[part.sql for part in others],
            ignore_nulls=node.args.get("ignore_nulls"),
        )
        kind = Kind.UNKNOWN if any(p.kind is Kind.UNKNOWN for p in (first, *others)) else first.kind
        return Part(choice, kind, narrow=all(part.narrow for part in (first, *others)))

    def _note(self, node: exp.Expr, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(message=message, offset=offset_of(node), hint=hint or None))
