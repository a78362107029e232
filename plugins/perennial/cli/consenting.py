"""Commands about what customers agreed to: consents import, consents show."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from perennial.cli import consenting_views as views
from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, show

consenting = typer.Typer()
_consents = typer.Typer(help="What customers agreed to and took back.", no_args_is_help=True)


@_consents.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV: customer_id, channel, topic, state, at; wording, proof.")
    ],
    by: Annotated[
        str | None, typer.Option(help="Who answers for it. Default: your user name.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in consents that were collected elsewhere. Wrong rows are put aside; the same file again changes nothing."""
    with installation() as perennial:
        brought = perennial.import_consents(file, by=by or getuser())
    show(brought.as_json(), as_json, views.brought)


@_consents.command("show")
def show_(
    customer: Annotated[str, typer.Argument(help="Customer id of any of the person's accounts.")],
    as_json: AsJson = False,
) -> None:
    """Show what a person agreed to and took back: what stands, and every word with its proof."""
    with installation() as perennial:
        person = perennial.person(customer)
    show(views.consents_json(person), as_json, views.consents)


consenting.add_typer(_consents, name="consents")
