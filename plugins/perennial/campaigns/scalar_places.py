"""Where a character of a YAML text stands in the file."""

from __future__ import annotations

from ruamel.yaml.nodes import ScalarNode

_BLOCK = ("|", ">")


def place_in_scalar(source: str, node: ScalarNode, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character of a text.

    Walks along the text and its source together: spaces and line ends of the one may be any number of the other
    (folding, indentation), everything else is itself, a quotation mark written twice, or an escape.
    """
    at = _first_character(source, node)
    for character in str(node.value)[:offset]:
        at = _behind(source, at, character)
    at = _skip_spaces(source, at, str(node.value)[offset : offset + 1])
    return source.count("\n", 0, at) + 1, at - (source.rfind("\n", 0, at) + 1) + 1


def _first_character(source: str, node: ScalarNode) -> int:
    start = int(node.start_mark.index)
    if node.style in _BLOCK:
        return source.find("\n", start) + 1
    return start + 1 if node.style in ("'", '"') else start


def _behind(source: str, at: int, character: str) -> int:
    """The position after one character of the text."""
    if character.isspace():
        return at
    at = _skip_spaces(source, at, character)
    doubled = source.startswith("''", at) and character == "'"
    escaped = source.startswith("\\", at) and character != "\\"
    return min(at + 1 + (doubled or escaped), len(source))


def _skip_spaces(source: str, at: int, character: str) -> int:
    if character.isspace():
        return at
    while at < len(source) and source[at].isspace():
        at += 1
    return at
