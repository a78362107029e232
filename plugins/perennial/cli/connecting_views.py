"""What `perennial connect` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = Mapping[str, Any]
_MOST_COLUMNS = 7
_SIDE_COLUMNS = frozenset(("updated_at", "signed_up_at", "delivered_at", "return_state"))


def connecting(data: Json) -> RenderableType:
    """Each dataset with its columns, reasons and first rows; then what campaigns lack, and what is to be decided."""
    parts: list[RenderableType] = []
    for dataset in data["datasets"]:
        parts += _dataset(dataset)
    parts += _unused(data["unused"])
    parts.append(_campaigns(data["campaigns"]))
    questions = [*data["decide"], *(q for d in data["datasets"] for q in d["decide"])]
    parts += _questions(questions)
    return Group(*parts)


def _dataset(data: Json) -> Iterator[RenderableType]:
    table = _table(f"{data['dataset']}, from {data['table']}", "column", "from", "why")
    for column in data["columns"]:
        table.add_row(column["column"], column["from"] or "", column["why"])
    for name in data["missing"]:
        if name not in {column["column"] for column in data["columns"]}:
            table.add_row(name, "", "not found", style="dim")
    yield table
    if data["fault"]:
        yield Text(f"The query was tried: {data['fault']}", style="red")
    elif data["rows"]:
        yield _rows(data["rows"])


def _rows(rows: Sequence[Json]) -> Table:
    names = [name for name in rows[0] if name not in _SIDE_COLUMNS][:_MOST_COLUMNS]
    table = Table(box=box.SIMPLE_HEAD, header_style="dim")
    for name in names:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(row[name] or "") for name in names), style="dim")
    return table


def _unused(tables: Sequence[Json]) -> Iterator[RenderableType]:
    for table in tables:
        columns = ", ".join(table["columns"])
        yield Text(f"Not used: {table['table']} ({columns})", style="dim")


def _campaigns(campaigns: Sequence[Json]) -> Table:
    table = _table("Campaigns", "campaign", "cannot run without", "goes without")
    for campaign in campaigns:
        table.add_row(
            campaign["campaign"],
            ", ".join(campaign["without"]) or "nothing is missing",
            ", ".join(campaign["less"]),
        )
    return table


def _questions(questions: Sequence[str]) -> Iterator[RenderableType]:
    if questions:
        yield Text("To decide, each a line in the proposal:", style="yellow")
    for question in questions:
        yield Text(f"- {question}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
