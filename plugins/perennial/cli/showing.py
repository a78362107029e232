"""How commands speak: data to stdout, as tables or as JSON; progress and notes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

_WORDS = frozenset(
    (
        *("outcome", "why", "state", "campaign", "control", "by", "reason", "answer", "ruling"),
        *("since (UTC)", "customer", "closed by"),
    )
)

out = Console()
notes = Console(stderr=True)


def show(data: Any, as_json: bool, view: Callable[[Any], RenderableType]) -> None:  # noqa: ANN401 - any command's result, and its option
    """Prints what a command has found."""
    if as_json:
        sys.stdout.write(json.dumps(data, default=str, ensure_ascii=False, indent=2) + "\n")
    else:
        out.print(view(data))


def table_of(title: str, *columns: str) -> Table:
    """An empty table with its heads; the first column is a name, the others are figures unless they are words."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, header_style="dim")
    for number, column in enumerate(columns):
        figures = number > 0 and column not in _WORDS
        table.add_column(column, justify="right" if figures else "left")
    return table
