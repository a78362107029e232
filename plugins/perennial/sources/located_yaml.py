"""YAML that remembers where everything stands, so that each mistake can be shown in its place.

A file is read whole and every fault in it is collected; `refuse_if_wrong` then raises them together.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from perennial.errors import DefinitionError, Fault

Reader = Callable[[Any], Any]
Place = tuple[int, int]


class Mistake(ValueError):
    """What is wrong with one value, and what to write in its place."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """A hint with the right word that looks most like a wrong one; nothing when none does."""
    folded = {choice.casefold(): choice for choice in sorted(choices)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"Did you mean `{folded[close[0]]}`?" if close else None


@lru_cache(maxsize=64)
def _loaded(text: str) -> object:
    """What a text says as YAML. A check reads shop.yaml several times, and the next check again; nobody writes into it."""
    return YAML(typ="rt").load(text)


class LocatedYaml:
    """One YAML file of nested mappings, and the faults found in it so far."""

    def __init__(self, path: Path, error: type[DefinitionError]) -> None:
        self.path = path
        self._error = error
        self._faults: list[Fault] = []
        self.root = self._load()

    def fault(self, message: str, place: Place | None = None, hint: str | None = None) -> None:
        """Notes a mistake; `place` counts from zero, as the parser does."""
        line, column = (place[0] + 1, place[1] + 1) if place else (None, None)
        self._faults.append(
            Fault(path=self.path, message=message, line=line, column=column, hint=hint)
        )

    def refuse_if_wrong(self) -> None:
        """Raises every fault found so far, in the order of the file."""
        if self._faults:
            raise self._error(sorted(self._faults, key=lambda f: (f.line or 0, f.column or 0)))

    def section(self, name: str, *, hint: str) -> CommentedMap:
        """A mapping at the top of the file; empty, with a fault, when it is not there."""
        node = self.root.get(name)
        if isinstance(node, CommentedMap):
            return node
        if name in self.root:
            self.fault(f"`{name}` is not a mapping.", value_place(self.root, name), hint)
        else:
            self.fault(f"`{name}:` is missing.", (0, 0), hint)
        return CommentedMap()

    def fields(
        self,
        node: CommentedMap,
        readers: Mapping[str, Reader],
        *,
        of: str,
        required: Collection[str] = (),
    ) -> dict[str, Any]:
        """The values of a mapping that could be read; every other one leaves a fault."""
        values = {}
        for key, raw in node.items():
            if key not in readers:
                self.unknown(node, key, of=of, choices=readers)
                continue
            try:
                values[key] = readers[key](raw)
            except Mistake as mistake:
                self.fault(f"{of}.{key} {mistake}", value_place(node, key), mistake.hint)
        for key in required:
            if key not in node:
                self.fault(f"{of}.{key} is missing.", start(node), f"Add `{key}:` to `{of}:`.")
        return values

    def unknown(self, node: CommentedMap, key: object, *, of: str, choices: Iterable[str]) -> None:
        """Notes a key that means nothing, with the nearest that does."""
        known = list(choices)
        hint = nearest(str(key), known) or f"Known here: {', '.join(known)}."
        self.fault(f"`{of}` knows no `{key}`.", key_place(node, key), hint)

    def mapping(self, readers: Mapping[str, Reader], *, of: str) -> Reader:
        """Reads a nested mapping with readers of its own."""

        def read(raw: object) -> dict[str, Any]:
            if not isinstance(raw, CommentedMap):
                msg = "is not a mapping."
                raise Mistake(msg, f"Known here: {', '.join(readers)}.")
            return self.fields(raw, readers, of=of)

        return read

    def _load(self) -> CommentedMap:
        try:
            root = _loaded(self.path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            self.fault(f"cannot be read: {error.strerror}.")
        except UnicodeDecodeError:
            self.fault("is not UTF-8 text.", hint="Save the file as UTF-8.")
        except MarkedYAMLError as error:
            mark = error.problem_mark
            self.fault(f"is not YAML: {error.problem}.", (mark.line, mark.column) if mark else None)
        except YAMLError as error:
            self.fault(f"is not YAML: {str(error).splitlines()[0]}.")
        else:
            if isinstance(root, CommentedMap):
                return root
            self.fault("is not a mapping of names to values.", (0, 0))
        self.refuse_if_wrong()
        return CommentedMap()


def start(node: CommentedMap) -> Place | None:
    """Where a mapping begins."""
    place = node.lc.line, node.lc.col
    return place if None not in place else None


def key_place(node: CommentedMap, key: object) -> Place:
    """Where a key stands."""
    line, column = node.lc.key(key)
    return line, column


def value_place(node: CommentedMap, key: object) -> Place:
    """Where a key's value stands."""
    line, column = node.lc.value(key)
    return line, column
