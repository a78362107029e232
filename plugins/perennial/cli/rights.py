"""Commands that answer to one person: export, erase, explain; and audit, which shows who did such things."""

from __future__ import annotations

from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from perennial.cli import rights_views as views
from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, show

rights = typer.Typer()

Person = Annotated[str, typer.Argument(help="Customer id of any of the person's accounts.")]
By = Annotated[str | None, typer.Option(help="Who says so. Default: your user name.")]
Reason = Annotated[
    str, typer.Option(help="Why; it is kept for good, so name nobody and no address.")
]


@rights.command()
def export(
    person: Person,
    to: Annotated[Path, typer.Option(help="Folder for person.json and person.html.")],
    reason: Reason = "asked to see it",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write everything that is held about a person, for machines and as a page in their language."""
    with installation() as perennial:
        found = perennial.export(person, to, by=by or getuser(), reason=reason)
    show(found.as_json(), as_json, views.exported)


@rights.command()
def erase(person: Person, *, reason: Reason, by: By = None, as_json: AsJson = False) -> None:
    """Forget a person, all their accounts: suppressed at once, and gone from lake, ledger, plans and pages."""
    with installation() as perennial:
        found = perennial.erase(person, by=by or getuser(), reason=reason)
    show(found.as_json(), as_json, views.erased)


@rights.command()
def audit(
    limit: Annotated[int, typer.Option(min=1, help="So many of the latest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who did what: exports, erasures, suppressions, releases, cases, commands, rulings, restores."""
    with installation() as perennial:
        found = perennial.audit(limit=limit)
    show([deed.as_json() for deed in found], as_json, views.deeds)


@rights.command()
def explain(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Default: the last night.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Show the figures of the day, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say why a customer got a message on a day, or did not, and what became of it."""
    with installation() as perennial:
        found = perennial.explain(customer, day.date() if day else perennial.last_night())
    show(found.as_json(), as_json, lambda data: views.explanation(data, figures=figures))
