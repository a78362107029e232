"""JSON that remembers on which line each entry of its list of expectations begins."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perennial.errors import Fault, SuiteError

_LIST = re.compile(r'"expectations"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True, kw_only=True)
class LocatedSuite:
    """A suite's text, read: its content and the line of each expectation."""

    path: Path
    content: dict[str, Any]
    lines: tuple[int, ...]


def read_located(path: Path) -> LocatedSuite:
    """Reads a suite.

    Raises:
        SuiteError: the file is missing, is not JSON, or is no suite.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text)
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise _refused(path, "is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        fault = Fault(
            path=path, message=f"not JSON: {error.msg}.", line=error.lineno, column=error.colno
        )
        raise SuiteError([fault]) from None
    if not isinstance(content, dict) or not isinstance(content.get("expectations"), list):
        raise _refused(path, 'is no suite: it must be {"name": …, "expectations": […]}.')
    return LocatedSuite(
        path=path, content=content, lines=_lines(text, len(content["expectations"]))
    )


def _lines(text: str, count: int) -> tuple[int, ...]:
    opening = _LIST.search(text)
    if opening is None:  # the word is spelt with escapes; line 1 will have to do
        return (1,) * count
    decoder, at, lines = json.JSONDecoder(), opening.end(), []
    for _ in range(count):
        at = _after_gap(text, at)
        lines.append(text.count("\n", 0, at) + 1)
        _, at = decoder.raw_decode(text, at)
    return tuple(lines)


def _after_gap(text: str, at: int) -> int:
    gap = _BETWEEN.match(text, at)
    return gap.end() if gap else at


def _refused(path: Path, message: str) -> SuiteError:
    return SuiteError([Fault(path=path, message=message)])
