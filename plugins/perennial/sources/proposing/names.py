"""What shops call things: how near a table's or a column's name is to a word of ours, in five languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

EXACT, PART = 3.0, 1.5
_SMALL = frozenset(
    [
        "of",
        "the",
        "a",
        "an",
        "de",
        "del",
        "la",
        "el",
        "los",
        "las",
        "en",
        "y",
        "von",
        "der",
        "die",
        "das",
        "des",
        "und",
        "du",
        "le",
        "les",
        "et",
        "в",
        "на",
        "и",
    ]
)
_SAME = {"preferred_channel": "channel"}
_SYNONYMS = Path(__file__).with_name("synonyms.yaml")


def table_names(dataset: str) -> tuple[str, ...]:
    """What shops call the table of a dataset."""
    return tuple(_synonyms()["tables"][dataset])


def column_names(dataset: str, column: str) -> tuple[str, ...]:
    """What shops call a column of a dataset; its own name first."""
    columns = _synonyms()["columns"]
    own = columns[dataset].get(column, ())
    return (column, *own, *columns["*"].get(column, ()))


def permission_names() -> tuple[str, ...]:
    """What shops call a column of customers that says whether they agreed to be written to."""
    return tuple(_synonyms()["columns"]["permission"]["agreed"])


def closed_words(column: str) -> Mapping[str, str]:
    """What each word of a shop, in normal form, is in a column with a closed list; empty for other columns."""
    words: Mapping[str, Iterable[str]] = _synonyms()["words"].get(_SAME.get(column, column), {})
    return {normal(said): ours for ours, theirs in words.items() for said in (ours, *theirs)}


def likeness(name: str, synonyms: Iterable[str], *, table: str = "") -> float:
    """EXACT where a name is one of the synonyms, PART where it holds one, else nothing.

    A column may repeat the name of its table: `order_status` of `orders`.
    """
    said = _parts(name)
    bare = said - {part for part in said if part in _parts(table) or f"{part}s" in _parts(table)}
    known = [_parts(synonym) for synonym in synonyms]
    if any(one in (said, bare) for one in known):
        return EXACT
    return PART if any(one <= said for one in known) else 0.0


def normal(name: str) -> str:
    """Words in small letters without accents, a blank between them."""
    spaced = re.sub(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])", " ", name)
    plain = unicodedata.normalize("NFKD", spaced.casefold())
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", letters))


def _parts(name: str) -> frozenset[str]:
    return frozenset(normal(name).split()) - _SMALL


@cache
def _synonyms() -> Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]:
    found: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]] = YAML(
        typ="safe", pure=True
    ).load(_SYNONYMS.read_text(encoding="utf-8"))
    return found
