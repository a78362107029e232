"""The command line: everything Perennial does, one command each.

With `--json`, stdout holds the data and nothing else; progress and notes go to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from perennial.cli import views
from perennial.cli.answering import answering
from perennial.cli.changing import changing
from perennial.cli.connecting import connecting
from perennial.cli.consenting import consenting
from perennial.cli.differing import differing
from perennial.cli.doctoring import doctoring
from perennial.cli.installing import installation
from perennial.cli.listing import listing
from perennial.cli.measuring import measuring
from perennial.cli.nights import nights
from perennial.cli.rights import rights
from perennial.cli.showing import AsJson, notes, out, show
from perennial.cli.steering import say_if_paused, say_what_is_next, steering
from perennial.cli.telling import telling
from perennial.cli.testing import testing
from perennial.errors import PerennialError
from perennial.model.message import EmailMessage
from perennial.model.words import Channel
from perennial.sample.dialects import Dialect
from perennial.settings import Transport, read_settings

if TYPE_CHECKING:
    from perennial.steps.services import Perennial

app = typer.Typer(
    help="Perennial: the marketing system that a data engineer can trust with the send button.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(nights)
app.add_typer(connecting)
app.add_typer(answering)
app.add_typer(steering)
app.add_typer(rights)
app.add_typer(listing)
app.add_typer(consenting)
app.add_typer(differing)
app.add_typer(telling)
app.add_typer(testing)
app.add_typer(measuring)
app.add_typer(changing)
app.add_typer(doctoring)
_DAY_HELP = "Day on which messages go out, YYYY-MM-DD."
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help=_DAY_HELP)]
DayOrLast = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Default: the last night.")
]


def main() -> None:
    """Runs a command; what Perennial refuses is one message and exit code 1, never a traceback."""
    try:
        app()
    except PerennialError as error:
        notes.print(f"[bold red]{type(error).__name__}[/]: ", end="")
        notes.print(str(error), markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


@app.command()
def sample(
    seed: Annotated[int, typer.Option(help="Same seed, same people.")] = 7,
    scale: Annotated[int, typer.Option(min=1, help="So many times as many customers.")] = 1,
    shift_to: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Day that shall be today; orders end on the day before."
        ),
    ] = None,
    as_csv: Annotated[
        Path | None,
        typer.Option(
            help="Write it as another shop's CSV files into this folder, and load nothing."
        ),
    ] = None,
    dialect: Annotated[
        Dialect, typer.Option(help="Whose files they look like: columns, code page, dates.")
    ] = Dialect.SPANISH,
    as_json: AsJson = False,
) -> None:
    """Load the sample shop: real baskets, made-up people."""
    today = shift_to.date() if shift_to else None
    with _progress() as progress:
        follow = _follower(progress)
        if as_csv:
            from perennial.sample.exporting import export_sample

            summary = export_sample(
                as_csv, dialect, seed=seed, scale=scale, shift_to=today, progress=follow
            )
        else:
            with installation() as perennial:
                summary = perennial.load_sample(
                    seed=seed, scale=scale, shift_to=today, progress=follow
                )
    show(summary, as_json, views.sample)


@app.command()
def night(
    day: Day,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last of several nights.")
    ] = None,
    refresh: Annotated[bool, typer.Option(help="Read the shop once more for this day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run one night, or several: extract, validate, publish, features, audiences. Sends nothing."""
    days = _days(day.date(), until.date() if until else day.date())
    with installation() as perennial, _progress() as progress:
        task = progress.add_task("Nights", total=len(days))

        def tell(done: date) -> None:
            progress.update(task, description=f"Night {done}", advance=1)

        nights = perennial.nights(days, refresh=refresh, progress=tell)
    show([n.as_json() for n in nights], as_json, views.nights)


@app.command()
def plan(
    campaign: Annotated[str, typer.Argument(help="Name of a file in campaigns/.")],
    day: Day,
    as_json: AsJson = False,
) -> None:
    """Decide about everybody in a campaign's audience. Sends nothing."""
    with installation() as perennial:
        show(perennial.plan(campaign, day.date()).as_json(), as_json, views.plan)


@app.command()
def send(
    campaign: Annotated[str, typer.Argument(help="Name of a file in campaigns/.")],
    day: DayOrLast = None,
    provider: Annotated[
        list[Transport] | None,
        typer.Option(
            help="sendgrid, smtp, twilio or mailbox, in place of the settings'; may be repeated."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Plan and account, send nothing.")] = False,
    customer: Annotated[
        list[str] | None, typer.Option(help="Only this customer; may be repeated.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many messages.")] = None,
    approve_anyway: Annotated[
        str | None,
        typer.Option(help="Why a plan that is held for approval may leave; kept with your name."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan a campaign's day and send what is due. Running it again writes to nobody twice."""
    with installation(provider) as perennial:
        chosen = day.date() if day else perennial.last_night()
        summary = perennial.plan(campaign, chosen)
        if not dry_run:
            reason = approve_anyway or _own_yes(perennial, campaign, chosen)
            if reason is not None:
                perennial.approve(
                    campaign, chosen, plan_hash=summary.plan_hash, by=getuser(), reason=reason
                )
            say_if_paused(perennial, campaign)
            progress = perennial.dispatch(
                campaign,
                chosen,
                plan_hash=summary.plan_hash,
                customers=customer or (),
                limit=limit,
            )
        show(perennial.account(campaign, chosen).as_json(), as_json, views.account)
        if not dry_run:
            say_what_is_next(perennial, campaign, progress)


def _own_yes(perennial: Perennial, campaign: str, day: date) -> str | None:
    """Who sends on a command line approves of the size by that; of what a check holds, nobody does unasked."""
    approvals = perennial.approvals(campaign, day)
    sized = approvals.missing == 1 and not perennial.holds(
        campaign, day, plan_hash=approvals.looked_at.plan_hash
    )
    return "sent on a command line" if sized else None


@app.command()
def preview(
    campaign: Annotated[str, typer.Argument(help="Name of a file in campaigns/.")],
    customer: Annotated[str, typer.Option(help="Customer id.")],
    day: DayOrLast = None,
    locale: Annotated[
        str | None, typer.Option(help="en, es or ru; default: the customer's.")
    ] = None,
    channel: Annotated[
        Channel | None, typer.Option(help="Default: the one that would be used.")
    ] = None,
    step: Annotated[int | None, typer.Option(min=1, help="Default: the one that is due.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the email's HTML to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the real message for a real customer. Touches no ledger."""
    with installation() as perennial:
        chosen = day.date() if day else perennial.last_night()
        shown = perennial.preview(
            campaign, customer, day=chosen, locale=locale, channel=channel, step=step
        )
    if html is not None and isinstance(shown.message, EmailMessage):
        html.write_text(shown.message.html, encoding="utf-8")
        notes.print(f"HTML written to {html}")
    show(views.preview_json(shown), as_json, views.preview)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check shop file, policy, campaigns, templates and suites; name every mistake at once."""
    from perennial.pipeline.checking import find_faults

    faults = find_faults(read_settings().project)
    show([views.fault_json(fault) for fault in faults], as_json, views.faults)
    if faults:
        raise typer.Exit(1)


@app.command()
def report(day: Day, as_json: AsJson = False) -> None:
    """Write the page of a day: the night in numbers and pictures, every message, every reason."""
    with installation() as perennial:
        page = perennial.report(day.date())
    show({"page": str(page)}, as_json, views.page)


@app.command()
def demo() -> None:
    """Run a whole night and four campaigns on real orders, by Airflow in this process, twice."""
    from perennial.demo.running import run_demo

    run_demo(out)


def _days(first: date, last: date) -> list[date]:
    if last < first:
        msg = f"--until {last} is before --day {first}."
        raise typer.BadParameter(msg)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=notes, transient=True) as progress:
        yield progress


def _follower(progress: Progress) -> Any:  # noqa: ANN401 - a callback of (stage, done, total)
    tasks: dict[str, Any] = {}

    def follow(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = progress.add_task(stage, total=total)
        progress.update(tasks[stage], completed=done, total=total)

    return follow


if __name__ == "__main__":
    main()
