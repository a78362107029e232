"""Commands about who must not be written to, and who waits for the shop: sync, suppress, lift, cases."""

from __future__ import annotations

import sys
from getpass import getuser
from typing import Annotated

import typer

from perennial.cli import listing_views as views
from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, show
from perennial.errors import SettingsError
from perennial.model.words import Channel, SuppressionReason

listing = typer.Typer()
_cases = typer.Typer()

Address = Annotated[
    str | None,
    typer.Argument(
        help="Email address or mobile number. Without it you are asked, and no shell remembers it.",
        show_default=False,
    ),
]
OnChannel = Annotated[Channel, typer.Option(help="email, sms or whatsapp.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept. No names, no addresses.")]
By = Annotated[str | None, typer.Option(help="Who says so. Default: your user name.")]


@listing.command()
def sync(
    full: Annotated[
        bool, typer.Option("--full", help="Read SendGrid's lists from their beginning.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take over SendGrid's suppression lists, and hand on ours. Removes nothing on either side."""
    with installation() as perennial:
        synced = perennial.sync_suppressions(full=full)
    show(synced.as_json(), as_json, views.synced)


@listing.command()
def suppress(
    address: Address = None,
    *,
    channel: OnChannel,
    reason: Reason,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Never write to an address again on a channel. Only its hash is kept, with who said so and why."""
    with installation() as perennial:
        new = perennial.suppress_by_hand(
            _asked(address), channel, by=by or getuser(), reason=reason
        )
    show({"suppressed": new, "channel": channel}, as_json, views.suppressed)


@listing.command()
def lift(
    address: Address = None,
    *,
    channel: OnChannel,
    reason: Reason,
    why: Annotated[
        SuppressionReason, typer.Option(help="Which reason of the suppression ends.")
    ] = SuppressionReason.MANUAL,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """End one reason for which an address is not written to. Who and why are kept; other reasons stand."""
    if why in {SuppressionReason.COMPLAINED, SuppressionReason.ERASED}:
        msg = f"What is {why} stays so: the person has to come back by themselves. Nothing was lifted."
        raise SettingsError(msg)
    asked = _asked(address)
    with installation() as perennial:
        lifted = perennial.lift_by_hand(asked, channel, why, by=by or getuser(), reason=reason)
        left = perennial.suppressions_of_address(asked, channel)
    shown = {"lifted": lifted, "channel": channel, "left": [s.reason.value for s in left]}
    show(shown, as_json, views.lifted)


@_cases.callback(invoke_without_command=True)
def cases(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the customers whom somebody of the shop should get in touch with, the longest waiting first."""
    if context.invoked_subcommand is None:
        with installation() as perennial:
            show(views.cases_json(perennial.cases(standing=not every)), as_json, views.cases)


@_cases.command()
def close(
    number: Annotated[int, typer.Argument(help="Its number, as `perennial cases` lists it.")],
    *,
    note: Annotated[str, typer.Option(help="What was done; it is kept. No names, no addresses.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Close a case, when somebody has seen to it."""
    with installation() as perennial:
        perennial.close_case(number, by=by or getuser(), note=note)
    show({"closed": number}, as_json, views.closed)


listing.add_typer(_cases, name="cases")


def _asked(address: str | None) -> str:
    """The address, from the keyboard or a pipe when it was not given."""
    if address:
        return address
    asked = (
        typer.prompt("Address or number", err=True) if sys.stdin.isatty() else sys.stdin.readline()
    )
    return str(asked).strip()
