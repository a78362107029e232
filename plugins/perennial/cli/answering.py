"""Commands that answer until they are interrupted: the providers as they are played, and the edge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perennial.cli import emulating
from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, notes

answering = typer.Typer()


@answering.command()
def emulate(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8025,
    record: Annotated[
        Path | None, typer.Option(help="Append everything that is accepted to this file.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same fates.")] = 7,
    script: Annotated[
        Path | None, typer.Option(help="Faults to play, one JSON object a line.")
    ] = None,
    latency: Annotated[float, typer.Option(min=0, help="Seconds before each answer.")] = 0,
    lively: Annotated[
        bool,
        typer.Option(
            help="Some messages bounce, some people click, complain, leave, or answer by their links."
        ),
    ] = False,
    event_url: Annotated[
        str | None, typer.Option(help="Loopback address for SendGrid's events.")
    ] = None,
    inbound_url: Annotated[
        str | None, typer.Option(help="Loopback address for what people text back.")
    ] = None,
    edge: Annotated[
        str | None,
        typer.Option(help="Where `perennial edge` answers on this machine: events go there."),
    ] = None,
    public_url: Annotated[
        str, typer.Option(envvar="PERENNIAL_EDGE_URL", help="Its address as the world knows it.")
    ] = "https://shop.example",
    as_json: AsJson = False,
) -> None:
    """Play SendGrid and Twilio on this machine until interrupted. Nothing leaves it."""
    from perennial.emulator import options, serving
    from perennial.emulator.faults import read_faults

    chosen = options.Options(
        record=record,
        seed=seed,
        faults=read_faults(script) if script else (),
        latency=latency,
        mail_outcomes=options.LIVELY_MAIL if lively else options.MailOutcomes(),
        text_outcomes=options.LIVELY_TEXT if lively else options.TextOutcomes(),
        habits=options.LIVELY_HABITS if lively else options.Habits(),
        event_url=emulating.event_url_of(event_url, edge=edge),
        inbound_url=emulating.inbound_url_of(inbound_url, public=public_url, edge=edge),
        forward=emulating.forwarded(public_url, edge=edge),
    )
    serving.serve(
        chosen,
        port=port,
        announce=lambda at: emulating.announce(at.account(), public=public_url, as_json=as_json),
    )


@answering.command()
def edge(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8090,
    host: Annotated[str, typer.Option(help="0.0.0.0 in a container.")] = "127.0.0.1",
) -> None:
    """Answer customers' links and the providers' webhooks until interrupted."""
    from perennial.edge.serving import serve

    with installation() as perennial:
        serve(perennial, host=host, port=port, announce=lambda at: notes.print(f"Edge: {at}"))
