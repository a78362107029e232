"""Commands for whoever watches messages leave: pause, resume, stop, status, doubts, reconcile."""

from __future__ import annotations

from datetime import datetime
from getpass import getuser
from typing import Annotated

import typer
from rich.console import Group

from perennial.cli import steering_views as views
from perennial.cli.installing import installation
from perennial.cli.returns_views import returns, returns_json
from perennial.cli.showing import AsJson, notes, show
from perennial.errors import SettingsError
from perennial.ledger.values import Doubt
from perennial.model.keys import MessageKey
from perennial.model.words import Control, Mailbox
from perennial.steps.campaign_day import Progress
from perennial.steps.services import Perennial

steering = typer.Typer()

Campaign = Annotated[
    str | None, typer.Argument(help="Name of a file in campaigns/. Without it: everything.")
]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
By = Annotated[str | None, typer.Option(help="Who says so. Default: your user name.")]
OfCampaign = Annotated[str | None, typer.Option(help="Only of this campaign.")]
OfDay = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only of this day's plan.")
]


@steering.command()
def pause(
    campaign: Campaign = None, *, reason: Reason, by: By = None, as_json: AsJson = False
) -> None:
    """Let nothing new leave until it is resumed; what is due waits, and expires as ever."""
    _command(Control.PAUSE, campaign, reason, by, as_json)


@steering.command()
def resume(
    campaign: Campaign = None, *, reason: Reason = "resumed", by: By = None, as_json: AsJson = False
) -> None:
    """Take back a pause or a stop. What was said of everything is taken back for everything only."""
    _command(Control.RUN, campaign, reason, by, as_json)


@steering.command()
def stop(
    campaign: Campaign = None, *, reason: Reason, by: By = None, as_json: AsJson = False
) -> None:
    """Let nothing leave any more; what is due is accounted for as stopped."""
    _command(Control.STOP, campaign, reason, by, as_json)


@steering.command()
def status(
    *,
    days: Annotated[
        int,
        typer.Option(min=0, max=92, help="Of how many days to say what came back; 0: of none."),
    ] = 1,
    orders: Annotated[
        bool, typer.Option("--orders", help="Count orders, too, as `perennial results` does.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was paused or stopped, what is in doubt, and what came back by campaign and day."""
    with installation() as perennial:
        found = views.status_json(perennial.sending_status())
        found["returns"] = returns_json(perennial.returns(days=days, orders=orders))
    shown = (
        (lambda data: Group(returns(data["returns"]), views.status(data))) if days else views.status
    )
    show(found, as_json, shown)


@steering.command()
def brake(
    lift: Annotated[
        Mailbox | None,
        typer.Option(help="Let promotional emails leave to this mailbox provider again."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is lifted; it is kept.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Show how many emails each mailbox provider's people mark as spam, and where that holds emails back; or lift it."""
    with installation() as perennial:
        if lift is None:
            health = perennial.mailbox_health()
            show(views.mailboxes_json(health), as_json, views.mailboxes)
            return
        if not reason:
            msg = "Say why it is lifted: --reason. Nothing was lifted."
            raise SettingsError(msg)
        done = perennial.lift_brake(lift, by=by or getuser(), reason=reason)
    show({"mailbox": lift, "lifted": done}, as_json, views.lifted)


@steering.command()
def reconcile(reason: Reason, by: By = None, as_json: AsJson = False) -> None:
    """Take a ledger into use that was restored from a backup: what may have been sent since counts as in doubt."""
    with installation() as perennial:
        found = perennial.reconcile(by=by or getuser(), reason=reason)
    show(found.as_json(), as_json, views.reconciliation)


@steering.command()
def doubts(
    campaign: OfCampaign = None,
    day: OfDay = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the providers first, as each dispatch does.")
    ] = False,
    settled: Annotated[
        bool, typer.Option("--settled", help="Those that a person or silence has settled.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the messages that may have been sent, the oldest first."""
    chosen = day.date() if day else None
    with installation() as perennial:
        if settled:
            ruled = perennial.rulings(campaign=campaign, day=chosen)
            show(views.rulings_json(ruled), as_json, views.rulings)
            return
        if ask:
            notes.print(views.asked(perennial.ask_about_doubts()))
        found = perennial.doubts(campaign=campaign, day=chosen)
        if campaign and not found:
            perennial.campaign(campaign)  # a name that was misspelt is told
    show(views.doubts_json(found), as_json, views.doubts)


@steering.command()
def settle(
    keys: Annotated[
        list[str] | None, typer.Argument(help="Keys of messages, as `perennial doubts` lists them.")
    ] = None,
    *,
    accepted: Annotated[
        bool,
        typer.Option(
            "--accepted/--not-accepted",
            help="The provider took it on; or it surely did not, and it may be sent again.",
        ),
    ],
    reason: Reason,
    by: By = None,
    campaign: OfCampaign = None,
    day: OfDay = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every doubt, or those of --campaign and --day.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Settle doubts by hand, one or many. Who and why are kept for good."""
    with installation() as perennial:
        found = perennial.doubts(campaign=campaign, day=day.date() if day else None)
        chosen = _chosen(found, keys or [], every=every)
        count = perennial.rule_doubts(chosen, accepted=accepted, by=by or getuser(), reason=reason)
    show({"settled": count, "accepted": accepted}, as_json, views.ruled)


def say_if_paused(perennial: Perennial, campaign: str) -> None:
    """Says on stderr why nothing will leave for now, before somebody wonders."""
    if perennial.ledger.control_of(campaign) is Control.PAUSE:
        notes.print("Paused: waiting for `perennial resume`, five minutes at most.", style="yellow")


def say_what_is_next(perennial: Perennial, campaign: str, progress: Progress) -> None:
    """Says on stderr what keeps back what has not left yet."""
    match perennial.ledger.control_of(campaign):
        case Control.PAUSE:
            notes.print("Paused: after `perennial resume`, send again.", style="yellow")
        case Control.STOP:
            notes.print("Stopped: nothing more of this campaign leaves.", style="red")
        case Control.RUN if progress.next_wave is not None:
            due = progress.next_wave.astimezone(perennial.shop.zone)
            notes.print(
                f"More is due at {due:%Y-%m-%d %H:%M} ({due.tzname()}): send again then.",
                style="dim",
            )


def _command(
    control: Control,
    campaign: str | None,
    reason: str,
    by: str | None,
    as_json: bool,
) -> None:
    with installation() as perennial:
        perennial.command(control, campaign=campaign, by=by or getuser(), reason=reason)
        standing = views.commands_json(perennial.sending_status().commands)
    show(standing, as_json, views.commands)
    notes.print("Every worker knows within two seconds.", style="dim")


def _chosen(found: list[Doubt], keys: list[str], *, every: bool) -> list[MessageKey]:
    """The keys that are meant; a key that is not in doubt is a mistake to be told."""
    if every == bool(keys):
        msg = "Name the keys, or say --all: nothing was settled."
        raise SettingsError(msg)
    in_doubt = {doubt.key for doubt in found}
    strangers = sorted(set(keys) - in_doubt)
    if strangers:
        msg = f"Not in doubt: {', '.join(strangers)}. Nothing was settled; `perennial doubts` lists what is."
        raise SettingsError(msg)
    return [doubt.key for doubt in found if every or doubt.key in keys]
