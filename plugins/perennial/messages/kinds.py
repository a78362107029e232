"""What templates may say between curly braces: kinds of values, their attributes, filters and tags."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from perennial.messages.phrasing import PLURAL_FORMS
from perennial.messages.sandbox import LOOP_ATTRIBUTES
from perennial.model.fields import MERGE_FIELDS


class Kind(StrEnum):
    """What an expression is; the types of merge fields, and what is made of them."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    MOMENT = "moment"
    PRODUCT = "product"
    PRODUCTS = "products"
    OFFER = "offer"
    URL = "url"
    URLS = "urls"
    TEXTS = "texts"
    TRUTH = "truth"
    LOOP = "loop"
    UNKNOWN = "unknown"

    @property
    def said(self) -> str:
        """The kind as authors are told of it."""
        return _SAID.get(self, f"a {self.value}")


_SAID = {
    Kind.INTEGER: "a whole number",
    Kind.MONEY: "an amount of money",
    Kind.PRODUCTS: "a list of products",
    Kind.OFFER: "an offer",
    Kind.URL: "a link",
    Kind.URLS: "a list of links",
    Kind.TEXTS: "a list of texts",
}
PRINTABLE = {Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.URL, Kind.UNKNOWN}
NUMBERS = {Kind.INTEGER, Kind.NUMBER}
ITEMS = {Kind.PRODUCTS: Kind.PRODUCT, Kind.URLS: Kind.URL}
ATTRIBUTES: dict[Kind, dict[str, Kind]] = {
    Kind.PRODUCT: {
        "name": Kind.TEXT,
        "category": Kind.TEXT,
        "price": Kind.MONEY,
        "url": Kind.URL,
    },
    Kind.OFFER: {"kind": Kind.TEXT, "value": Kind.NUMBER},
    Kind.LOOP: dict.fromkeys(LOOP_ATTRIBUTES, Kind.INTEGER)
    | {"first": Kind.TRUTH, "last": Kind.TRUTH},
}
MAY_BE_MISSING = {"category", "price", "url"}
FILTERS: dict[str, tuple[set[Kind], Kind]] = {
    "money": ({Kind.MONEY, *NUMBERS}, Kind.TEXT),
    "number": (NUMBERS, Kind.TEXT),
    "percent": (NUMBERS, Kind.TEXT),
    "date": ({Kind.DATE, Kind.MOMENT}, Kind.TEXT),
    "day": ({Kind.DATE, Kind.MOMENT}, Kind.TEXT),
    "moment": ({Kind.MOMENT}, Kind.TEXT),
    "ago": ({Kind.INTEGER}, Kind.TEXT),
    "plural": (NUMBERS, Kind.TEXT),
    "offer": ({Kind.OFFER}, Kind.TEXT),
    "join_words": ({Kind.PRODUCTS, Kind.TEXTS}, Kind.TEXT),
    "map": ({Kind.PRODUCTS}, Kind.TEXTS),
    "length": ({Kind.PRODUCTS, Kind.URLS}, Kind.INTEGER),
    "upper": ({Kind.TEXT}, Kind.TEXT),
    "lower": ({Kind.TEXT}, Kind.TEXT),
    "capitalize": ({Kind.TEXT}, Kind.TEXT),
}
OPTIONS = {"plural": frozenset(PLURAL_FORMS), "map": frozenset(("attribute",))}
PRINT_WITH = {
    Kind.MONEY: "money",
    Kind.DATE: "date",
    Kind.MOMENT: "moment",
    Kind.OFFER: "offer",
    Kind.PRODUCTS: "join_words",
    Kind.TEXTS: "join_words",
}
TAG_WORDS = {
    "Assign": "set",
    "AssignBlock": "set",
    "Call": "a call",
    "CallBlock": "call",
    "FilterBlock": "filter",
    "FromImport": "from",
    "ScopedEvalContextModifier": "autoescape",
    "Test": "is",
    "Mul": "*",
    "Pow": "**",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
}
HINTS = {
    "safe": "What customers typed is never trusted as HTML.",
    "default": "Write {{ first_name or '…' }}.",
    "is": "Write {% if name %}.",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One mistake: the line of the text that was read, the pattern of the words to blame, and what is wrong."""

    line: int
    at: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is known at one spot of a template."""

    kinds: Mapping[str, Kind]
    present: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    in_loop: bool = False

    def knowing(self, paths: Iterable[str]) -> Scope:
        return replace(self, present=self.present.union(paths))


FIELDS = Scope(kinds={name: Kind(field.type.value) for name, field in MERGE_FIELDS.items()})


@dataclass(kw_only=True)
class Linted:
    """What a template uses, and what is wrong with it."""

    findings: list[Finding] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    printed: list[Kind] = field(default_factory=list)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint with the nearest right word."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f"Did you mean `{near[0]}`?" if near else None
