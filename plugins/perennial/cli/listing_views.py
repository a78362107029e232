"""What the commands of listing.py show, in a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from perennial.cli.showing import table_of
from perennial.steps.cases import OpenCase

Json = Any


def synced(data: Json) -> RenderableType:
    """What a sync found, and what nobody can know any more."""
    table = table_of("SendGrid's lists", "list", "read", "news to us", "unreadable", "since (UTC)")
    for name, pulled in data["pulled"].items():
        since = f"{pulled['since']:%Y-%m-%d %H:%M}" if pulled["since"] else "its beginning"
        figures = (pulled["entries"], pulled["new"], pulled["unreadable"])
        table.add_row(name, *(f"{figure:,}" for figure in figures), since)
    lines = [
        _handed_on(data),
        f"{data['bouncing']:,} addresses refused for too long and are given up.",
    ]
    parts: list[RenderableType] = [table, *(Text(line) for line in lines if line)]
    if data["silences"]:
        parts.append(_silences(data["silences"]))
    return Group(*parts)


def _handed_on(data: Json) -> str:
    if data["handed_on"] is None:
        return (
            "Nothing was handed on: there is no unsubscribe group (PERENNIAL_SENDGRID_ASM_GROUP)."
        )
    return f"{data['handed_on']:,} addresses were handed on to the group; of {data['not_in_lake']:,} only the hash is left."


def _silences(rows: Json) -> RenderableType:
    table = table_of("Never reported on by SendGrid", "day", "taken on", "silent")
    for row in rows:
        table.add_row(str(row["day"]), f"{row['taken']:,}", f"{row['silent']:,}")
    lost = (
        "Was the webhook unheard for more than a day? Who bounced, complained or left is known by the lists above; what"
        " was delivered, opened or clicked in that time is lost for good."
    )
    return Group(table, Text(lost, style="yellow"))


def suppressed(data: Json) -> RenderableType:
    """Whether an address is new on the list."""
    return Text("Suppressed." if data["suppressed"] else "It was on the list already.")


def lifted(data: Json) -> RenderableType:
    """Whether a reason was lifted, and what still stands."""
    done = "Lifted." if data["lifted"] else "That reason did not stand: nothing was lifted."
    left = ", ".join(data["left"])
    return Text(f"{done} Still suppressed: {left}." if left else done)


def cases_json(found: Iterable[OpenCase]) -> list[dict[str, Any]]:
    """Cases as data; comments are not shown, because they are the customers' own words."""
    return [case.as_json() for case in found]


def cases(data: Json) -> RenderableType:
    """Who waits."""
    if not data:
        return Text("Nobody waits.", style="green")
    table = table_of("Cases", "case", "customer", "campaign", "answer", "since (UTC)", "closed by")
    for row in data:
        since = row["opened_at"][:16].replace("T", " ")
        table.add_row(
            str(row["case"]),
            Text(row["customer_id"] or "unknown"),
            row["campaign"] or "",
            row["answer"] or row["why"],
            since,
            Text(row["closed_by"] or ""),
        )
    return table


def closed(data: Json) -> RenderableType:
    """Which case is closed."""
    return Text(f"Case {data['closed']} is closed.")
