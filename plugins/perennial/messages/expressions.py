"""Small questions to the syntax tree of a template."""

from __future__ import annotations

import re

from jinja2 import nodes

from perennial.messages.kinds import Kind


def named_texts(node: nodes.Filter) -> dict[str, str] | None:
    """The named arguments of a filter, or nothing where there are others, or others than plain texts."""
    if node.args or node.dyn_args or node.dyn_kwargs:
        return None
    values = {str(option.key): option.value for option in node.kwargs}
    texts = {key: value.value for key, value in values.items() if isinstance(value, nodes.Const)}
    return texts if len(texts) == len(values) else None


def path_of(node: nodes.Node) -> str | None:
    """A name, or a name and an attribute, as one writes it."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    return None


def word_pattern(path: str) -> str:
    """Finds a name in a template, and not the end of another."""
    return rf"(?<![\w.]){re.escape(path)}\b"


def kind_of_constant(value: object) -> Kind:
    """The kind of a figure or a text that stands in the template itself."""
    if isinstance(value, bool):
        return Kind.TRUTH
    if isinstance(value, int):
        return Kind.INTEGER
    return Kind.NUMBER if isinstance(value, float) else Kind.TEXT


def common_kind(one: Kind, other: Kind) -> Kind:
    """The kind of an expression that is one of two."""
    return one if other in (one, Kind.UNKNOWN) else other if one is Kind.UNKNOWN else Kind.TEXT
