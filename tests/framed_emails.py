"""Emails that share a frame, as composing makes them of one template: for tests of whoever sends many at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from perennial.model.keys import MessageKey
from perennial.model.message import EmailFrame, EmailMessage, EmailParts

Words = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""What stands in the gaps of subject, HTML and plain text."""

FRAME = EmailFrame(
    subject=("Happy birthday, ", "!"),
    html=("<p>Hello ", ", here is <b>", '</b></p><a class="x" href="', '" style="y">no more</a>'),
    text=("Hello ", ", here is ", "\nNo more: ", "\n"),
)


def link_of(number: int) -> str:
    """A link to unsubscribe, everybody's own."""
    token = hashlib.sha256(str(number).encode()).hexdigest()[:22]
    return f"https://shop.example/u/1.{token}.{'b' * 22}"


def filled(literals: Sequence[str], gaps: Sequence[str]) -> str:
    """Literal texts with the gaps between them."""
    return "".join(chain.from_iterable(zip_longest(literals, gaps, fillvalue="")))


def framed(number: int, frame: EmailFrame, words: Words, **changes: object) -> EmailMessage:
    """One person's email in a frame."""
    subject, html, text = map(tuple, words)
    message = EmailMessage(
        key=MessageKey(f"{number:032x}"),
        campaign="birthday",
        locale="en",
        to=f"c{number}@customers.example",
        subject=filled(frame.subject, subject),
        html=filled(frame.html, html),
        text=filled(frame.text, text),
        from_name="Juniper & Rye",
        from_address="hello@juniperandrye.example",
        reply_to="answers@juniperandrye.example",
        headers={
            "List-Unsubscribe": f"<{link_of(number)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        parts=EmailParts(frame=frame, subject=subject, html=html, text=text),
    )
    return replace(message, **changes)  # type: ignore[arg-type]


def birthday(
    number: int, name: str | None = None, gift: str = "a gift", **changes: object
) -> EmailMessage:
    """One person's email of a template with a name, a gift and a link."""
    name = f"Person {number}" if name is None else name
    words = ([name], [name, gift, link_of(number)], [name, gift, link_of(number)])
    return framed(number, FRAME, words, **changes)
