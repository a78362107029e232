"""What the commands of steering.py show, in a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from perennial.cli.showing import table_of
from perennial.ledger.values import Command, Doubt, Ruling
from perennial.model.words import Control, MessageState
from perennial.steps.steering import SendingStatus

Json = Any
_COLOURS = {Control.RUN: "green", Control.PAUSE: "yellow", Control.STOP: "red"}


def commands_json(commands: Iterable[Command]) -> list[dict[str, Any]]:
    """Standing commands as data."""
    return [
        {
            "campaign": command.campaign,
            "control": command.control,
            "by": command.by,
            "reason": command.reason,
            "at": command.at.isoformat(),
        }
        for command in commands
    ]


def commands(data: Json) -> RenderableType:
    """The standing commands; what nobody has spoken of runs."""
    if not data:
        return Text("Everything runs.", style="green")
    table = table_of("Commands", "campaign", "control", "by", "reason", "at")
    for row in data:
        table.add_row(
            row["campaign"] or "everything",
            Text(row["control"], style=_COLOURS[Control(row["control"])]),
            row["by"],
            row["reason"],
            row["at"][:19],
        )
    return table


def doubts_json(found: Iterable[Doubt]) -> list[dict[str, Any]]:
    """Doubts as data."""
    return [
        {
            "key": doubt.key,
            "campaign": doubt.campaign,
            "day": doubt.day.isoformat(),
            "customer_id": doubt.customer_id,
            "channel": doubt.channel,
            "provider": doubt.provider,
            "since": doubt.since.isoformat(),
            "attempts": doubt.attempts,
            "code": doubt.code,
        }
        for doubt in found
    ]


def doubts(data: Json) -> RenderableType:
    """The queue, and what to do with it."""
    if not data:
        return Text("Nothing is in doubt.", style="green")
    table = table_of(
        f"{len(data):,} in doubt", "key", "campaign", "day", "customer", "by", "since", "answer"
    )
    for row in data:
        table.add_row(
            row["key"],
            row["campaign"],
            row["day"],
            row["customer_id"],
            row["provider"] or "unknown",
            row["since"][:19],
            row["code"] or "none",
        )
    foot = "They are not sent again. Events and `perennial doubts --ask` settle them; `perennial settle` does it by hand."
    return Group(table, Text(foot, style="dim"))


def rulings_json(found: Iterable[Ruling]) -> list[dict[str, Any]]:
    """Rulings as data."""
    return [
        {
            "key": ruling.key,
            "state": ruling.state,
            "by": ruling.by,
            "reason": ruling.reason,
            "at": ruling.at.isoformat(),
        }
        for ruling in found
    ]


def rulings(data: Json) -> RenderableType:
    """Who ruled what, and why."""
    table = table_of("Rulings", "key", "ruled", "by", "reason", "at")
    for row in data:
        table.add_row(row["key"], row["state"], row["by"], row["reason"], row["at"][:19])
    return table


def status_json(status: SendingStatus) -> dict[str, Any]:
    """Where sending stands, as data."""
    in_doubt = Counter(
        (d.campaign, d.day.isoformat(), d.provider or "unknown") for d in status.doubts
    )
    return {
        "commands": commands_json(status.commands),
        "doubts": [
            {"campaign": campaign, "day": day, "provider": provider, "messages": count}
            for (campaign, day, provider), count in sorted(in_doubt.items())
        ],
        "unknown_reports": status.unknown_reports,
        "epoch": status.epoch,
        "begun": status.begun,
    }


def status(data: Json) -> RenderableType:
    """Where sending stands."""
    parts = [commands(data["commands"]), _doubts_by_day(data["doubts"])]
    if data["unknown_reports"]:
        parts.append(
            Text(
                f"Providers report on {data['unknown_reports']:,} messages that this ledger does not know. If it was"
                " restored from a backup, run `perennial reconcile` before anything is sent.",
                style="yellow",
            )
        )
    parts.append(
        Text(f"{data['begun']:,} messages handed over so far · epoch {data['epoch']}", style="dim")
    )
    return Group(*parts)


def asked(settled: Mapping[MessageState, int]) -> RenderableType:
    """What the providers could prove."""
    found = ", ".join(f"{count:,} {state.value}" for state, count in settled.items() if count)
    return Text(f"Asked: {found or 'nothing could be proved'}.", style="dim")


def ruled(data: Json) -> RenderableType:
    """How many doubts were settled."""
    what = "taken as sent" if data["accepted"] else "free to be sent again, before they expire"
    return Text(f"{data['settled']:,} settled: {what}.")


def reconciliation(data: Json) -> RenderableType:
    """What a restored ledger did not know."""
    return Text(
        f"{data['plans']:,} plans read, {data['due']:,} messages were due, {data['presumed']:,} of them unknown to this"
        f" ledger: in doubt from now on, and not sent again. Epoch {data['epoch']}: sending may go on."
    )


def _doubts_by_day(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    if not rows:
        return Text("Nothing is in doubt.", style="green")
    table = table_of("In doubt", "campaign", "day", "provider", "messages")
    for row in rows:
        table.add_row(row["campaign"], row["day"], row["provider"], f"{row['messages']:,}")
    return table
