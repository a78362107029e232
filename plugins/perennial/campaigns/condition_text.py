"""From the text of a condition to sqlglot's tree, before anybody asks what it means."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

LONGEST = 4_000
MOST_WORDS = 400
DEEPEST = 20
TOO_DEEP = f"the condition is nested more than {DEEPEST} deep."
_SPACES = "\n\r\t"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake in a condition."""

    message: str
    offset: int = 0
    hint: str | None = None


class Refused(Exception):
    """A part of a condition that makes no sense to read further."""

    def __init__(self, message: str, offset: int = 0, hint: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(message=message, offset=offset, hint=hint)


def parse(text: str) -> exp.Expr:
    """The tree of a condition.

    Raises:
        Refused: it is empty, too long, too deep, holds a comment or a second statement, or is no expression.
    """
    _refuse_odd_characters(text)
    tokens = _tokens(text)
    _refuse_by_tokens(tokens)
    try:
        return sqlglot.parse_one(text, dialect="duckdb", into=exp.Condition)
    except ParseError as error:
        raise _explained(error, text) from None
    except RecursionError:
        raise Refused(TOO_DEEP) from None


def _refuse_odd_characters(text: str) -> None:
    if not text.strip():
        msg = "the condition is empty."
        raise Refused(msg, hint="Leave `where` out to write to everybody who has the occasion.")
    if len(text) > LONGEST:
        msg = f"the condition is longer than {LONGEST:,} characters."
        raise Refused(msg)
    for offset, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in _SPACES:
            msg = "a control character has no place in a condition."
            raise Refused(msg, offset)


def _tokens(text: str) -> list[Token]:
    try:
        return sqlglot.tokenize(text, dialect="duckdb")
    except TokenError:
        msg = "the condition cannot be read."
        raise Refused(msg, hint="A quotation mark has no partner.") from None


def _refuse_by_tokens(tokens: list[Token]) -> None:
    if len(tokens) > MOST_WORDS:
        msg = f"the condition has more than {MOST_WORDS} words and signs."
        raise Refused(msg, tokens[MOST_WORDS].start)
    depth = 0
    for token in tokens:
        if token.comments:
            msg = "a comment has no place inside a condition."
            raise Refused(msg, token.start, hint="Write it in the line above, after #.")
        if token.token_type is TokenType.SEMICOLON:
            msg = "';' has no place in a condition: it is one expression."
            raise Refused(msg, token.start)
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth > DEEPEST:
            raise Refused(TOO_DEEP, token.start)
    if not tokens:
        msg = "the condition is empty."
        raise Refused(msg)


def _explained(error: ParseError, text: str) -> Refused:
    found = error.errors[0] if error.errors else {}
    word = str(found.get("highlight") or "")
    offset = _offset(text, int(found.get("line") or 1), int(found.get("col") or 1), word)
    said = str(found.get("description") or "")
    if said.startswith("Expecting"):
        return Refused(f"'{said.rsplit(maxsplit=1)[-1]}' is missing after '{word}'.", offset)
    if said.startswith("Required keyword"):
        return Refused(f"something is missing after '{word}'.", offset)
    return Refused(f"'{word}' is not expected here.", offset)


def _offset(text: str, line: int, column: int, word: str) -> int:
    """Where a word begins whose last character is at a line and column, as sqlglot counts."""
    end = sum(len(part) for part in text.splitlines(keepends=True)[: line - 1]) + column
    return max(0, min(end - len(word), len(text) - 1))
