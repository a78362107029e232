"""An email as a page of its own for a frame: nothing in it runs, and it leads nowhere."""

from __future__ import annotations

import re
from enum import StrEnum

SEALED = {
    # The frame's own page forbids even more than the attribute of the frame: no scripts, no forms, no cookies of ours.
    "Content-Security-Policy": (
        "default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
    ),
}
_ASKED = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)")
_OFFERED = re.compile(r"(color-schemes?(?:\"\s+content=\"|\s*:\s*))light dark")


class Scheme(StrEnum):
    """How a reader's mail program is set."""

    LIGHT = "light"
    DARK = "dark"


def in_scheme(html: str, scheme: Scheme) -> str:
    """The email as a mail program shows it that keeps to what the email says for light and dark.

    Apple's programs do. A browser cannot be told to ask for dark in one frame alone, so the questions are answered in
    the email itself.
    """

    def answer(found: re.Match[str]) -> str:
        return "(min-width: 0)" if found[1] == scheme else "(max-width: 0)"

    return _OFFERED.sub(rf"\g<1>{scheme}", _ASKED.sub(answer, html))
