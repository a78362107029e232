"""The commands that say how an installation is: doctor, metrics, alerts, tidy."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, show
from perennial.errors import SettingsError
from perennial.operations.findings import Finding, Level, fail, well
from perennial.operations.tidying import FEWEST_DAYS

doctoring = typer.Typer()

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


@doctoring.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at settings, stores, keys, clocks and addresses; say what to do about each finding. Sends nothing."""
    from perennial.operations.doctor import worst

    findings = _findings()
    show(_as_json(findings), as_json, _view)
    if worst(findings) is Level.FAIL:
        raise typer.Exit(1)


@doctoring.command()
def metrics(
    into: Annotated[
        Path | None,
        typer.Option(
            help="Write them to this file, whole or not at all, for a textfile collector."
        ),
    ] = None,
    push: Annotated[
        bool,
        typer.Option(
            "--push", help="Push them by OTLP to the collector of OTEL_EXPORTER_OTLP_ENDPOINT."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print figures for monitoring, in the text format of Prometheus: counts and closed words, nothing about anybody."""
    from perennial.operations.pushing_figures import push_figures
    from perennial.operations.samples import as_text
    from perennial.operations.taking_figures import take_figures

    with installation() as perennial:
        samples = take_figures(perennial)
    if push:
        push_figures(samples, at=datetime.now(UTC))
    if into is not None:
        draft = into.with_name(f".{into.name}.tmp")
        draft.write_text(as_text(samples), encoding="utf-8")
        draft.replace(into)
    elif as_json:
        show([asdict(sample) for sample in samples], as_json, str)
    elif not push:
        sys.stdout.write(as_text(samples))


@doctoring.command()
def alerts(as_json: AsJson = False) -> None:
    """Show what operators should see to now, by the figures; ends with exit code 1 when there is anything."""
    from perennial.operations.alerts import raised
    from perennial.operations.taking_figures import take_figures

    with installation() as perennial:
        found = raised(take_figures(perennial))
    rows = [{"alert": each.alert, "about": each.about, "text": each.text} for each in found]
    show(
        rows, as_json, lambda data: Text("\n".join(r["text"] for r in data) or "Nothing to see to.")
    )
    if found:
        raise typer.Exit(1)


@doctoring.command()
def tidy(
    keep_days: Annotated[
        int, typer.Option(min=FEWEST_DAYS, help="What is younger than so many days stays.")
    ] = 90,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove it; otherwise only count.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Count, or remove, old tables of the lake that a night can make again, and old reports on unknown messages."""
    from perennial.operations.tidying import tidy as tidy_up

    with installation() as perennial:
        show(tidy_up(perennial, keep_days=keep_days, remove=remove).as_json(), as_json, _tidied)


def _tidied(data: Any) -> RenderableType:  # noqa: ANN401 - what Tidied.as_json gives
    parts = [f"{count:,} partitions of {name}" for name, count in data["partitions"].items()]
    parts.append(f"{data['unknown_reports']:,} reports on unknown messages")
    parts.append(f"{data['mailbox_hours']:,} hours of complaints")
    what = f"{', '.join(parts)}: {data['freed'] / 1024**2:,.1f} MB, older than {data['keep_days']} days."
    return Text(
        f"Removed: {what}" if data["removed"] else f"{what} Nothing was removed: say --remove."
    )


def _findings() -> list[Finding]:
    from perennial.operations.doctor import examine

    try:
        with installation() as perennial:
            return [well("settings.read"), *examine(perennial)]
    except SettingsError as error:
        return [fail("settings.read", str(error))]


def _as_json(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [
        {"check": f.check, "level": f.level.value, "says": f.says, "cure": f.cure} for f in findings
    ]


def _view(data: Any) -> RenderableType:  # noqa: ANN401 - what _as_json gives
    table = Table.grid(padding=(0, 1))
    for column in ("level", "check"):
        table.add_column(column, no_wrap=True)
    for row in data:
        level = Level(row["level"])
        table.add_row(Text(level, style=_COLOURS[level]), row["check"], Text(row["says"]))
        if row["cure"]:
            table.add_row("", "", Text(row["cure"], style="dim"))
    counts = Counter(row["level"] for row in data)
    return Group(table, Text(", ".join(f"{counts[level]} {level}" for level in Level)))
