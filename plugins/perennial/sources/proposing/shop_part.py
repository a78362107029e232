"""Writes a proposal as the `sources:` part of shop.yaml, and puts it in the place of the one that is there.

The rest of the file, comments and all, stays as it is. What a person must decide is a line that begins with `# decide:`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from perennial.errors import Fault, ShopError
from perennial.sources.files.file_table import FileTable
from perennial.sources.proposing.proposal import Proposal

DECIDE = "# decide:"
_SECTION = re.compile(r"^sources:[^\n]*\n(?:[ \t#][^\n]*\n|\n)*", re.MULTILINE)


def sources_part(proposal: Proposal) -> str:
    """The `sources:` part of shop.yaml that a proposal comes to."""
    return "\n".join(["sources:", *_lines(proposal)]).rstrip() + "\n"


def write_part(path: Path, part: str, *, force: bool) -> Path | None:
    """Puts a `sources:` part into shop.yaml, and returns where the file as it was before has gone, if it had one.

    Raises:
        ShopError: there is no such file, or it has a `sources:` part and `force` is not given.
    """
    try:
        before = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "Write its head first, who the shop is: docs/reference/shop.md."
        raise ShopError([Fault(path=path, message="is not there.", hint=hint)]) from None
    old = _SECTION.search(before if before.endswith("\n") else before + "\n")
    if old is None:
        path.write_text(f"{before.rstrip()}\n\n{part}", encoding="utf-8")
        return None
    line = before[: old.start()].count("\n") + 1
    if not force:
        hint = "Say --force to replace it; the file as it is now is kept beside it."
        raise ShopError([Fault(path=path, message="has a `sources:` part.", line=line, hint=hint)])
    kept = _unused_name(path)
    kept.write_text(before, encoding="utf-8")
    whole = before if before.endswith("\n") else before + "\n"
    rest = whole[old.end() :]
    text = whole[: old.start()] + part + (f"\n{rest}" if rest.strip() else "")
    path.write_text(text, encoding="utf-8")
    return kept


def open_questions(path: Path) -> list[Fault]:
    """What a person has yet to decide in a shop.yaml that was proposed: each line that begins with `# decide:`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [
        Fault(
            path=path,
            message=f"To decide: {line.strip().removeprefix(DECIDE).strip()}",
            line=number,
            column=line.index("#") + 1,
            hint="Settle it in the lines below, then remove this one.",
        )
        for number, line in enumerate(lines, 1)
        if line.strip().startswith(DECIDE)
    ]


def _lines(proposal: Proposal) -> Iterator[str]:
    for question in proposal.decide:
        yield _question(question)
    yield f"  timezone: {proposal.timezone}"
    if proposal.files:
        yield "  files:"
        for name, table in proposal.files.items():
            yield f"    {name}: {_flow(table)}"
    for dataset in proposal.datasets.values():
        yield ""
        for question in dataset.decide:
            yield _question(question)
        yield from _query(dataset.name, dataset.sql)
    if proposal.recent_buyers:
        yield ""
        yield "  # Asked between plan and send, so that nobody is won back who has just ordered."
        yield from _query("recent_buyers", proposal.recent_buyers)


def _query(name: str, sql: str) -> Iterator[str]:
    yield f"  {name}:"
    yield "    sql: |"
    yield textwrap.indent(sql, " " * 6)


def _question(question: str) -> str:
    """A question on one line, so that removing it is removing a line."""
    return f"  {DECIDE} {' '.join(question.split())}"


def _flow(table: FileTable) -> str:
    stated = {
        "path": table.path,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "decimal": table.decimal,
    }
    said = ", ".join(f"{key}: {_in_quotes(value)}" for key, value in stated.items() if value)
    return "{" + said + "}"


def _in_quotes(value: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9-]*", value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def _unused_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.before-{number}") for number in count(1))
    return next(name for name in names if not name.exists())
