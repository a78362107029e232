"""What the YAML parser complains about, said to people who do not know YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from perennial.errors import CampaignError, Fault

Place = tuple[int, int]

# What the parser says, what we say instead, the way out, and whether the place is where the trouble began.
_SENTENCES = (
    (r"character '\\t'", "a tab cannot stand here.", "Indent with spaces.", False),
    (
        r"character '(.)' that cannot start",
        "text cannot begin with '{}' here.",
        "Put the text in quotes.",
        False,
    ),
    (
        r"mapping values are not allowed",
        "a ':' cannot stand here.",
        "Put text that holds a colon in quotes, and indent names of one level alike.",
        False,
    ),
    (r"unexpected end of stream", "a quotation mark has no partner.", "", True),
    (r"expected ',' or '(.)'", "'{}' is missing for what begins here.", "", True),
    (r"another document", "a second document begins here.", "One file holds one {}.", False),
    (r"could not find expected ':'", "a ':' is missing.", "Write `name: value`.", True),
    (r"expected <block end>", "the indentation does not fit.", "Indent one level alike.", False),
    (r"undefined alias|found duplicate anchor", "references (*, &) have no place here.", "", False),
)


@contextmanager
def explained_faults(path: Path, kind: str) -> Iterator[None]:
    """Turns what the file system and the YAML parser raise into faults.

    Raises:
        CampaignError: with the place and the way out.
    """
    try:
        yield
    except OSError as error:
        fault = Fault(path=path, message=f"the file cannot be read: {error.strerror}.")
    except UnicodeDecodeError as error:
        fault = _not_utf8(path, error)
    except MarkedYAMLError as error:
        fault = _not_yaml(path, error, kind)
    except YAMLError as error:
        fault = Fault(path=path, message=f"this is not YAML: {error}.")
    else:
        return
    raise CampaignError([fault]) from None


def _not_utf8(path: Path, error: UnicodeDecodeError) -> Fault:
    line, column = place_after(error.object[: error.start].decode("utf-8", "replace"))
    message = "this character is not UTF-8."
    hint = "Save the file as UTF-8."
    return Fault(path=path, line=line, column=column, message=message, hint=hint)


def _not_yaml(path: Path, error: MarkedYAMLError, kind: str) -> Fault:
    mark, message, hint = error.problem_mark, f"this is not YAML: {error.problem}.", ""
    for pattern, sentence, way_out, at_beginning in _SENTENCES:
        if found := re.search(pattern, str(error.problem)):
            mark = (at_beginning and error.context_mark) or mark
            message, hint = sentence.format(*found.groups()), way_out.format(kind)
            break
    return Fault(
        path=path,
        line=mark.line + 1 if mark else None,
        column=mark.column + 1 if mark else None,
        message=message,
        hint=hint or None,
    )


def place_after(before: str) -> Place:
    """Line and column, from 1, of what comes after a text."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
