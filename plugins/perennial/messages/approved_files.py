"""Approved templates as they lie in their folder: what WhatsApp has approved, and where our values go in it.

content_sid: HX0123456789abcdef0123456789abcdef
variables:
  "1": "{% if first_name %}{{ first_name }}{% else %}there{% endif %}"
  "2": "{{ coupon_code }}"
body: |
  Happy birthday, {{1}}! Your code is {{2}}.
  Reply STOP to opt out
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from perennial.errors import Fault
from perennial.messages.files import Words, load_mapping, read_phrase, read_text, template_names
from perennial.messages.kinds import did_you_mean
from perennial.messages.places import place_at

_FIELDS = ("content_sid", "variables", "body")
_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")


@dataclass(frozen=True, kw_only=True)
class ApprovedDraft:
    """One approved template in one language. `body` is what the person reads, with {{1}} where a variable goes."""

    path: Path
    content_sid: str
    body: Words
    variables: dict[str, Words] = field(default_factory=dict)


def read_approved(
    path: Path, locales: tuple[str, ...], faults: list[Fault]
) -> dict[tuple[str, str], ApprovedDraft]:
    """Read every approved template; what is missing or wrong goes to the faults."""
    drafts = {
        (name, locale): _read_draft(path / name / f"{locale}.yaml", faults)
        for name in template_names(path, (".yaml",))
        for locale in locales
    }
    return {key: draft for key, draft in drafts.items() if draft}


def _read_draft(path: Path, faults: list[Fault]) -> ApprovedDraft | None:
    text = read_text(path, faults)
    mapping = None if text is None else load_mapping(path, text, faults)
    if text is None or mapping is None:
        return None
    known = len(faults)
    lines = text.split("\n")
    faults += _strays(path, mapping)
    content_sid = _phrase(path, mapping, "content_sid", lines, faults)
    body = _phrase(path, mapping, "body", lines, faults)
    variables = _variables(path, mapping, lines, faults)
    if content_sid is None or body is None:
        return None
    if not _CONTENT_SID.fullmatch(content_sid.text):
        message = "`content_sid` is HX and 32 hexadecimal digits, as the Twilio console shows it."
        faults.append(Fault(path=path, line=content_sid.line, message=message))
    faults += _misplaced(path, body, variables)
    if len(faults) > known:
        return None
    return ApprovedDraft(path=path, content_sid=content_sid.text, body=body, variables=variables)


def _strays(path: Path, mapping: CommentedMap) -> Iterator[Fault]:
    for key in mapping:
        if key not in _FIELDS:
            line = mapping.lc.key(key)[0] + 1
            hint = did_you_mean(str(key), _FIELDS) or f"Known are {', '.join(_FIELDS)}."
            yield Fault(path=path, line=line, message=f"Unknown field `{key}`.", hint=hint)


def _phrase(
    path: Path, mapping: CommentedMap, name: str, lines: list[str], faults: list[Fault]
) -> Words | None:
    if name not in mapping:
        faults.append(Fault(path=path, line=1, message=f"`{name}` is missing."))
        return None
    words = read_phrase(name, mapping, lines)
    if words is None or not words.text.strip():
        line = mapping.lc.key(name)[0] + 1
        faults.append(Fault(path=path, line=line, message=f"`{name}` is not a text."))
        return None
    return words


def _variables(
    path: Path, mapping: CommentedMap, lines: list[str], faults: list[Fault]
) -> dict[str, Words]:
    given = mapping.get("variables")
    if given is None:
        return {}
    if not isinstance(given, CommentedMap):
        line = mapping.lc.key("variables")[0] + 1
        message = '`variables` are written "1": what stands in place of {{1}}.'
        faults.append(Fault(path=path, line=line, message=message))
        return {}
    found = {str(key): read_phrase(key, given, lines) for key in given}
    for key in given:
        if found[str(key)] is None:
            line = given.lc.key(key)[0] + 1
            faults.append(Fault(path=path, line=line, message=f"Variable {key} is not a text."))
    numbers = [str(number) for number in range(1, len(found) + 1)]
    if sorted(found) != sorted(numbers):
        line = mapping.lc.key("variables")[0] + 1
        message = "Variables are numbered 1, 2, 3 … without a gap."
        faults.append(Fault(path=path, line=line, message=message))
    return {key: words for key, words in found.items() if words}


def _misplaced(path: Path, body: Words, variables: dict[str, Words]) -> Iterator[Fault]:
    """Where the body and the variables do not fit together."""
    used = set()
    for found in _PLACEHOLDER.finditer(body.text):
        used.add(found[1])
        if found[1] not in variables:
            place = place_at(path, body.text, found.start(), line=body.line, column=body.column)
            message = (
                f"The body has {found[0]}, and `variables` has no {found[1].strip() or 'such'}."
            )
            yield place.fault(message, hint="The body holds numbers: {{1}}, {{2}} …")
    for name in sorted(variables.keys() - used):
        message = f"Variable {name} is not in the body."
        yield Fault(path=path, line=variables[name].line, message=message)
