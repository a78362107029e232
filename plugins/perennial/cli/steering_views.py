"""What the commands of steering.py show, in a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from perennial.cli.showing import table_of
from perennial.ledger.braking import Grip, MailboxHealth
from perennial.ledger.values import Command, Doubt, Ruling
from perennial.ledger.warming import SenderDay
from perennial.model.words import Control, MessageState
from perennial.steps.steering import SendingStatus

Json = Any
_GRIPS = {Grip.OPEN: "green", Grip.SLOWED: "yellow", Grip.STOPPED: "red"}
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
    """What is paused or stopped; everything else runs."""
    held = [row for row in data if row["control"] != Control.RUN]
    if not held:
        return Text("Everything runs.", style="green")
    table = table_of("Paused or stopped", "campaign", "control", "by", "reason", "since (UTC)")
    for row in held:
        table.add_row(
            row["campaign"] or "everything",
            Text(row["control"], style=_COLOURS[Control(row["control"])]),
            Text(row["by"]),
            Text(row["reason"]),
            _minute(row["at"]),
        )
    return table


def _minute(at: str) -> str:
    """An instant as people read it, in UTC."""
    return at[:16].replace("T", " ")


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
    """The queue, day by day, and what to do with it; keys stay whole, because people copy them."""
    if not data:
        return Text("Nothing is in doubt.", style="green")
    parts: list[RenderableType] = []
    for (campaign, day, provider), rows in groupby(sorted(data, key=_whose), key=_whose):
        table = table_of(
            f"{campaign} · {day} · {provider}", "key", "customer", "since (UTC)", "answer"
        )
        table.columns[0].no_wrap = True
        for row in rows:
            answer = row["code"] or "none"
            table.add_row(row["key"], row["customer_id"], _minute(row["since"]), answer)
        parts.append(table)
    parts.append(
        Text(
            f"{len(data):,} in doubt. They are not sent again. Events and `perennial doubts --ask` settle them;"
            " `perennial settle` does it by hand.",
            style="dim",
        )
    )
    return Group(*parts)


def _whose(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["campaign"], row["day"], row["provider"] or "provider unknown"


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
    if not data:
        return Text("Nothing was settled by a person or by silence.", style="dim")
    table = table_of("Rulings", "key", "ruling")
    table.columns[0].no_wrap = True
    for row in data:
        head = f"{row['state']} · {row['by']} · {_minute(row['at'])}"
        table.add_row(row["key"], Text(f"{head}\n{row['reason']}"))
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
        "mailboxes": mailboxes_json(status.mailboxes),
        "sender": sender_json(status.sender),
        "unknown_reports": status.unknown_reports,
        "epoch": status.epoch,
        "begun": status.begun,
        "without_data": [found.as_json() for found in status.without_data],
    }


def status(data: Json) -> RenderableType:
    """Where sending stands."""
    parts: list[RenderableType] = [
        Text(found["sentence"], style="red") for found in data["without_data"]
    ]
    parts += [commands(data["commands"]), _doubts_by_day(data["doubts"])]
    if braked := [row for row in data["mailboxes"] if row["grip"] != Grip.OPEN]:
        parts.append(mailboxes(braked))
    if data["sender"]:
        parts.append(sender(data["sender"]))
    if data["unknown_reports"]:
        parts.append(
            Text(
                f"Providers report on {data['unknown_reports']:,} messages that this ledger does not know. If it was"
                " restored from a backup, run `perennial reconcile` before anything is sent.",
                style="yellow",
            )
        )
    parts.append(
        Text(f"{data['begun']:,} messages begun so far · epoch {data['epoch']}", style="dim")
    )
    return Group(*parts)


def mailboxes_json(found: Iterable[MailboxHealth]) -> list[dict[str, Any]]:
    """What mailbox providers' people got and marked, as data; shares are of 1."""
    return [
        {
            "mailbox": health.mailbox,
            "sent": health.sent,
            "bounced": health.bounced,
            "complained": health.complained,
            "complaint_share": float(round(health.complaint_share, 6)),
            "grip": health.grip,
        }
        for health in found
    ]


def mailboxes(data: Json) -> RenderableType:
    """What mailbox providers' people got and marked, and where the brake holds."""
    if not data:
        return Text("No emails were sent of late.", style="dim")
    heads = ("mailbox provider", "sent", "bounced", "marked as spam", "share", "brake")
    table = table_of("Complaints", *heads)
    for row in data:
        table.add_row(
            row["mailbox"],
            f"{row['sent']:,}",
            f"{row['bounced']:,}",
            f"{row['complained']:,}",
            f"{row['complaint_share']:.2%}",
            Text(row["grip"], style=_GRIPS[Grip(row["grip"])]),
        )
    return table


def sender_json(found: SenderDay | None) -> dict[str, Any] | None:
    """Where a new sender stands today, as data."""
    return asdict(found) | {"day": found.day.isoformat()} if found else None


def sender(data: Json) -> RenderableType:
    """Where a new sender stands today."""
    full = data["sent"] >= data["allowed"]
    rest = " The rest waits for another day, as far as it lasts." if full else ""
    return Text(
        f"{data['domain']} is warmed up: day {data['step']} of {data['steps']},"
        f" {data['sent']:,} of {data['allowed']:,} emails have left.{rest}",
        style="yellow" if full else "dim",
    )


def lifted(data: Json) -> RenderableType:
    """What became of the brake."""
    counted = (
        "What was counted so far counts no more." if data["lifted"] else "Nothing was counted."
    )
    return Text(f"{data['mailbox']}: the brake is open. {counted}")


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
    unreadable = data["unreadable"]
    left_out = f" {unreadable:,} plans belong to campaigns without a file." if unreadable else ""
    return Text(
        f"{data['plans']:,} plans read, {data['due']:,} messages were due, {data['presumed']:,} of them unknown to this"
        f" ledger: in doubt from now on, and not sent again.{left_out} Epoch {data['epoch']}: sending may go on."
    )


def _doubts_by_day(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    if not rows:
        return Text("Nothing is in doubt.", style="green")
    table = table_of("In doubt", "campaign", "day", "provider", "messages")
    for row in rows:
        table.add_row(row["campaign"], row["day"], row["provider"], f"{row['messages']:,}")
    return table
