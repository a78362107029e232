"""The command to send oneself a message: test-send."""

from __future__ import annotations

from datetime import datetime
from getpass import getuser
from typing import Annotated, Any

import typer
from rich.text import Text

from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, show
from perennial.model.words import Channel

testing = typer.Typer()


@testing.command("test-send")
def send_test(
    campaign: Annotated[str, typer.Argument(help="Name of a file in campaigns/.")],
    customer: Annotated[str, typer.Option(help="Customer id: whose message it shall be.")],
    to: Annotated[
        str, typer.Option(help="Your own address or number; see PERENNIAL_TEST_RECIPIENTS.")
    ],
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Default: the last night.")
    ] = None,
    locale: Annotated[
        str | None, typer.Option(help="en, es or ru; default: the customer's.")
    ] = None,
    channel: Annotated[
        Channel | None, typer.Option(help="Default: the one that would be used.")
    ] = None,
    step: Annotated[int | None, typer.Option(min=1, help="Default: the one that is due.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send yourself the message that a customer would get, marked as a test. Counts nowhere; the audit log keeps it."""
    from perennial.pipeline.previewing import Wish

    with installation() as perennial:
        where = perennial.send_test(
            campaign,
            customer,
            day=day.date() if day else perennial.last_night(),
            to=to,
            by=getuser(),
            wish=Wish(channel=channel, locale=locale, step=step),
        )
    show({"sent_to": where}, as_json, _sent)


def _sent(data: Any) -> Text:  # noqa: ANN401 - as it was made above
    return Text(f"A test is on its way to {data['sent_to']}.", style="green")
