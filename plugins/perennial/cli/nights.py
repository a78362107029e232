"""Commands about what the checks of a night found: verdict, quarantine, release."""

from __future__ import annotations

from datetime import datetime
from getpass import getuser
from typing import Annotated

import typer

from perennial.cli import nights_views as views
from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, notes, show
from perennial.model.datasets import SHOP_DATASETS
from perennial.validation.suite_entries import nearest

nights = typer.Typer()

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of the night, YYYY-MM-DD.")]
By = Annotated[str | None, typer.Option(help="Who says so. Default: your user name.")]
Reason = Annotated[
    str, typer.Option(help="Why; it is kept for good, so name nobody and no address.")
]


@nights.command()
def verdict(day: Day, as_json: AsJson = False) -> None:
    """Show what the checks of a night found, and what to do next; writes the night's page, too."""
    with installation() as perennial:
        figures = perennial.night_figures(day.date())
        page = perennial.write_night_page(day.date())
    show(figures.as_json() | {"page": str(page)}, as_json, views.verdict)


@nights.command()
def quarantine(
    day: Day,
    dataset: Annotated[str | None, typer.Option(help=f"One of {', '.join(SHOP_DATASETS)}.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the rows that a night put aside: reasons, counts, masked examples, and how many have come back."""
    if dataset is not None and dataset not in SHOP_DATASETS:
        msg = f"The shop has no dataset {dataset!r}. {nearest(dataset, SHOP_DATASETS)}"
        raise typer.BadParameter(msg)
    with installation() as perennial:
        found = perennial.quarantine(day.date(), dataset)
    show([each.as_json() for each in found], as_json, views.quarantines)


@nights.command()
def release(day: Day, *, reason: Reason, by: By = None, as_json: AsJson = False) -> None:
    """Let a stopped night pass as it is, and finish it. Rows that break a rule stay put aside. Sends nothing."""
    with installation() as perennial:
        entry = perennial.release_night(day.date(), by=by or getuser(), reason=reason)
        notes.print("Released; publishing.", style="dim")
        finished = perennial.finish_night(day.date())
    shown = {"day": day.date().isoformat(), "by": entry.actor, "reason": entry.reason} | finished
    show(shown, as_json, views.released)
