"""What the commands about one person print for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from perennial.cli.showing import table_of
from perennial.model.words import Reason

Json = Mapping[str, Any]

_COLOURS = {"send": "green", "hold_out": "yellow", "defer": "cyan"}


def exported(data: Json) -> RenderableType:
    """Where the export lies, and how much it holds."""
    table = table_of("Exported", "section", "rows")
    for name, rows in data["rows"].items():
        if rows:
            table.add_row(name.replace("_", " "), f"{rows:,}")
    where = Text(f"{data['page']}\n{data['data']}", style="dim")
    return Group(table, where)


def erased(data: Json) -> RenderableType:
    """How far the erasures have come, and what they wait for."""
    if not data["accounts"]:
        return Text("Nothing is left to be erased.", style="green")
    head = (
        f"{data['accounts']} accounts: every address is suppressed; {data['rows']:,} rows and {data['files']:,} files"
        " are gone."
    )
    if data["finished"] == data["accounts"]:
        return Text(f"{head} Finished.", style="green")
    lines = [Text(head)]
    lines += [
        Text(f"Waiting for {w['campaign']} of {w['day']}: it is still being carried out.")
        for w in data["waiting"]
    ]
    if not data["waiting"]:
        lines.append(Text("Waiting for a message on its way, or in doubt: see perennial doubts."))
    lines.append(Text("The next night finishes it; nothing is sent meanwhile.", style="yellow"))
    return Group(*lines)


def deeds(data: Sequence[Json]) -> RenderableType:
    """One line a deed, the latest first."""
    if not data:
        return Text("Nobody has done anything yet.")
    table = Table(title="Audit", title_justify="left", box=box.SIMPLE_HEAD, header_style="dim")
    for column in ("at (UTC)", "by", "did", "to", "why"):
        table.add_column(column, overflow="fold")
    for deed in data:
        at = f"{datetime.fromisoformat(deed['at']):%Y-%m-%d %H:%M}"
        table.add_row(at, deed["actor"], deed["action"], deed["subject"], deed["reason"])
    return table


def explanation(data: Json, *, figures: bool = False) -> RenderableType:
    """A sentence or two for each campaign; the figures behind them when they are asked for."""
    parts: list[RenderableType] = [
        Text(f"Customer {data['customer_id']} · {data['day']}", style="italic")
    ]
    for row in data["decisions"]:
        parts += _decision(row)
    for row in data["absent"]:
        parts += [Text(""), Text(row["campaign"], style="bold"), _indented(Text(row["sentence"]))]
    if figures:
        parts += [Text(""), _figures(data["features"])]
    return Group(*parts)


def _decision(row: Json) -> list[RenderableType]:
    head = Text(row["campaign"], style="bold")
    head.append(f" · {row['outcome'].replace('_', ' ')}", style=_COLOURS.get(row["outcome"], "dim"))
    head.append(f" · {row['occasion']}", style="dim")
    told = [Text(""), head, _indented(Text(row["sentence"]))]
    if row["became"]:
        told.append(_indented(Text(row["became"])))
    if facts := _facts(row["why"]):
        told.append(_indented(Text(f"Because: {facts}", style="dim")))
    if row["reason"]:
        told.append(
            _indented(Text(f"{row['reason']}: {Reason(row['reason']).meaning}", style="dim"))
        )
    return told


def _indented(text: Text) -> RenderableType:
    return Padding(text, (0, 0, 0, 2))


def _facts(why: str) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in json.loads(why).items())


def _figures(features: Json) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, value in features.items():
        if value is not None:
            table.add_row(Text(name, style="dim"), str(value))
    return table
