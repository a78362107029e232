"""Questions to the words of a template: what they are made of, statement by statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jinja2 import nodes

# These print, choose and repeat, and leave nothing behind that others could find.
_PLAIN = (
    *(
        nodes.Output,
        nodes.TemplateData,
        nodes.If,
        nodes.For,
        nodes.CondExpr,
        nodes.Const,
        nodes.Name,
    ),
    *(nodes.Getattr, nodes.Filter, nodes.And, nodes.Or, nodes.Not, nodes.Keyword),
)


def plain_names(words: Iterable[nodes.Node]) -> set[str] | None:
    """The names of which these words are made; nothing where they do more than print, choose and repeat."""
    names: set[str] = set()
    waiting = [*words]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, _PLAIN):
            return None
        if isinstance(node, nodes.Name):
            names.add(node.name)
        waiting += node.iter_child_nodes()
    return names


def single_statements(statements: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
    """The statements, whatever is printed on its own."""
    for statement in statements:
        if isinstance(statement, nodes.Output):
            for node in statement.nodes:
                yield nodes.Output([node], lineno=node.lineno)
        else:
            yield statement
