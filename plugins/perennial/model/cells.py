"""Cells of tables that people open in a spreadsheet: what looks like a formula is text there, too."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"^[=+\-@\t\r]")
_NUMBER = re.compile(r"^[+-]?\d[\d .,()/-]*$")


def safe_cell(value: object) -> str:
    """A value as a cell that no spreadsheet runs (CWE-1236).

    What begins like a formula is led by an apostrophe; numbers and telephone numbers stay as they are.
    """
    text = "" if value is None else str(value)
    if _FORMULA.match(text) and not _NUMBER.match(text):
        return f"'{text}"
    return text
