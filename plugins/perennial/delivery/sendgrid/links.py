"""The link to unsubscribe stays ours: marked, so that SendGrid does not lead it over its own server.

The mark counts where it comes before the address. It is set by what stands between the `<` before the link and the `>`
after it, in one email as in the frame of many, so that both read the same to the last byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from perennial.model.message import EmailMessage

_LINK = re.compile(r"<(https://[^>]+)>")
_OPENING = re.compile(r"<a\s[^>]*", re.IGNORECASE)
_MARK = re.compile(r"""\sclicktracking=["']?off["']?""", re.IGNORECASE)


def own_link(message: EmailMessage) -> str | None:
    """The link of the message's header, by which its person unsubscribes."""
    found = _LINK.search(message.headers.get("List-Unsubscribe", ""))
    return found[1] if found else None


def href(link: str) -> str:
    """The link as a tag leads to it."""
    return f'href="{link}"'


def untracked(message: EmailMessage) -> str:
    """The HTML with its links to unsubscribe marked."""
    link = own_link(message)
    if link is None:
        return message.html
    pieces = message.html.split(href(link))
    for number in range(len(pieces) - 1):
        pieces[number], pieces[number + 1] = _marked(pieces[number], pieces[number + 1])
    return href(link).join(pieces)


def link_gaps(literals: Sequence[str]) -> list[int]:
    """The gaps of a frame in which a link stands, and nothing beside it."""
    return [
        gap
        for gap, (before, after) in enumerate(pairwise(literals))
        if before.endswith('href="') and after.startswith('"')
    ]


def untracked_frame(literals: Sequence[str], gaps: Iterable[int]) -> tuple[str, ...] | None:
    """The literals with the mark before the links in these gaps.

    Nothing when another gap lies in the same tag: what stands there decides, and differs between people.
    """
    pieces = list(literals)
    for gap in gaps:
        before, after = pieces[gap].removesuffix('href="'), pieces[gap + 1].removeprefix('"')
        if "<" not in before or ">" not in after:
            return None
        before, after = _marked(before, after)
        pieces[gap], pieces[gap + 1] = f'{before}href="', f'"{after}'
    return tuple(pieces)


def _marked(before: str, after: str) -> tuple[str, str]:
    """What stands before and after a link, with the mark when the two are an anchor's."""
    start, end = before.rfind("<"), after.find(">")
    if start < 0 or not _OPENING.fullmatch(before, start):
        return before, after
    end = len(after) if end < 0 else end
    opening = _MARK.sub("", before[start:])
    return (
        f"{before[:start]}{opening}clicktracking=off ",
        _MARK.sub("", after[:end]) + after[end:],
    )
