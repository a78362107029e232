"""What campaigns changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, show, table_of

measuring = typer.Typer()
_FOUR_WEEKS = timedelta(days=27)


@measuring.command()
def results(
    campaign: Annotated[str, typer.Argument(help="Name of a file in campaigns/.")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day of its plans. Default: four weeks."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day of its plans. Default: the last night."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a campaign changed: those it wrote to against those it held out."""
    with installation() as perennial:
        last = until.date() if until else perennial.last_night()
        first = since.date() if since else last - _FOUR_WEEKS
        found = perennial.results(campaign, first, last)
    show(found.as_json(), as_json, _told)


def _told(plain: Mapping[str, Any]) -> RenderableType:
    table = table_of(
        f"{plain['campaign']} · {plain['since']} to {plain['until']}",
        "group",
        "people",
        "ordered",
        "orders",
        "revenue",
    )
    for name in ("treated", "held_out"):
        arm = plain[name]
        counts = (arm["people"], arm["buyers"], arm["orders"], arm["revenue"])
        table.add_row(name.replace("_", " "), *(f"{count:,}" for count in counts))
    return Group(
        table,
        Text(_lift("orders", plain["orders_lift"])),
        Text(_lift("revenue", plain["revenue_lift"])),
        Text(
            f"Plain attribution would claim {plain['attributed_orders']:,} orders;"
            f" for {plain['running']:,} people the time is not over yet.",
            style="dim",
        ),
    )


def _lift(name: str, lift: Mapping[str, float] | None) -> str:
    if lift is None:
        return f"Lift in {name}: too few people, or no order yet: nothing can be told."
    span = f"between {lift['low']:+.4f} and {lift['high']:+.4f}, 95 times in 100"
    return f"Lift in {name}: {lift['value']:+.4f} a head, {span}."
