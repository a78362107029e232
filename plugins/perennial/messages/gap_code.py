"""The code of a template's gaps: one function that yields the text of each in turn."""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame

Gap = list[nodes.Node]


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


def compiled(environment: Environment, gaps: Iterable[Gap]) -> Template:
    """A template that yields the text of each gap in turn."""
    tree = nodes.Template([statement for gap in gaps for statement in _edged(gap)], lineno=1)
    tree.set_environment(environment)
    return Template.from_code(environment, environment.compile(tree), environment.globals)


def _edged(gap: Gap) -> Gap:
    """The statements of a gap between its edges; what prints one thing yields one text by itself."""
    if len(gap) == 1 and isinstance(gap[0], nodes.Output) and len(gap[0].nodes) == 1:
        return gap
    edge = nodes.ExprStmt(nodes.Const(None), lineno=1)
    return [edge, *gap, edge]
