"""Puts single values into the text of a campaign's file; every other sign, comments and layout too, stays as it is."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from perennial.campaigns.document import Document, Way, read_document
from perennial.errors import PerennialError

_PLAIN = re.compile(r"[A-Za-z0-9][\w %.,/+-]*[\w%]|[A-Za-z0-9]")


def values_in(text: str, ways: Mapping[str, Way]) -> dict[str, str]:
    """What stands at some places of a file, as a field of a form shows it; nothing where it is no single value.

    Raises:
        CampaignError: the text is not YAML.
    """
    document = _document(text)
    return {name: _said(document.nodes.get(way)) for name, way in ways.items()}


def put(text: str, way: Way, value: str) -> str:
    """The text with a value at a place; an empty one takes the line out.

    Raises:
        CampaignError: the text is not YAML.
        PerennialError: what stands there is no single value, or cannot be taken out by itself.
    """
    document = _document(text)
    source = document.text
    head = text[: len(text) - len(source)]  # a byte order mark, which is no part of the document
    node = document.nodes.get(way)
    if node is not None and not isinstance(node, ScalarNode):
        msg = f"{_name(way)} is written over several lines or values. Change it in the file below."
        raise PerennialError(msg)
    if not value:
        return head + (_without(source, document, way) if node is not None else source)
    if node is not None:
        return head + _spliced(source, node, _scalar(value))
    return head + _added(source, document, way, _scalar(value))


def _document(text: str) -> Document:
    with tempfile.TemporaryDirectory(prefix="perennial-put-") as folder:
        path = Path(folder) / "campaign.yaml"
        path.write_bytes(text.encode())
        return read_document(path)


def _said(node: Node | None) -> str:
    return str(node.value) if isinstance(node, ScalarNode) else ""


def _scalar(value: str) -> str:
    """A value as YAML: plain where it reads the same, quoted where it would not."""
    line = " ".join(value.split())
    if _PLAIN.fullmatch(line) and _reads_as(line) == line:
        return line
    if re.fullmatch(r"-?\d+(\.\d+)?|true|false", line):
        return line
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reads_as(line: str) -> object:
    try:
        return YAML(typ="safe", pure=True).load(io.StringIO(line))
    except ValueError:
        return None


def _spliced(source: str, node: Node, scalar: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    kept = source[start:end]
    # A block (|, >) ends after its last line break.
    tail = "\n" if kept.endswith("\n") else ""
    return source[:start] + scalar + tail + source[end:]


def _added(source: str, document: Document, way: Way, scalar: str) -> str:
    parent, name = way[:-1], way[-1]
    if not parent:
        return source.rstrip("\n") + f"\n{name}: {scalar}\n"
    if parent not in document.nodes:
        return _added_flow(source, document, parent, f"{{{name}: {scalar}}}")
    mapping = document.nodes[parent]
    if not isinstance(mapping, MappingNode) or not mapping.value:
        msg = f"{_name(parent)} is no group of values. Change it in the file below."
        raise PerennialError(msg)
    if mapping.flow_style:
        end = mapping.end_mark.index - 1
        return source[:end].rstrip() + f", {name}: {scalar}" + source[end:]
    first = mapping.value[0][0].start_mark
    begin = first.index - first.column
    return f"{source[:begin]}{' ' * first.column}{name}: {scalar}\n{source[begin:]}"


def _added_flow(source: str, document: Document, way: Way, value: str) -> str:
    if len(way) > 1:
        msg = f"{_name(way)} is not there. Write it in the file below."
        raise PerennialError(msg)
    del document
    return source.rstrip("\n") + f"\n{way[0]}: {value}\n"


def _without(source: str, document: Document, way: Way) -> str:
    key, node = document.keys[way], document.nodes[way]
    parent = document.nodes[way[:-1]]
    if isinstance(parent, MappingNode) and parent.flow_style:
        if len(parent.value) == 1 and way[:-1]:
            return _without(source, document, way[:-1])
        start, end = key.start_mark.index, node.end_mark.index
        after = re.match(r"\s*,\s*", source[end:])
        if after:
            return source[:start] + source[end + after.end() :]
        return re.sub(r",\s*$", "", source[:start]) + source[end:]
    if isinstance(parent, MappingNode) and len(parent.value) == 1 and way[:-1]:
        return _without(source, document, way[:-1])
    start = key.start_mark.index - key.start_mark.column
    stop = source.find("\n", max(node.end_mark.index - 1, start))
    return source[:start] + (source[stop + 1 :] if stop >= 0 else "")


def _name(way: Way) -> str:
    return ".".join(str(part) for part in way)
