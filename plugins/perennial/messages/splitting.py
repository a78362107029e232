"""A template cut in two: the words that are the same for everybody, and code that makes what stands between them.

Only the top level of a template is cut: plain text there is the same for everybody; what is printed, chosen or repeated
is a gap. The code of all gaps is one function, so that whatever one of them leaves behind, the next ones find.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import escape

from perennial.messages.tidying import Tidying

Gap = list[nodes.Node]


@dataclass(frozen=True, kw_only=True)
class Split:
    """The literals of a template, one more than it has gaps, and a template that yields the text of each gap in turn.

    Where there are no words before the first gap (`open_start`) or after the last (`open_end`), the white space that
    tidying takes from that end of the text is the gap's.
    """

    literals: tuple[str, ...]
    gaps: Template
    open_start: bool
    open_end: bool


class GapCode(CodeGenerator):
    """Jinja's code for a template, but that the statements of a gap yield one text.

    A statement that is nothing but an expression opens or closes a gap. No template holds one: to Jinja, they are the
    extension `do`. The environment's own `printed` does at once what Jinja does in three calls: refuse what is
    missing, escape, make it a text.
    """

    def visit_ExprStmt(self, node: nodes.ExprStmt, frame: Frame) -> None:  # noqa: N802 - Jinja's name
        if frame.buffer is None:
            self.buffer(frame)
        else:
            self.writeline(f"yield concat({frame.buffer})", node)
            frame.buffer = None

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("printed = environment.printed")

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if self._as_ever(frame):
            self.write("printed(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if self._as_ever(frame):
            self.write(")")
        else:
            super()._output_child_post(node, frame, finalize)

    def _as_ever(self, frame: Frame) -> bool:
        """Whether texts are escaped here as everywhere in the environment."""
        return (
            not frame.eval_ctx.volatile and frame.eval_ctx.autoescape == self.environment.autoescape
        )


def split(environment: Environment, source: str, tidying: Tidying | None = None) -> Split:
    """Cut a template so that its literals, and between them its gaps made tidy, are the whole filled in and made tidy."""
    literals, gaps = _cut(environment, environment.parse(source))
    if tidying:
        _widen(literals, gaps, tidying)
        literals = [tidying.shorten(literal) for literal in literals]
    literals, gaps = _joined(literals, gaps)
    open_start, open_end = not literals[0], not literals[-1]
    if tidying:
        literals[-1] += tidying.end
    return Split(
        literals=tuple(literals),
        gaps=_compiled(environment, gaps),
        open_start=open_start,
        open_end=open_end,
    )


def _cut(environment: Environment, tree: nodes.Template) -> tuple[list[str], list[Gap]]:
    """The literals and the gaps between them, a gap for each statement."""
    literals, gaps = [""], list[Gap]()
    for statement in _statements(tree):
        words = _words(environment, statement)
        if words is None:
            gaps.append([statement])
            literals.append("")
        else:
            literals[-1] += words
    return literals, gaps


def _statements(tree: nodes.Template) -> Iterator[nodes.Node]:
    """The statements of the top level, whatever is printed on its own."""
    for statement in tree.body:
        if isinstance(statement, nodes.Output):
            for node in statement.nodes:
                yield nodes.Output([node], lineno=node.lineno)
        else:
            yield statement


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


def _compiled(environment: Environment, gaps: list[Gap]) -> Template:
    edge = nodes.ExprStmt(nodes.Const(None), lineno=1)
    body = [statement for gap in gaps for statement in (edge, *gap, edge)]
    tree = nodes.Template(body, lineno=1)
    tree.set_environment(environment)
    return Template.from_code(environment, environment.compile(tree), environment.globals)
