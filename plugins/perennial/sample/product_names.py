"""Turns the till's shorthand into words that a customer may read.

'ICE - CRUSHED/CUBED' becomes 'Crushed / cubed ice'. The types that are bought most have hand-written names
(data/product_types.csv); the others are expanded by rule. Categories and departments are all hand-written
(data/categories.csv). Nothing here depends on anything but its arguments and those lists.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

OWN_BRAND = "Juniper & Rye"
SERVICES = "Services"

# What is rung up at the till but is no product, wherever the till files it.
_SERVICE_TYPES = re.compile(
    r"GASOLINE|GIFT CARD|SALES TRANS|DEPOSIT|PREPAID WIRELESS|^COUPON|^TICKETS|PHONE CARDS"
    r"|HOUR PROCESSING|OVERNIGHT PROCESSING|DONATIONS|RENTALS|KEY RING|EXPENSE|SERVICE CHARGES"
    r"|DEA SCHEDULE|SUBSCRIPTIONS|PRINT STATION"
)
_DEPARTMENTS_WITHOUT_CATEGORY = {
    "GROCERY": "Pantry",
    "PRODUCE": "Produce",
    "CHEF SHOPPE": "Produce",
    "FROZEN GROCERY": "Frozen",
    "GARDEN CENTER": "Flowers & garden",
    "FLORAL": "Flowers & garden",
    "TOYS": "Home & leisure",
    "HOUSEWARES": "Home & leisure",
    "AUTOMOTIVE": "Home & leisure",
    "PHOTO & VIDEO": "Home & leisure",
}
_BRANDLESS = {SERVICES, "Tobacco", "Produce", "Flowers & garden"}

# Shorthand of several words, put right before single words are looked at.
_PHRASES = (
    (r"\b(\w+[^S\W]) S\b", r"\1'S"),
    (r"\bW/O\s*", "WITHOUT "),
    (r"\bW/\s*", "WITH "),
    (r"-?\s*\bLE?SS THA?N \d+.*", ""),
    (r"\bNUT SUPP-", "NUTRITION SUPPLEMENT - "),
    (r"\bSEAFOOD-FRZ-", "FROZEN SEAFOOD - "),
    (r"\bSEAFOOD-FRE-", "FRESH SEAFOOD - "),
    (r"\b(SEAFOOD|MEAT)-MISC-", r"\1 - "),
    (r"-?\bRW-ALL\b", ""),
    (r"\bPREP FO?O?DS?:", "PREPARED FOOD:"),
    (r"\bQSR FD:", "HOT COUNTER:"),
    (r"\b(\d+)PC\b", r"\1-PIECE"),
    (r"\bX-LARGE\b", "EXTRA-LARGE"),
)
_NOTHING_SAID = frozenset(("other", "all", "all other", "all others", "others", "assorted", "misc"))
_UNITS = {
    "OZ": "oz",
    "FL OZ": "fl oz",
    "LB": "lb",
    "ML": "ml",
    "L": "liter",
    "PT": "pt",
    "QT": "qt",
    "GAL": "gal",
    "GA": "gal",
    "CT": "count",
    "PK": "pack",
    "PC": "piece",
    "DZ": "dozen",
    "SQ FT": "sq ft",
    "FT": "ft",
    "IN": "in",
    "LOAD": "loads",
    "LOADS": "loads",
    "LD": "loads",
    "STEM": "stems",
}
_SAID_WITHOUT_NUMBER = frozenset(("GAL", "GA", "QT", "PT", "L", "LB", "DZ"))
_NUMBER = r"\d+(?:\.\d+)?|\.\d+|\d+/\d+"
_DECIMAL = r"\d+(?:\.\d+)?|\.\d+"
_ONE_SIZE = re.compile(rf"({_NUMBER})?\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})\.?")
_MANY = re.compile(rf"(\d+)\s*(PK|CT)\s*/?\s*({_DECIMAL})\s*(OZ|ML|L|FL OZ)")
# '24/16.9 OZ' is twenty-four bottles; '3/4 OZ' may be three quarters of an ounce and stays unread.
_MANY_BY_SLASH = re.compile(r"(\d\d+|\d(?=/\d*\.))(/)(\d*\.?\d+)\s*(OZ|ML|L|FL OZ)")
_MANY_REVERSED = re.compile(rf"({_DECIMAL})\s*(OZ|ML|L|FL OZ)\s*/?\s*(\d+)\s*(PK|CT)")
_CONTAINER = re.compile(r"\s*(?:\b(?:BTL|BOTTLE|CAN|BAG|JAR|BX|PET)|\*)$")


@dataclass(frozen=True, kw_only=True)
class ShelfWords:
    """A product as the shop shows it."""

    name: str
    category: str | None
    department: str


def shelf_words(
    department: str, category: str | None, type_: str | None, size: str | None, *, own_brand: bool
) -> ShelfWords:
    """The name, category and department that customers read, from what the till calls them."""
    shown_category, shown_department = _categories().get(category or "", (None, None))
    if type_ and _SERVICE_TYPES.search(type_):
        shown_category, shown_department = "Store services", SERVICES
    shown_department = shown_department or _DEPARTMENTS_WITHOUT_CATEGORY.get(department, "Other")
    if not type_ and not category:
        shown_department = SERVICES
    name = _type_name(category, type_, shown_category)
    if own_brand and shown_department not in _BRANDLESS:
        name = f"{OWN_BRAND} {_lower_first(name)}"
    measure = readable_size(size)
    if measure and shown_department != SERVICES:
        name = f"{name}, {measure}"
    return ShelfWords(name=name, category=shown_category, department=shown_department)


def readable_size(raw: str | None) -> str | None:
    """'6PK12 OZ' as '6 x 12 oz'; nothing when the till's text is no clean measure."""
    text = _CONTAINER.sub("", " ".join((raw or "").upper().split()))
    if many := _MANY.fullmatch(text) or _MANY_BY_SLASH.fullmatch(text):
        return _many(many[1], many[2], _measure(many[3], many[4]))
    if many := _MANY_REVERSED.fullmatch(text):
        return _many(many[3], many[4], _measure(many[1], many[2]))
    one = _ONE_SIZE.fullmatch(text)
    if not one or (one[1] is not None and not one[1].strip("0./")):
        return None
    if one[1] is None and one[2] not in _SAID_WITHOUT_NUMBER:
        return None
    if one[1] == "1" and one[2] in ("CT", "PK", "PC"):
        return None
    return _measure(one[1] or "1", one[2])


def readable_type(raw: str, noun: str | None = None) -> str:
    """A product type in plain words, by rule; `noun` completes a type that is only a quality."""
    words = _expanded(_in_reading_order(_without_asides(raw)))
    if noun and (not words or words in _NOTHING_SAID):
        return noun
    # 'PREMIUM' only makes sense with its category: premium ice cream.
    if noun and all(word in _kind("quality") for word in words.split()):
        words = f"{words} {_lower_first(noun)}"
    return _upper_first(words)


def _many(number: str, together: str, measure: str) -> str:
    """Packs are told by the piece; a count, such as buns in a bag, by the whole."""
    return f"{number} count, {measure}" if together == "CT" else f"{number} x {measure}"


def _measure(number: str, unit: str) -> str:
    whole = f"0{number}" if number.startswith(".") else number
    return f"{re.sub(r'[.]0+$', '', whole)} {_UNITS[unit]}"


@cache
def _type_name(category: str | None, type_: str | None, shown_category: str | None) -> str:
    if not type_:
        return shown_category or "Assorted goods"
    curated = _curated()
    name = curated.get((category or "", type_)) or curated.get(("*", type_))
    return name or readable_type(type_, shown_category) or "Assorted goods"


def _without_asides(raw: str) -> str:
    """Drops what stands in brackets; the till cuts texts at 30 characters, so a bracket may not close."""
    text = re.sub(r"\([^)]*\)?", " ", raw.upper())
    for shorthand, words in _PHRASES:
        text = re.sub(shorthand, words, text)
    return " ".join(text.split()).strip(" -:/&,<=")


def _in_reading_order(text: str) -> str:
    """Puts the quality before the noun: 'EGGS - LARGE', 'POTATOES: RED', 'GRAPES RED'."""
    if parts := re.fullmatch(r"([^:]+?)(?:\s*:\s*|\s+-\s*|\s*-\s+)(.+)", text):
        head, quality = parts[1], parts[2]
        return head if quality.casefold() in _NOTHING_SAID else f"{quality} {head}"
    if magazine := re.fullmatch(r"(.+)-MAGAZINE", text):
        return f"{magazine[1]} MAGAZINE"
    first, _, rest = text.partition(" ")  # produce is filed with the noun first: 'GRAPES RED'
    if rest and first.casefold() in _kind("noun_first") and not rest.startswith(("&", "/", "AND ")):
        rest = re.sub(r"\b(ALL OTHERS?|OTHER|ALL)\b", "", rest).strip()
        return f"{rest} {first}".strip()
    return re.sub(r"^(ALL )?OTHER (?=\w)|\s*\b(ALL OTHERS?|OTHER|ALL)$", "", text) or text


def _expanded(text: str) -> str:
    spaced = re.sub(r"\s*([/&])\s*", r" \1 ", text)
    words = [_word(token) for token in re.sub(r"\s*:\s*", " ", spaced).split()]
    if words[1:] and words[-1].endswith(("'s", "s'")):  # 'SUNGLASSES KIDS'
        words = [words[-1], *words[:-1]]
    return _with_proper_nouns(" ".join(words).strip(" -/&,."))


def _word(token: str) -> str:
    long = _abbreviations()
    if token in long:
        return long[token]
    if "-" in token:
        return "-".join(long.get(part, part.casefold()) for part in token.split("-") if part)
    return token.casefold()


def _with_proper_nouns(text: str) -> str:
    def as_written(match: re.Match[str]) -> str:
        return _proper_nouns()[match[0].casefold()]

    return _proper_pattern().sub(as_written, text)


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower_first(text: str) -> str:
    return text if _proper_pattern().match(text) else text[:1].lower() + text[1:]


def _rows(name: str) -> list[dict[str, str]]:
    text = files("perennial.sample").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _categories() -> dict[str, tuple[str, str]]:
    return {row["raw"]: (row["category"], row["department"]) for row in _rows("categories.csv")}


@cache
def _curated() -> dict[tuple[str, str], str]:
    return {(row["category"], row["type"]): row["name"] for row in _rows("product_types.csv")}


@cache
def _kind(kind: str) -> frozenset[str]:
    return frozenset(row["word"] for row in _rows("word_kinds.csv") if row["kind"] == kind)


@cache
def _abbreviations() -> dict[str, str]:
    return {row["short"]: row["long"] for row in _rows("abbreviations.csv")}


@cache
def _proper_nouns() -> dict[str, str]:
    text = files("perennial.sample").joinpath("data", "proper_nouns.txt").read_text("utf-8")
    return {line.casefold(): line for line in text.splitlines() if line}


@cache
def _proper_pattern() -> re.Pattern[str]:
    longest_first = sorted(_proper_nouns(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)
