"""What is wrong with the square brackets of a template, found before the shop's words go in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from jinja2 import TemplateSyntaxError, nodes

from perennial.errors import Fault
from perennial.messages.kinds import did_you_mean
from perennial.messages.places import place_at
from perennial.messages.sandbox import ShopEnvironment

NAMES = frozenset(("shop", "words", "locale", "front", "range"))
_READER = ShopEnvironment({}, markup=False)


@lru_cache(maxsize=1024)
def _read(text: str) -> nodes.Template | TemplateSyntaxError:
    """What a text says as a template, or why it is none. Whoever edits one file has all others read again and again."""
    try:
        _READER.compile(text)  # finds unknown filters and tests, too
        return _READER.parse(text)
    except TemplateSyntaxError as error:
        return error


def assigned_names(text: str) -> frozenset[str]:
    """The names that a file gives to things itself; parts of the same page may use them."""
    tree = _read(text)
    if isinstance(tree, TemplateSyntaxError):
        return frozenset()
    stored = {node.name for node in tree.find_all(nodes.Name) if node.ctx in {"store", "param"}}
    macros = {macro.name for macro in tree.find_all(nodes.Macro)}
    imports = {imported.target for imported in tree.find_all(nodes.Import)}
    return frozenset(stored | macros | imports)


def lint_shop_stage(
    environment: ShopEnvironment,
    path: Path,
    text: str,
    *,
    known: Collection[str],
    members: Mapping[str, Collection[str]],
) -> list[Fault]:
    """Every fault of the square brackets in one file.

    Args:
        environment: knows the parts that may be included.
        path: the file, for the faults.
        text: its text, with the line numbers of the file.
        known: names that other files assign.
        members: what `words` and `front` are known to hold.
    """
    tree = _read(text)
    if isinstance(tree, TemplateSyntaxError):
        return [Fault(path=path, line=tree.lineno, message=f"Not a template: {tree.message}")]
    lint = _ShopLint(path, text)
    lint.names(tree, {*NAMES, *known, "loop", "self", "super", "caller", "varargs", "kwargs"})
    lint.attributes(tree, members)
    lint.files(tree, environment)
    return lint.faults


class _ShopLint:
    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text
        self.faults: list[Fault] = []

    def names(self, tree: nodes.Template, known: Collection[str]) -> None:
        """Blame names that nobody knows."""
        for node in tree.find_all(nodes.Name):
            if node.ctx == "load" and node.name not in known:
                message = f"Unknown name `{node.name}` between square brackets."
                self._blame(node.lineno, rf"(?<![\w.]){node.name}\b", message, known)

    def attributes(self, tree: nodes.Template, members: Mapping[str, Collection[str]]) -> None:
        """Blame private attributes, and words that do not exist."""
        for owner, attribute, line in _attributes(tree):
            at = rf"(?<=[.\"']){re.escape(attribute)}\b"
            if attribute.startswith("_"):
                self._blame(line, at, f"`{attribute}` is not for templates.")
            elif owner is not None and owner in members and attribute not in members[owner]:
                message = f"`{owner}` has no `{attribute}`."
                self._blame(line, at, message, members[owner])

    def files(self, tree: nodes.Template, environment: ShopEnvironment) -> None:
        """Blame layouts and parts that are not there."""
        known = environment.files
        for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
            name = node.template.value if isinstance(node.template, nodes.Const) else None  # type: ignore[attr-defined]
            if name not in known:
                message = f"There is no shared template `{name}`."
                self._blame(node.lineno, re.escape(str(name)), message, known)

    def _blame(self, line: int, at: str, message: str, known: Collection[str] = ()) -> None:
        word = message.split("`")[1]
        offset = sum(len(text) + 1 for text in self._text.split("\n")[: line - 1])
        place = place_at(self._path, self._text, offset)
        self.faults.append(place.fault(message, hint=did_you_mean(word, known), at=at))


def _attributes(tree: nodes.Template) -> Iterator[tuple[str | None, str, int]]:
    """Owner, name and line of everything that is reached by a name."""
    for node in tree.find_all(nodes.Getattr):
        yield _name(node.node), node.attr, node.lineno
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.arg, nodes.Const) and isinstance(item.arg.value, str):
            yield _name(item.node), item.arg.value, item.lineno


def _name(node: nodes.Node) -> str | None:
    return node.name if isinstance(node, nodes.Name) else None
