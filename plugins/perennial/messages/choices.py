"""Long words that a person gets or does not get are cut out of what is said beside them.

A card for a product is some thousand letters of HTML around a name and a price. As a gap of its own, each run of such
letters is the very same text for everybody who gets it: nothing is put together, and where all get it, it is sent once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from jinja2 import nodes

from perennial.messages.gap_code import Gap
from perennial.messages.plain_words import plain_names, single_statements

# Shorter words are not worth a gap.
_LONG = 200


def cut_choices(literals: Sequence[str], gaps: Sequence[Gap]) -> tuple[list[str], list[Gap]]:
    """The gaps, those with long words to choose as several, with nothing between them."""
    words, cut = [*literals[:1]], list[Gap]()
    for gap, literal in zip(gaps, literals[1:], strict=True):
        is_cut = any(map(_is_long_choice, gap)) and plain_names(gap) is not None
        pieces = [*_pieces(gap, ())] if is_cut else [gap]
        cut += pieces
        words += [*[""] * (len(pieces) - 1), literal]
    return words, cut


def _pieces(statements: Iterable[nodes.Node], conditions: tuple[nodes.Expr, ...]) -> Iterator[Gap]:
    """What is said under these conditions: each run of long words alone, and what stands between them."""
    short: Gap = []
    for statement in single_statements(statements):
        if not (_is_long_choice(statement) or _is_long(statement)):
            short.append(statement)
            continue
        if short:
            yield _under(conditions, short)
            short = []
        if isinstance(statement, nodes.If):
            for condition, said in _branches(statement):
                yield from _pieces(said, (*conditions, *condition))
        else:
            yield _under(conditions, [statement])
    if short:
        yield _under(conditions, short)


def _branches(choice: nodes.If) -> Iterator[tuple[tuple[nodes.Expr, ...], list[nodes.Node]]]:
    """What is said, and under which conditions: the first that holds, and none of those before."""
    refused: tuple[nodes.Expr, ...] = ()
    for branch in (choice, *choice.elif_):
        test = cast("nodes.Expr", branch.test)
        yield (*refused, test), branch.body
        refused = (*refused, nodes.Not(test, lineno=branch.lineno))
    yield refused, choice.else_


def _under(conditions: tuple[nodes.Expr, ...], said: Gap) -> Gap:
    for condition in reversed(conditions):
        said = [nodes.If(condition, said, [], [], lineno=said[0].lineno)]
    return said


def _is_long_choice(statement: nodes.Node) -> bool:
    return isinstance(statement, nodes.If) and any(
        _is_long(single) or _is_long_choice(single)
        for _, said in _branches(statement)
        for single in single_statements(said)
    )


def _is_long(statement: nodes.Node) -> bool:
    if not isinstance(statement, nodes.Output):
        return False
    (node,) = statement.nodes
    return isinstance(node, nodes.TemplateData) and len(node.data) >= _LONG
