"""What the commands print for people: tables and sentences made from the same data as `--json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from perennial.cli.showing import table_of
from perennial.errors import Fault
from perennial.model.message import EmailMessage, SmsMessage
from perennial.model.words import Reason

if TYPE_CHECKING:
    from perennial.pipeline.previewing import Preview

Json = Mapping[str, Any]


def sample(data: Json) -> RenderableType:
    """Rows of each table of the sample shop."""
    table = table_of("Sample shop", "table", "rows")
    for name, rows in data["rows"].items():
        table.add_row(name, f"{rows:,}")
    span = f"Orders from {data['first_order_day']} to {data['last_order_day']} · {data['path']}"
    return Group(table, Text(span, style="dim"))


def nights(data: Sequence[Json]) -> RenderableType:
    """One line a night."""
    table = table_of(
        "Nights", "day", "rows read", "quarantined", "warnings", "customers", "memberships"
    )
    for night in data:
        table.add_row(
            str(night["day"]),
            f"{night['rows']:,}",
            f"{night['quarantined']:,}",
            f"{night['warnings']:,}",
            f"{night['customers']:,}",
            f"{night['memberships']:,}",
        )
    return table


def plan(data: Json) -> RenderableType:
    """The figures of a plan, and its reasons."""
    table = table_of(f"{data['campaign']} · {data['day']}", "", "customers")
    table.add_row("audience", f"{data['audience']:,}", style="bold")
    table.add_row("send", f"{data['send']:,}", style="green")
    table.add_row("held out", f"{data['hold_out']:,}")
    for heading, reasons in (("defer", data["deferred"]), ("skip", data["skip"])):
        for reason, count in reasons.items():
            table.add_row(f"{heading}: {Reason(reason).meaning}", f"{count:,}", style="dim")
    foot = (
        f"{data['emails']:,} emails, {data['sms']:,} SMS in {data['sms_segments']:,} segments"
        + (f" (at most {data['most_segments']} each)," if data["sms"] else ",")
        + (f" {data['whatsapp']:,} on WhatsApp," if data["whatsapp"] else "")
        + f" {data['cost']} {data['currency']} · plan {data['plan_hash'][:12]}"
        + (" · dispatch has begun: the plan stands" if data["begun"] else "")
    )
    return Group(table, Text(foot, style="dim"))


def account(data: Json) -> RenderableType:
    """A plan and where everybody has got to."""
    table = table_of("Accounts", "", "messages")
    for state in ("accepted", "refused", "retryable", "in_doubt", "not_yet_claimed"):
        table.add_row(state.replace("_", " "), f"{data[state]:,}")
    for reason, count in data["blocked"].items():
        table.add_row(f"blocked: {Reason(reason).meaning}", f"{count:,}", style="dim")
    return Group(plan(data["plan"]), table)


def preview_json(shown: Preview) -> dict[str, Any]:
    """A preview as data."""
    message = shown.message
    common = {
        "channel": str(message.channel),
        "locale": message.locale,
        "step": shown.step,
        "outcome": shown.outcome,
        "reason": shown.reason,
        "detail": shown.detail,
        "examples": list(shown.examples),
    }
    if isinstance(message, EmailMessage):
        return common | {"subject": message.subject, "text": message.text, "html": message.html}
    if isinstance(message, SmsMessage):
        return common | {"text": message.text, "segments": message.segments}
    return common | {"text": message.text, "content_sid": message.content_sid}


def preview(data: Json) -> RenderableType:
    """The message as text, and what the plan would say."""
    head = data.get("subject") or _head(data)
    verdict = data["outcome"] + (f": {Reason(data['reason']).meaning}" if data["reason"] else "")
    if data["detail"]:
        verdict += f" ({data['detail']})"
    notes = [Text(f"Plan: {verdict}", style="dim")]
    if data["examples"]:
        missing = ", ".join(data["examples"])
        notes.append(
            Text(f"Filled with examples, because this customer has none: {missing}", style="yellow")
        )
    return Group(Panel(Text(data["text"]), title=Text(head), box=box.ROUNDED), *notes)


def _head(data: Json) -> str:
    length = f"{len(data['text'])} characters"
    if "segments" in data:
        return f"SMS · {length} · {data['segments']} segments"
    return f"WhatsApp · {length} · {data['content_sid']}"


def fault_json(fault: Fault) -> dict[str, Any]:
    """One mistake as data."""
    return {
        "path": str(fault.path),
        "line": fault.line,
        "column": fault.column,
        "message": fault.message,
        "hint": fault.hint,
    }


def faults(data: Sequence[Json]) -> RenderableType:
    """Every mistake on a line that editors can jump to."""
    if not data:
        return Text("No mistakes found.", style="green")
    lines = Text()
    for fault in data:
        place = ":".join(str(fault[p]) for p in ("path", "line", "column") if fault[p] is not None)
        lines.append(f"{place}: ", style="bold")
        lines.append(" ".join(t for t in (fault["message"], fault["hint"]) if t) + "\n")
    lines.append(f"{len(data)} mistake{'s' if len(data) > 1 else ''} found.", style="red")
    return lines


def page(data: Json) -> RenderableType:
    """Where the page lies."""
    return Text(f"The day's page: {data['page']}")
