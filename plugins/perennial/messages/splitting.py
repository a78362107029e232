"""A template cut in two: the words that are the same for everybody, and what stands between them.

Only the top level of a template is cut: plain text there is the same for everybody; what is printed, chosen or repeated
is a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment, nodes
from markupsafe import escape

from perennial.messages.choices import cut_choices
from perennial.messages.gap_code import Gap
from perennial.messages.plain_words import single_statements
from perennial.messages.product_words import remember_products
from perennial.messages.tidying import Tidying


@dataclass(frozen=True, kw_only=True)
class Split:
    """The literals of a template, and the gaps between them.

    Where there are no words before the first gap (`open_start`) or after the last (`open_end`), the white space that
    tidying takes from that end of the text is the gap's.
    """

    literals: tuple[str, ...]
    gaps: tuple[Gap, ...]
    open_start: bool
    open_end: bool


def split(environment: Environment, source: str, tidying: Tidying | None = None) -> Split:
    """Cut a template so that its literals, and between them its gaps made tidy, are the whole filled in and made tidy."""
    literals, gaps = _cut(environment, remember_products(environment, environment.parse(source)))
    if tidying:
        _widen(literals, gaps, tidying)
        literals = [tidying.shorten(literal) for literal in literals]
    literals, gaps = _joined(literals, gaps)
    if not tidying:
        literals, gaps = cut_choices(literals, gaps)
    open_start, open_end = not literals[0], not literals[-1]
    if tidying:
        literals[-1] += tidying.end
    return Split(
        literals=tuple(literals),
        gaps=tuple(gaps),
        open_start=open_start,
        open_end=open_end,
    )


def _cut(environment: Environment, tree: nodes.Template) -> tuple[list[str], list[Gap]]:
    """The literals and the gaps between them, a gap for each statement."""
    literals, gaps = [""], list[Gap]()
    for statement in single_statements(tree.body):
        words = _words(environment, statement)
        if words is None:
            gaps.append([statement])
            literals.append("")
        else:
            literals[-1] += words
    return literals, gaps


def _words(environment: Environment, statement: nodes.Node) -> str | None:
    """What a statement prints for everybody, or nothing where that is not known before."""
    if not isinstance(statement, nodes.Output):
        return None
    (node,) = statement.nodes
    if isinstance(node, nodes.TemplateData):
        return node.data
    try:
        value = node.as_const(nodes.EvalContext(environment))
    except Exception:  # noqa: BLE001 - whatever cannot be known now fails when it is printed, as in Jinja itself
        return None
    if value is None:
        return None
    return str(escape(value)) if environment.autoescape else str(value)


def _widen(literals: list[str], gaps: list[Gap], tidying: Tidying) -> None:
    """Give to the gaps what tidying might take from the literals beside them, depending on the texts of the gaps."""
    literals[0] = literals[0].lstrip()
    begun = bool(literals[0])
    for place, gap in enumerate(gaps, start=1):
        literal = literals[place]
        literals[place] = literal.lstrip(tidying.runs if begun else None)
        gap.extend(_printing(literal[: len(literal) - len(literals[place])]))
        begun = begun or bool(literals[place])
    literals[-1] = literals[-1].rstrip()
    ended = bool(literals[-1])
    for place, gap in reversed([*enumerate(gaps)]):
        literal = literals[place]
        literals[place] = literal.rstrip(tidying.runs if ended else None)
        gap[:0] = _printing(literal[len(literals[place]) :])
        ended = ended or bool(literals[place])


def _printing(words: str) -> Gap:
    return [nodes.Output([nodes.TemplateData(words)], lineno=1)] if words else []


def _joined(literals: list[str], gaps: list[Gap]) -> tuple[list[str], list[Gap]]:
    """Gaps without words between them made one."""
    words, joined = literals[:1], list[Gap]()
    for gap, literal in zip(gaps, literals[1:], strict=True):
        if joined and not words[-1]:
            joined[-1] += gap
            words[-1] = literal
        else:
            joined.append(gap)
            words.append(literal)
    return words, joined
