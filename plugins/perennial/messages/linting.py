"""What is wrong with the curly braces of a template, found without a customer's values."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinja2 import Environment, TemplateSyntaxError, nodes

from perennial.messages.expressions import (
    common_kind,
    kind_of_constant,
    named_texts,
    path_of,
    word_pattern,
)
from perennial.messages.kinds import (
    ATTRIBUTES,
    FIELDS,
    FILTERS,
    HINTS,
    ITEMS,
    MAY_BE_MISSING,
    NUMBERS,
    OPTIONS,
    PRINT_WITH,
    PRINTABLE,
    TAG_WORDS,
    Finding,
    Kind,
    Linted,
    Scope,
    did_you_mean,
)
from perennial.model.fields import MERGE_FIELDS


def lint(environment: Environment, text: str, forms: tuple[str, ...]) -> Linted:
    """Everything that is wrong with the curly braces of a text, and the merge fields that it uses.

    Args:
        environment: reads the text; nothing is evaluated.
        text: the template with the shop's words filled in.
        forms: the plural forms that the language has.
    """
    linter = _Linter(forms)
    try:
        linter.body(environment.parse(text).body, FIELDS)
    except TemplateSyntaxError as error:
        linter.blame(error.lineno, "", f"Not a template: {error.message}")
    return linter.linted


class _Linter:
    """Walks the syntax tree of one template and knows at each spot which values are surely there."""

    def __init__(self, forms: tuple[str, ...]) -> None:
        self.linted = Linted()
        self._forms = forms

    def blame(self, line: int, at: str, message: str, hint: str | None = None) -> Kind:
        """Note a mistake; what was mistaken is of unknown kind, so that it is blamed only once."""
        self.linted.findings.append(Finding(line=line, at=at, message=message, hint=hint))
        return Kind.UNKNOWN

    def body(self, statements: list[nodes.Node], scope: Scope) -> None:
        """Check statements that follow each other."""
        for statement in statements:
            match statement:
                case nodes.Output():
                    self._output(statement, scope)
                case nodes.If():
                    self._if(statement, scope)
                case nodes.For():
                    self._for(statement, scope)
                case _:
                    self._forbid(statement)

    def _output(self, output: nodes.Output, scope: Scope) -> None:
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                continue
            kind = self._use(node, scope)
            self.linted.printed.append(kind)
            if kind not in PRINTABLE:
                self._refuse_to_print(node, kind)

    def _refuse_to_print(self, node: nodes.Expr, kind: Kind) -> None:
        path = path_of(node) or "…"
        how = PRINT_WITH.get(kind)
        hint = f"Say how: {{{{ {path} | {how} }}}}." if how else f"Print a part of it: {path}.name."
        self.blame(
            node.lineno,
            word_pattern(path),
            f"{kind.said.capitalize()} cannot be printed as it is.",
            hint,
        )

    def _if(self, statement: nodes.If, scope: Scope) -> None:
        for branch in (statement, *statement.elif_):
            true, false = self._test(branch.test, scope)
            self.body(branch.body, scope.knowing(true))
            scope = scope.knowing(false)
        self.body(statement.else_, scope)

    def _for(self, loop: nodes.For, scope: Scope) -> None:
        if scope.in_loop:
            self.blame(loop.lineno, "for", "A loop stands inside another loop.", "One is enough.")
        if loop.recursive or not isinstance(loop.target, nodes.Name):
            self.blame(loop.lineno, "for", "Loops are written {% for item in list %}.")
            return
        kind = self._use(loop.iter, scope)
        if kind not in ITEMS and kind is not Kind.UNKNOWN:
            lists = sorted(name for name, k in FIELDS.kinds.items() if k in ITEMS)
            self.blame(
                loop.lineno, "for", "Only lists are looped over.", f"Lists: {', '.join(lists)}."
            )
        name = loop.target.name
        item = Scope(
            kinds={**scope.kinds, name: ITEMS.get(kind, Kind.UNKNOWN), "loop": Kind.LOOP},
            present=frozenset(path for path in scope.present if path.split(".")[0] != name)
            | {name},
            local=scope.local | {name, "loop"},
            in_loop=True,
        )
        true = self._test(loop.test, item)[0] if loop.test is not None else set[str]()
        self.body(loop.body, item.knowing(true))
        self.body(loop.else_, scope)

    def _test(self, node: nodes.Node, scope: Scope) -> tuple[set[str], set[str]]:
        """The paths that are surely there when the test holds, and when it does not."""
        match node:
            case nodes.Name() | nodes.Getattr() if (path := path_of(node)) is not None:
                self._resolve(node, scope)
                return {path}, set()
            case nodes.Not():
                true, false = self._test(node.node, scope)
                return false, true
            case nodes.And():
                left, _ = self._test(node.left, scope)
                right, _ = self._test(node.right, scope.knowing(left))
                return left | right, set()
            case nodes.Or():
                left, otherwise = self._test(node.left, scope)
                right, last = self._test(node.right, scope.knowing(otherwise))
                return left & right, otherwise | last
        self._use(node, scope)
        return set(), set()

    def _use(self, node: nodes.Node, scope: Scope) -> Kind:
        """The kind of an expression whose value is needed, so that nothing in it may be missing."""
        match node:
            case nodes.Const():
                return kind_of_constant(node.value)
            case nodes.Name() | nodes.Getattr():
                return self._demand(node, scope)
            case nodes.Getitem():
                return self._item(node, scope)
            case nodes.Filter():
                return self._filter(node, scope)
            case _:
                return self._combine(node, scope)

    def _combine(self, node: nodes.Node, scope: Scope) -> Kind:
        match node:
            case nodes.CondExpr() | nodes.And() | nodes.Or() | nodes.Not():
                return self._choice(node, scope)
            case nodes.Compare():
                return self._all_used(
                    (node.expr, *(one.expr for one in node.ops)), scope, Kind.TRUTH
                )
            case nodes.Concat():
                return self._all_used(node.nodes, scope, Kind.TEXT)
            case nodes.Add() | nodes.Sub():
                return self._sum(node, scope)
            case _:
                return self._forbid(node)

    def _all_used(self, parts: Iterable[nodes.Node], scope: Scope, kind: Kind) -> Kind:
        for part in parts:
            self._use(part, scope)
        return kind

    def _choice(self, node: nodes.Node, scope: Scope) -> Kind:
        match node:
            case nodes.CondExpr():
                true, false = self._test(node.test, scope)
                otherwise = node.expr2 or nodes.Const("")
                return common_kind(
                    self._use(node.expr1, scope.knowing(true)),
                    self._use(otherwise, scope.knowing(false)),
                )
            case nodes.Or():
                self._test(node.left, scope)
                left = self._resolve(node.left, scope) if path_of(node.left) else Kind.UNKNOWN
                return common_kind(left, self._use(node.right, scope))
            case nodes.And():
                true, _ = self._test(node.left, scope)
                return self._use(node.right, scope.knowing(true))
        self._test(node, scope)
        return Kind.TRUTH

    def _sum(self, node: nodes.Add | nodes.Sub, scope: Scope) -> Kind:
        kinds = {self._use(node.left, scope), self._use(node.right, scope)}
        if not kinds <= {*NUMBERS, Kind.MONEY, Kind.UNKNOWN}:
            return self.blame(node.lineno, "", "Only figures are added and subtracted.")
        return kinds.pop() if len(kinds) == 1 else Kind.NUMBER

    def _demand(self, node: nodes.Name | nodes.Getattr, scope: Scope) -> Kind:
        kind, path = self._resolve(node, scope), path_of(node)
        if path is None or path in scope.present or kind is Kind.UNKNOWN:
            return kind
        name, _, attribute = path.partition(".")
        merge_field = None if name in scope.local else MERGE_FIELDS.get(name)
        missing = name if merge_field and merge_field.optional and not attribute else None
        if attribute in MAY_BE_MISSING:
            missing = path
        if merge_field and not merge_field.optional:
            self.linted.required.add(name)
        if missing:
            guard = f"Put it between {{% if {missing} %}} and {{% endif %}}."
            self.blame(node.lineno, word_pattern(path), f"`{missing}` may be missing.", guard)
        return kind

    def _resolve(self, node: nodes.Node, scope: Scope) -> Kind:
        """The kind of a name or of an attribute, whether or not it is there."""
        if isinstance(node, nodes.Name):
            return self._name(node, scope)
        if not isinstance(node, nodes.Getattr):
            return self._use(node, scope)
        owner = (
            self._demand(node.node, scope)
            if isinstance(node.node, nodes.Name)
            else self._use(node.node, scope)
        )
        if owner is Kind.UNKNOWN and not node.attr.startswith("_"):
            return Kind.UNKNOWN
        attributes = ATTRIBUTES.get(owner, {})
        if node.attr in attributes:
            return attributes[node.attr]
        return self.blame(
            node.lineno,
            rf"(?<=\.){re.escape(node.attr)}\b",
            f"`{node.attr}` is no part of {owner.said}.",
            did_you_mean(node.attr, attributes),
        )

    def _name(self, node: nodes.Name, scope: Scope) -> Kind:
        if node.name not in scope.kinds:
            hint = did_you_mean(node.name, scope.kinds)
            return self.blame(
                node.lineno, word_pattern(node.name), f"Unknown merge field `{node.name}`.", hint
            )
        if node.name not in scope.local:
            self.linted.fields.add(node.name)
        return scope.kinds[node.name]

    def _item(self, node: nodes.Getitem, scope: Scope) -> Kind:
        kind = self._use(node.node, scope)
        is_index = isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int)
        if kind is Kind.URLS and is_index:
            return Kind.URL
        if isinstance(node.arg, nodes.Slice) and kind in ITEMS:
            return kind
        return self.blame(node.lineno, r"\[", "Only lists of links have numbered parts.")

    def _filter(self, node: nodes.Filter, scope: Scope) -> Kind:
        at = rf"(?<=\|)\s*{re.escape(node.name)}\b"
        kind = self._use(node.node, scope) if node.node is not None else Kind.UNKNOWN
        if node.name not in FILTERS:
            hint = HINTS.get(node.name) or did_you_mean(node.name, FILTERS)
            return self.blame(node.lineno, at, f"Unknown filter `{node.name}`.", hint)
        takes, gives = FILTERS[node.name]
        if kind not in takes and kind is not Kind.UNKNOWN:
            fitting = sorted(name for name, (kinds, _) in FILTERS.items() if kind in kinds)
            hint = f"Filters for it: {', '.join(fitting)}." if fitting else None
            self.blame(node.lineno, at, f"`{node.name}` does not take {kind.said}.", hint)
        self._arguments(node, at)
        return gives

    def _arguments(self, node: nodes.Filter, at: str) -> None:
        given = named_texts(node)
        if given is None or (stray := given.keys() - OPTIONS.get(node.name, frozenset())):
            what = ", ".join(sorted(stray)) if given is not None else "that"
            self.blame(node.lineno, at, f"`{node.name}` does not take {what}.")
        elif node.name == "plural" and (lacking := [f for f in self._forms if f not in given]):
            message = f"`plural` lacks the form `{lacking[0]}`, which this language has."
            self.blame(node.lineno, at, message, f"Its forms: {', '.join(self._forms)}.")
        elif node.name == "map" and given.get("attribute") not in {"name", "category"}:
            self.blame(node.lineno, at, "`map` takes attribute='name' or 'category'.")

    def _forbid(self, node: nodes.Node) -> Kind:
        name = type(node).__name__
        word = TAG_WORDS.get(name, name.lower())
        at = rf"(?<![\w]){re.escape(word)}" if len(word) < 8 else ""
        message = f"`{word}` is not for templates between curly braces."
        return self.blame(node.lineno, at, message, HINTS.get(word))
