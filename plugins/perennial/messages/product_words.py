"""What a template says of one product of a list, and of nothing else, is said once for each product and then remembered."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from jinja2 import Environment, nodes
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from perennial.messages.gap_code import compiled
from perennial.messages.plain_words import plain_names
from perennial.messages.remembering import Remembered
from perennial.model.fields import MERGE_FIELDS, FieldType

_PRODUCTS = frozenset(f.name for f in MERGE_FIELDS.values() if f.type is FieldType.PRODUCTS)


def remember_products(environment: Environment, tree: nodes.Template) -> nodes.Template:
    """The template with what it says of single products as something to be remembered."""
    tree.body = [_Remembering(environment).visit(statement) for statement in tree.body]
    return tree


class _Remembering(NodeTransformer):
    """Looks into what is chosen and repeated; whatever else stands around words may change what they mean."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def generic_visit(self, node: nodes.Node, *_: object, **__: object) -> nodes.Node:
        return node

    def visit_If(self, node: nodes.If) -> nodes.Node:  # noqa: N802 - Jinja's name
        for branch in (node, *node.elif_):
            branch.body = [self.visit(statement) for statement in branch.body]
        node.else_ = [self.visit(statement) for statement in node.else_]
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's name
        item, items = node.target, node.iter
        if (
            isinstance(item, nodes.Name)
            and isinstance(items, nodes.Name)
            and items.name in _PRODUCTS
            and plain_names(node.body) == {item.name}
        ):
            node.body = [self._remembered(item.name, node.body)]
        return node

    def _remembered(self, name: str, words: list[nodes.Node]) -> nodes.Output:
        # Jinja keeps filters by their names; no template can name one that holds a space.
        filter_ = f"words {sha256(repr((name, words)).encode()).hexdigest()}"
        if filter_ not in self._environment.filters:
            self._environment.filters[filter_] = Remembered(_writer(self._environment, name, words))
        lineno = words[0].lineno
        said = nodes.Filter(
            nodes.Name(name, "load", lineno=lineno), filter_, [], [], None, None, lineno=lineno
        )
        return nodes.Output([said], lineno=lineno)


def _writer(
    environment: Environment, name: str, words: list[nodes.Node]
) -> Callable[[object], str]:
    template = compiled(environment, [words])
    text = Markup if environment.autoescape else str

    def write(thing: object) -> str:
        context = Context(environment, {name: thing}, None, template.blocks)
        return text("".join(template.root_render_func(context)))

    return write
