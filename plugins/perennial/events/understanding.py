"""What a person who texts back wants: that it stops, that it goes on, or to know who writes.

The rule, in this order:

1. A message of nothing but a stop word (and courtesies) is a refusal.
2. A message in which a refusal stands anywhere is a refusal. In doubt the refusal wins: a stop that nobody meant costs
   the shop a text and is undone by one word; a stop that nobody heard costs the person's trust, and breaks the law.
3. A message of nothing but a start word, or a help word, is that. Permission is never read into a longer sentence.
4. Everything else says nothing about being written to.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from perennial.events.answer_words import (
    HELP_WORDS,
    POLITE_WORDS,
    REFUSALS,
    START_WORDS,
    STOP_WORDS,
    Phrases,
)

_LONGEST = 2_000
# Capitals of two alphabets that look like one of ours, and a nought for a letter.
_LOOK_ALIKES = str.maketrans("АВЕЅЗКМНОРСТУХІЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧ0", "ABESZKMHOPCTYXIJABEZHIKMNOPTYXO")
_WORDS = re.compile(r"[^\W_]+")
_SAME_AGAIN = re.compile(r"(.)\1+")
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc"})


class Wish(StrEnum):
    """What somebody who texts back wants."""

    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A wish, and the language in which it was said."""

    wish: Wish
    locale: str


def understand(text: str) -> Understood | None:
    """What a text asks for; nothing where it says nothing about being written to. Pure."""
    words = _words(text[:_LONGEST])
    if not words:
        return None
    if locale := _whole(words, "stop") or _refusal(words):
        return Understood(wish=Wish.STOP, locale=locale)
    for wish in (Wish.START, Wish.HELP):
        if locale := _whole(words, wish.value):
            return Understood(wish=wish, locale=locale)
    return None


def _whole(words: list[str], kind: str) -> str | None:
    """The language, where the words are nothing but one that means this, said once or often, spelt out or in parts."""
    known = _known(kind)
    without = [word for word in words if word not in _polite()]
    for said in (without, words, list(dict.fromkeys(without))):
        if locale := known.get(_once("".join(said))):
            return locale
    each = {known.get(word) for word in without}
    return each.pop() if len(each) == 1 else None


def _refusal(words: list[str]) -> str | None:
    said = " ".join(words)
    return next((locale for pattern, locale in _refusals() if pattern.search(said)), None)


@cache
def _known(kind: str) -> dict[str, str]:
    listed = {"stop": STOP_WORDS, "start": START_WORDS, "help": HELP_WORDS}[kind]
    return {_once("".join(_words(w))): locale for locale, ws in listed.items() for w in ws}


@cache
def _polite() -> frozenset[str]:
    return frozenset(w for ws in POLITE_WORDS.values() for word in ws for w in _words(word))


@cache
def _refusals() -> tuple[tuple[re.Pattern[str], str], ...]:
    return _compiled(REFUSALS)


def _compiled(phrases: Phrases) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(_pattern(phrase)), locale) for locale, ps in phrases.items() for phrase in ps
    )


def _pattern(phrase: str) -> str:
    """A phrase as a pattern over words with one space between them."""
    parts, gap = [], ""
    for part in phrase.split():
        if part == "…":
            gap = r"(?:\S+ ){0,4}?"
            continue
        parts.append(gap + "(?:" + "|".join(map(_ending, part.split("|"))) + ")")
        gap = ""
    return r"(?<!\S)" + " ".join(parts) + r"(?!\S)"


def _ending(word: str) -> str:
    (spelt,) = _words(word.removesuffix("*"))
    return re.escape(spelt) + (r"\S*" if word.endswith("*") else "")


def _words(text: str) -> list[str]:
    """The words of a text as they look: capitals of one alphabet, without accents, each letter once in a row."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    shown = "".join(c for c in plain if unicodedata.category(c) not in _INVISIBLE or c.isspace())
    capitals = _APOSTROPHES.sub("", shown).upper().translate(_LOOK_ALIKES)
    return [_once(word) for word in _WORDS.findall(capitals)]


def _once(word: str) -> str:
    return _SAME_AGAIN.sub(r"\1", word)
