"""A YAML file as plain values that remember where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from perennial.campaigns.document_faults import Place, explained_faults, place_after
from perennial.campaigns.scalar_places import place_in_scalar
from perennial.errors import CampaignError, Fault

Way = tuple[str | int, ...]

_LARGEST = 65_536
_DEEPEST = 10
_ODD = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = "tag:yaml.org,2002:"
_VERBATIM = (f"{_TAG}str", f"{_TAG}timestamp")
_NULL = f"{_TAG}null"
_READ = (f"{_TAG}int", f"{_TAG}float", f"{_TAG}bool", _NULL)


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a file says.

    `keys` and `nodes` hold the place of every name and value by the way that leads to it; `faults` are the names and
    values that say nothing, which are left out of `values`.
    """

    path: Path
    text: str = field(repr=False)
    values: dict[str, Any]
    faults: list[Fault]
    keys: dict[Way, Node] = field(repr=False)
    nodes: dict[Way, Node] = field(repr=False)

    def value_place(self, way: Way) -> Place:
        """Where a value begins; its name when nothing is there, or what it would be part of."""
        while way not in self.nodes:
            way = way[:-1]
        node = self.nodes[way]
        nothing = node.start_mark.index == node.end_mark.index
        return _place(self.keys[way] if nothing and way in self.keys else node)

    def key_place(self, way: Way) -> Place:
        """Where the name of a value stands."""
        return _place(self.keys[way]) if way in self.keys else self.value_place(way)

    def place_within(self, way: Way, offset: int) -> Place:
        """Where a character of a text stands."""
        node = self.nodes[way]
        if not isinstance(node, ScalarNode):
            return _place(node)
        return place_in_scalar(self.text, node, offset)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is called what it is in messages: one file holds one `name`, and begins with `first`."""

    name: str = "campaign"
    first: str = "title"


CAMPAIGN = Kind()


def read_document(path: Path, *, shown: Path | None = None, kind: Kind = CAMPAIGN) -> Document:
    """The file's values and their places; `shown` is what messages call the file, by default with its folder.

    Raises:
        CampaignError: names every place that is not YAML, or more than plain YAML.
    """
    shown = shown or Path(path.parent.name) / path.name
    with explained_faults(shown, kind.name):
        text = _text(path, shown, kind)
        _refuse_by_events(text, shown, kind)
        root = _composed(text)
    if not isinstance(root, MappingNode):
        message = "the file is empty." if root is None else "the file must hold names and values."
        hint = f"Begin with `{kind.first}:`."
        raise CampaignError([Fault(path=shown, line=1, column=1, message=message, hint=hint)])
    walk = _Walk(shown, kind)
    values = walk.value(root, ())
    return Document(
        path=shown, text=text, values=values, faults=walk.faults, keys=walk.keys, nodes=walk.nodes
    )


class _Walk:
    """Goes through the nodes once and turns them into values."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self.path = path
        self.kind = kind
        self.keys: dict[Way, Node] = {}
        self.nodes: dict[Way, Node] = {}
        self.faults: list[Fault] = []
        self._constructor = YAML(typ="safe", pure=True).constructor

    def value(self, node: Node, way: Way) -> Any:  # noqa: ANN401 - whatever YAML can say
        self.nodes[way] = node
        if isinstance(node, MappingNode):
            return self._mapping(node, way)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*way, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, way: Way) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if name := self._name(key, way):
                self.keys[*way, name] = key
                values[name] = self.value(value, (*way, name))
                if value.tag == _NULL:
                    self._fault(key, f"'{name}' is empty.", "Fill it in or delete the line.")
        return {name: value for name, value in values.items() if value is not None}

    def _name(self, key: Node, way: Way) -> str | None:
        name = str(key.value) if isinstance(key, ScalarNode) else ""
        if not name:
            self._fault(key, "a name is missing before ':'.")
        elif (*way, name) in self.keys:
            first = self.keys[*way, name].start_mark.line + 1
            self._fault(key, f"'{name}' is written twice, first in line {first}.")
            return None
        return name or None

    def _scalar(self, node: Node) -> object:
        if node.tag in _VERBATIM:
            return str(node.value)
        try:
            if node.tag in _READ:
                value: object = self._constructor.construct_object(node, deep=True)
                return value
        except ValueError:
            pass
        tag = str(node.tag).removeprefix(_TAG)
        self._fault(node, f"the tag {tag} has no place in a {self.kind.name} file.")
        return None

    def _fault(self, node: Node, message: str, hint: str | None = None) -> None:
        line, column = _place(node)
        fault = Fault(path=self.path, line=line, column=column, message=message, hint=hint)
        self.faults.append(fault)


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _text(path: Path, shown: Path, kind: Kind) -> str:
    data = path.read_bytes()
    if len(data) > _LARGEST:
        message = f"the file is larger than {_LARGEST // 1024} kB; a {kind.name} is a page of text."
        raise CampaignError([Fault(path=shown, message=message)])
    text = data.decode("utf-8-sig")
    if odd := _ODD.search(text):
        line, column = place_after(text[: odd.start()])
        message = f"a control character (U+{ord(odd[0]):04X}) stands here."
        hint = "Delete it."
        raise CampaignError(
            [Fault(path=shown, line=line, column=column, message=message, hint=hint)]
        )
    return text


@lru_cache(maxsize=256)
def _composed(text: str) -> Node | None:
    """The nodes of a text. Whoever edits one campaign has all others read again and again; nobody writes into them."""
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    return root


@lru_cache(maxsize=256)
def _unfolding(text: str) -> tuple[Event, bool] | None:
    """The first event that could make a small file unfold into a large one, and whether it is a reference."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if isinstance(event, AliasEvent) or depth > _DEEPEST:
            return event, isinstance(event, AliasEvent)
    return None


def _refuse_by_events(text: str, shown: Path, kind: Kind) -> None:
    """Refuses what could make a small file unfold into a large one, before it is unfolded."""
    if (found := _unfolding(text)) is None:
        return
    event, is_reference = found
    message = f"this is nested more than {_DEEPEST} deep."
    hint: str | None = None
    if is_reference:
        message = f"references (*) have no place in a {kind.name} file."
        hint = "Write it out."
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    raise CampaignError([Fault(path=shown, line=line, column=column, message=message, hint=hint)])
