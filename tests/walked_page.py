"""A page of the documentation, walked through from top to bottom: its files written, its commands run."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from perennial.cli.commands import app
from perennial.errors import PerennialError

_PARTS = re.compile(
    r"<!-- file: (?P<file>\S+) -->\n```\w*\n(?P<content>.*?)^```"
    r"|<!-- edit: (?P<edited>\S+): (?P<wrong>\S+) -> (?P<right>\S+) -->"
    r"|(?:<!-- exit: (?P<exit>\d) -->\n)?```console\n(?P<session>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
LoadSample = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Walked:
    """One command of the page: how it should have ended, how it ended, what was shown and what was said."""

    command: str
    expected_exit: int
    exit: int
    shown: tuple[str, ...]
    said: str


def walk_through(page: str, load_sample: LoadSample) -> list[Walked]:
    """Does what a page says in the present folder; `load_sample` stands for `perennial sample`, with a smaller shop."""
    walked: list[Walked] = []
    for part in _PARTS.finditer(page):
        if part["file"]:
            Path(part["file"]).parent.mkdir(parents=True, exist_ok=True)
            Path(part["file"]).write_text(part["content"], encoding="utf-8")
        elif part["edited"]:
            edited = Path(part["edited"])
            text = edited.read_text(encoding="utf-8")
            assert part["wrong"] in text
            edited.write_text(text.replace(part["wrong"], part["right"]), encoding="utf-8")
        else:
            walked += _session(part["session"], int(part["exit"] or 0), load_sample)
    return walked


def misquoted(walk: list[Walked]) -> list[tuple[str, str]]:
    """Lines that a page shows and its command does not say: all lines of a check, of others the first."""
    return [
        (walked.command, line)
        for walked in walk
        for line in (walked.shown if walked.command == "perennial check" else walked.shown[:1])
        if line not in walked.said
    ]


def plain(text: str) -> str:
    """Words alone: not how wide the terminal is, nor the frame that is drawn around them."""
    return " ".join(re.sub(r"[╭╮╰╯│─]", " ", text).split())


def _session(session: str, expected_exit: int, load_sample: LoadSample) -> Iterator[Walked]:
    for block in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, *shown = block.splitlines()
        code, said = _run(command, load_sample)
        yield Walked(
            command=command,
            expected_exit=expected_exit,
            exit=code,
            shown=tuple(line for line in map(plain, shown) if line),
            said=plain(said),
        )


def _run(command: str, load_sample: LoadSample) -> tuple[int, str]:
    if command.startswith(("make set-up", "source ", "export ")):
        return 0, ""  # the test has seen to it
    if command.startswith("perennial sample"):
        load_sample()
        return 0, "Sample shop"
    if command.startswith("perennial "):
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        if isinstance(result.exception, PerennialError):
            return 1, f"{result.output}\n{result.exception}"
        return result.exit_code, result.output
    done = subprocess.run(shlex.split(command), check=False, capture_output=True, text=True)
    return done.returncode, done.stdout
