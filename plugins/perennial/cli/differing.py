"""The command that compares audiences: diff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from perennial.cli import differing_views as views
from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, show

differing = typer.Typer()


@differing.command()
def diff(
    day: Annotated[
        list[datetime],
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Day of the audiences, YYYY-MM-DD; twice for two days, or once with --known-on.",
        ),
    ],
    known_on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Later day: the same audiences by what is known then."
        ),
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(help="Name of a file in campaigns/; default: all.")
    ] = None,
    people: Annotated[
        bool, typer.Option("--people", help="Everybody, with the ids of customers and rows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show who entered and left which audience, and why: from day to day, or by what came in late. Changes nothing."""
    if len(day) != (2 if known_on is None else 1):
        msg = "Give --day twice, or --day once and --known-on."
        raise typer.BadParameter(msg)
    with installation() as perennial:
        if known_on is None:
            found = perennial.difference(day[0].date(), day[1].date(), campaign=campaign)
        else:
            found = perennial.late_truth(day[0].date(), known_on.date(), campaign=campaign)
    show(found.as_json(people=people), as_json, views.difference)
