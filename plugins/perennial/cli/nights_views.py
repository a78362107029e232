"""What the commands of nights.py show, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from perennial.cli.showing import table_of
from perennial.report.night_figures import NightState

Json = Mapping[str, Any]
_COLOURS = {"stop": "red", "hold": "yellow", "quarantine": "yellow", "warn": "cyan"}


def verdict(data: Json) -> RenderableType:
    """The night in one sentence, each finding, the rows, and what to do next."""
    stopped = data["state"] == NightState.STOPPED
    parts: list[RenderableType] = [
        Text(f"{data['day']}: {data['headline']}", style="bold red" if stopped else "bold")
    ]
    if release := data["release"]:
        parts.append(Text(f"Released by {release['by']}: {release['reason']}", style="dim"))
    parts += [_finding(found) for found in data["findings"]]
    parts += [_audience(found) for found in data["audiences"]]
    parts.append(_rows(data["datasets"]))
    parts.append(Text("What to do next", style="bold"))
    parts += [_indented(Text(step.replace("`", ""))) for step in data["next"]]
    parts.append(Text(f"\nThe night's page: {data['page']}", style="dim"))
    return Group(*parts)


def _finding(found: Json) -> RenderableType:
    action = found["action"]
    head = Text(f"\n{action}", style=_COLOURS[action])
    head.append(f"  {found['sentence']}", style="default")
    rows = f"{found['rows']:,} rows" if found["rows"] != 1 else "1 row"
    what = f"{rows} of {found['dataset']}" if found["rows"] else f"{found['dataset']} as a whole"
    facts = [f"{what} · rule {found['rule']} · ask the {found['owner']}"]
    facts += [found["measure"]] if found["measure"] else []
    shown = [_indented(Text(example, style="dim")) for example in found["examples"]]
    return Group(head, *(_indented(Text(fact)) for fact in facts), *shown)


def _audience(found: Json) -> RenderableType:
    word = "hold" if found["held"] else "warn"
    head = Text(f"\n{word}", style=_COLOURS[word])
    head.append(f"  {found['campaign']}", style="default")
    return Group(head, *(_indented(Text(sentence)) for sentence in found["sentences"]))


def _rows(datasets: Sequence[Json]) -> RenderableType:
    table = table_of("\nRows", "dataset", "read", "accepted", "usually", "put aside", "come back")
    for row in datasets:
        usual = "–" if row["usual"] is None else f"{row['usual']:,.0f}"
        table.add_row(
            row["name"],
            f"{row['rows']:,}",
            f"{row['accepted']:,}",
            usual,
            f"{row['quarantined']:,}",
            f"{row['returned']:,}",
        )
    return table


def quarantines(data: Sequence[Json]) -> RenderableType:
    """The reasons of each dataset with rows put aside, the most frequent first."""
    filled = [found for found in data if found["rows"]]
    if not filled:
        return Text("No row was put aside.", style="green")
    return Group(*(_quarantine(found) for found in filled))


def _quarantine(found: Json) -> RenderableType:
    rows = "1 row" if found["rows"] == 1 else f"{found['rows']:,} rows"
    head = Text(f"{found['dataset']}: {rows} put aside", style="bold")
    told = []
    if found["waiting"]:
        told.append(f"{found['waiting']:,} looked at again by the next nights")
    told.append(f"{found['back']:,} accepted since")
    lines: list[RenderableType] = [head, _indented(Text(", ".join(told), style="dim"))]
    for reason in found["reasons"]:
        lines.append(_indented(Text(f"{reason['rows']:,}  {reason['rule']}", style="yellow")))
        lines += [_indented(_indented(Text(_example(e), style="dim"))) for e in reason["examples"]]
    return Group(*lines, _indented(Text(found["path"], style="dim")), Text(""))


def _example(example: Json) -> str:
    said = ", ".join(f"{name}: {value}" for name, value in example["values"].items())
    return f"{example['row']} ({said})" if said else str(example["row"])


def released(data: Json) -> RenderableType:
    """Who released what, and how far the night has come."""
    return Group(
        Text(f"The night of {data['day']} is released by {data['by']}: {data['reason']}"),
        Text(
            f"{data['customers']:,} customers, {data['memberships']:,} memberships. Campaigns of the day go on by"
            " themselves; who has waited too long is cleared: wait_for_audiences.",
            style="dim",
        ),
    )


def _indented(text: RenderableType) -> RenderableType:
    return Padding(text, (0, 0, 0, 2))
