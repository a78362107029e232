"""What the command of differing.py shows, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from perennial.cli.showing import table_of

Json = Mapping[str, Any]

_MOVES = {
    "entered": "entered",
    "left": "left",
    "other_occasion": "other occasion",
    "other_person": "other person",
}
_NOT_AS_FORMED = (
    "The audiences that the night left in the lake are others than the first ones here: the campaign files, the policy,"
    " the code or the data of the day have changed since. Both sides here are made by today's."
)


def difference(data: Json) -> RenderableType:
    """A line for each campaign, then the causes and people of those that differ."""
    before, after = data["before"], data["after"]
    table = table_of(_title(before, after), "campaign", "before", "after", *_MOVES.values())
    for campaign in data["campaigns"]:
        figures = (campaign["before"], campaign["after"], *campaign["moves"].values())
        table.add_row(campaign["campaign"], *(f"{figure:,}" for figure in figures))
    parts: list[RenderableType] = [table]
    parts += [_campaign(each) for each in data["campaigns"] if each["customers"]]
    if data["as_formed"] is False:
        parts.append(Text(_NOT_AS_FORMED, style="yellow"))
    return Group(*parts)


def _title(before: Json, after: Json) -> str:
    if before["day"] == after["day"]:
        return f"Audiences of {before['day']}, as known on {before['known_on']} and on {after['known_on']}"
    return f"Audiences of {before['day']} and of {after['day']}"


def _campaign(campaign: Json) -> RenderableType:
    lines: list[RenderableType] = [Text(f"\n{campaign['campaign']}", style="bold")]
    lines += [_indented(_cause(each)) for each in campaign["causes"]]
    lines.append(Text(""))
    lines += [_indented(_customer(each)) for each in campaign["customers"]]
    return Group(*lines, *_more(campaign))


def _cause(cause: Json) -> Text:
    text = Text(f"{cause['customers']:,} {_MOVES[cause['move']]}: ", style="cyan")
    return text.append(cause["meaning"], style="default")


def _customer(customer: Json) -> Text:
    return Text(
        f"{customer['customer']} {_MOVES[customer['move']]}: {customer['why']}", style="dim"
    )


def _more(campaign: Json) -> Sequence[RenderableType]:
    left = sum(campaign["moves"].values()) - len(campaign["customers"])
    return (
        [_indented(Text(f"… and {left:,} more: --people shows all.", style="dim"))] if left else []
    )


def _indented(text: Text) -> RenderableType:
    return Padding(text, (0, 0, 0, 2))
