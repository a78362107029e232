"""One request for many people: the words that they share, and for each person what stands in the gaps.

Words are ours to the last byte: they are put together here, before anything is sent, and SendGrid only sets texts in
place of tokens (its `substitutions`). It does so in any order and inside of what it has set already, so a token must
be made of nothing that any of these people is to read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, product
from string import ascii_lowercase
from typing import Any

import msgspec

from perennial.delivery.sendgrid.links import untracked_frame
from perennial.delivery.sendgrid.payload import MailOptions, envelope, request_of
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, EmailParts

MOST_SUBSTITUTION_BYTES = 10_000
"""What SendGrid takes as one person's substitutions, tokens included."""

Column = tuple[str, ...]
"""What stands in one gap, for everybody."""

# Characters that templates and people hardly use; none is special in HTML, in links or in patterns.
_RARE = ("~", "`")


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressed:
    """An email with parts, and what its person's personalization says so far."""

    message: EmailMessage
    parts: EmailParts
    person: Mapping[str, Any]
    # The gaps of the HTML that hold the link to unsubscribe: the same for everybody in a request.
    links: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """The body of a request for many; or, in its place, the keys of those who do not fit into one."""

    body: bytes = b""
    misfits: frozenset[MessageKey] = frozenset()


def merged(emails: Sequence[Addressed], options: MailOptions) -> Merged:
    """One request for emails that share a frame, a campaign and a sender.

    Raises:
        RenderError: an address of ours cannot be written down safely.
        UnicodeEncodeError: somebody's email holds half a character.
    """
    frame, links = emails[0].parts.frame, emails[0].links
    html = untracked_frame(frame.html, links)
    if html is None:
        return Merged(misfits=frozenset(email.message.key for email in emails))
    rows = [each.parts.subject + each.parts.html + each.parts.text for each in emails]
    prefix = _unused_prefix(emails, html, set[str]().union(*rows))
    gaps, substitutions = _shared_and_own(rows, prefix)
    written = [msgspec.json.encode(own) for own in substitutions]
    if misfits := frozenset(_too_long(emails, substitutions, written)):
        return Merged(misfits=misfits)
    people = [
        {**email.person, "substitutions": msgspec.Raw(own)} if substitutions[0] else email.person
        for email, own in zip(emails, written, strict=True)
    ]
    filling = iter(gaps)
    subject, html_words, text = (
        _filled(each, filling) for each in (frame.subject, html, frame.text)
    )
    shared = envelope(emails[0].message, options)
    return Merged(body=msgspec.json.encode(request_of(people, (subject, text, html_words), shared)))


def _shared_and_own(
    rows: Sequence[tuple[str, ...]], prefix: str
) -> tuple[list[str], list[dict[str, str]]]:
    """What stands in each gap of the shared words, and everybody's substitutions.

    What is the same for all is no gap, and gaps that are the same for everybody are one token.
    """
    columns = list(zip(*rows, strict=True))
    places, own = _own(columns)
    if not own:
        return [column[0] for column in columns], [{} for _ in rows]
    tokens = list(_tokens(prefix, len(own)))
    gaps = [
        column[0] if place is None else tokens[place]
        for column, place in zip(columns, places, strict=True)
    ]
    return gaps, [dict(zip(tokens, texts, strict=True)) for texts in zip(*own, strict=True)]


def _own(columns: Iterable[Column]) -> tuple[list[int | None], list[Column]]:
    """The columns in which people differ, each once; and for every gap the place of its column among them.

    Told apart by their first text, so that not every text of every person is looked at.
    """
    own: list[Column] = []
    places: list[int | None] = []
    by_first: defaultdict[str, list[int]] = defaultdict(list)
    for column in columns:
        if all(map(column[0].__eq__, column)):
            places.append(None)
            continue
        alike = by_first[column[0]]
        place = next((place for place in alike if own[place] == column), None)
        if place is None:
            place = len(own)
            alike.append(place)
            own.append(column)
        places.append(place)
    return places, own


def _tokens(prefix: str, how_many: int) -> Iterator[str]:
    """Tokens of one width, so that none is the beginning of another."""
    width = len(str(how_many - 1))
    return (f"{prefix}{number:0{width}}" for number in range(how_many))


def _unused_prefix(emails: Sequence[Addressed], html: Iterable[str], own: Iterable[str]) -> str:
    """What no email holds anywhere, so that a token is found only where it was put.

    A single character is looked for in the pieces, `own` being all that stand in gaps. Of several, a part could stand
    at the end of one piece and the rest at the beginning of the next, so they are looked for in whole texts.
    """
    frame = emails[0].parts.frame
    beside = chain.from_iterable(map(_beside, emails))
    held = "".join((*html, *frame.subject, *frame.text, *own, *beside))
    for character in _RARE:
        if character not in held:
            return character
    texts = [*html]
    for email in emails:
        message = email.message
        texts += (message.html, message.text, message.subject, *_beside(email))
    return next(prefix for prefix in _longer() if not any(prefix in text for text in texts))


def _beside(email: Addressed) -> tuple[str, ...]:
    """What of an email lies in the request beside its words."""
    message = email.message
    return (message.key, message.reply_to or "", *message.headers.values())


def _longer() -> Iterator[str]:
    """A rare character and letters: none overlaps itself, nor the digits that follow it."""
    for length in count(1):
        for letters in product(ascii_lowercase, repeat=length):
            yield _RARE[0] + "".join(letters)


def _too_long(
    emails: Sequence[Addressed],
    substitutions: Sequence[Mapping[str, str]],
    written: Sequence[bytes],
) -> Iterator[MessageKey]:
    """Whose substitutions are more than SendGrid takes: JSON is never shorter than what it holds."""
    for email, own, json in zip(emails, substitutions, written, strict=True):
        if len(json) > MOST_SUBSTITUTION_BYTES:
            size = len("".join(own).encode()) + len("".join(own.values()).encode())
            if size > MOST_SUBSTITUTION_BYTES:
                yield email.message.key


def _filled(literals: Sequence[str], gaps: Iterator[str]) -> str:
    """The literal texts with the next of the gaps between them."""
    pieces = [literals[0]]
    for literal in literals[1:]:
        pieces += (next(gaps), literal)
    return "".join(pieces)
