"""Templates as they lie in their folder: bodies, front matter and phrases, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from perennial.errors import Fault
from perennial.messages.kinds import did_you_mean

FRONT_FIELDS = ("subject", "preheader", "because")
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
_FENCE = "---"


@dataclass(frozen=True, kw_only=True)
class Words:
    """One phrase of a YAML file, and where it stands."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One file of words and looks; line numbers of the body are those of the file."""

    path: Path
    body: str
    front: dict[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Everything under templates/ that matters to the shop's locales.

    Emails are two drafts by template and locale, MJML and text; `shared` are layouts and parts by channel and name.
    """

    emails: dict[tuple[str, str], tuple[Draft, Draft]]
    texts: dict[tuple[str, str], Draft]
    shared: dict[str, dict[str, Draft]]
    words: dict[str, dict[str, Words]]
    words_paths: dict[str, Path]


def read_folder(path: Path, locales: tuple[str, ...], faults: list[Fault]) -> Folder:
    """Read every template; what is missing or unreadable goes to the faults."""
    return Folder(
        emails=_read_emails(path / "email", locales, faults),
        texts=_read_texts(path / "sms", locales, faults),
        shared={channel: _read_shared(path / channel, faults) for channel in ("email", "sms")},
        words={
            locale: _read_words(path / "words" / f"{locale}.yaml", faults) for locale in locales
        },
        words_paths={locale: path / "words" / f"{locale}.yaml" for locale in locales},
    )


def _read_emails(
    path: Path, locales: tuple[str, ...], faults: list[Fault]
) -> dict[tuple[str, str], tuple[Draft, Draft]]:
    emails = {}
    for name in template_names(path, (".mjml", ".txt")):
        for locale in locales:
            mjml = _read_draft(path / name / f"{locale}.mjml", faults)
            text = _read_draft(path / name / f"{locale}.txt", faults)
            if mjml and text and _has_front(mjml, faults):
                emails[name, locale] = (mjml, text)
    return emails


def _read_texts(
    path: Path, locales: tuple[str, ...], faults: list[Fault]
) -> dict[tuple[str, str], Draft]:
    drafts = {
        (name, locale): _read_draft(path / name / f"{locale}.txt", faults)
        for name in template_names(path, (".txt",))
        for locale in locales
    }
    return {key: draft for key, draft in drafts.items() if draft}


def _read_shared(path: Path, faults: list[Fault]) -> dict[str, Draft]:
    """Files that are no template's: beside the templates' folders, or in folders without a locale's file."""
    templates = set(template_names(path, (".mjml", ".txt")))
    files = sorted(file for file in path.rglob("*") if file.suffix in {".mjml", ".txt"})
    shared = [file for file in files if file.relative_to(path).parts[0] not in templates]
    drafts = {file.relative_to(path).as_posix(): _read_draft(file, faults) for file in shared}
    return {name: draft for name, draft in drafts.items() if draft}


def template_names(path: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """The folders that hold a file of some language."""
    for folder in sorted(path.iterdir()) if path.is_dir() else ():
        if folder.is_dir() and any(
            file.suffix in suffixes and _LOCALE.fullmatch(file.stem) for file in folder.iterdir()
        ):
            yield folder.name


def read_text(path: Path, faults: list[Fault]) -> str | None:
    """A file's text; nothing where it is missing or unreadable."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        faults.append(Fault(path=path, message="This file is missing."))
    except (OSError, UnicodeDecodeError):
        faults.append(Fault(path=path, message="This file cannot be read as UTF-8 text."))
    return None


def _read_draft(path: Path, faults: list[Fault]) -> Draft | None:
    text = read_text(path, faults)
    if text is None:
        return None
    lines = text.split("\n")
    if lines[0].strip() != _FENCE:
        return Draft(path=path, body=text)
    try:
        end = next(i for i, line in enumerate(lines) if i and line.strip() == _FENCE)
    except StopIteration:
        faults.append(Fault(path=path, line=1, message="The front matter has no closing `---`."))
        return None
    front = _read_yaml(path, "\n".join(["", *lines[1:end]]), faults)
    return Draft(path=path, body="\n" * (end + 1) + "\n".join(lines[end + 1 :]), front=front)


def _has_front(draft: Draft, faults: list[Fault]) -> bool:
    missing = [name for name in FRONT_FIELDS if not draft.front.get(name)]
    strays = draft.front.keys() - set(FRONT_FIELDS)
    faults += [
        Fault(
            path=draft.path,
            line=1,
            message=f"The front matter lacks `{name}`.",
            hint=did_you_mean(name, strays),
        )
        for name in missing
    ]
    return not missing


def _read_words(path: Path, faults: list[Fault]) -> dict[str, Words]:
    text = read_text(path, faults)
    return {} if text is None else _read_yaml(path, text, faults)


@lru_cache(maxsize=1024)
def _loaded(text: str) -> object:
    """What a text says as YAML. Whoever edits one file has all others read again and again; nobody writes into it."""
    return YAML(typ="rt").load(text)


def load_mapping(path: Path, text: str, faults: list[Fault]) -> CommentedMap | None:
    """What a YAML file says, with the places of it; nothing where it is no mapping."""
    try:
        mapping = _loaded(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        faults.append(Fault(path=path, line=line, message=f"Not YAML: {error.problem}."))
        return None
    except YAMLError:
        faults.append(Fault(path=path, message="Not YAML."))
        return None
    if not isinstance(mapping, CommentedMap):
        faults.append(Fault(path=path, line=1, message="Phrases are written `name: words`."))
        return None
    return mapping


def _read_yaml(path: Path, text: str, faults: list[Fault]) -> dict[str, Words]:
    mapping = load_mapping(path, text, faults)
    if mapping is None:
        return {}
    lines = text.split("\n")
    words = {str(key): read_phrase(key, mapping, lines) for key in mapping}
    for key, phrase in words.items():
        if phrase is None:
            line = mapping.lc.key(key)[0] + 1
            faults.append(Fault(path=path, line=line, message=f"`{key}` is not a text."))
    return {key: phrase for key, phrase in words.items() if phrase}


def read_phrase(key: object, mapping: CommentedMap, lines: list[str]) -> Words | None:
    """The text under a key, and where it begins; nothing where it is no text."""
    value = mapping[key]
    if isinstance(value, bool | dict | list) or value is None:
        return None
    text = str(value)
    line, column = mapping.lc.value(key)
    # Quotes, and the sign of a block that begins on the next line, shift where the words begin.
    if lines[line][column : column + 1] in {"|", ">"}:
        return Words(text=text, line=line + 2, column=column)
    quoted = lines[line][column : column + 1] in {'"', "'"}
    return Words(text=text, line=line + 1, column=column + 1 + quoted)
