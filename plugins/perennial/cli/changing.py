"""The command for changes of campaigns that wait for a second person."""

from __future__ import annotations

from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from perennial.cli.installing import installation
from perennial.cli.showing import AsJson, show, table_of
from perennial.errors import SettingsError
from perennial.pipeline.changes import patch_of

if TYPE_CHECKING:
    from perennial.pipeline.editing import Editor, ProposedChange

changing = typer.Typer()

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@changing.command()
def changes(
    number: Annotated[
        int | None,
        typer.Argument(help="Which change, as the list numbers them. Without it: the list."),
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Let it count from now on.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Put it aside.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept.")] = None,
    by: Annotated[str | None, typer.Option(help="Who says so. Default: your user name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the changes of campaigns that wait for a second person; or one of them, line by line, and answer it."""
    with installation() as perennial:
        editor = perennial.editor
        if number is None:
            if approve or reject:
                msg = "Say which change is meant: `perennial changes` numbers them. Nothing was answered."
                raise SettingsError(msg)
            show([_line(proposed) for proposed in editor.proposed_changes()], as_json, _list)
        elif approve or reject:
            answered = _answered(
                editor, number, approve=approve, reject=reject, by=by or getuser(), reason=reason
            )
            show({**_line(answered), "approved": approve}, as_json, _answer)
        else:
            proposed = editor.proposed_change(number)
            patch = "" if proposed.void else patch_of([proposed.change])
            show({**_line(proposed), "patch": patch}, as_json, _one)


def _answered(
    editor: Editor, number: int, *, approve: bool, reject: bool, by: str, reason: str | None
) -> ProposedChange:
    if approve and reject:
        msg = "Say --approve or --reject, not both. Nothing was answered."
        raise SettingsError(msg)
    if not reason:
        msg = "Say why: --reason. Nothing was answered."
        raise SettingsError(msg)
    answer = editor.approve if approve else editor.reject
    return answer(number, by=by, reason=reason)


def _line(proposed: ProposedChange) -> dict[str, Any]:
    version = proposed.version
    return {
        "number": version.id,
        "file": version.file,
        "campaigns": list(proposed.campaigns),
        "by": version.author,
        "reason": version.reason,
        "at": version.at.isoformat(),
        "void": proposed.void,
    }


def _list(data: Any) -> RenderableType:  # noqa: ANN401 - as it was shown
    if not data:
        return Text("No change waits for a second person.", style="green")
    table = table_of("Changes that wait for a second person", "number", "since (UTC)", "by")
    for name in ("file", "reason"):
        table.add_column(name, overflow="fold")
    for row in data:
        void = Text(" (void: the file has changed since)", style="yellow")
        file = Text(row["file"]) + (void if row["void"] else Text())
        since = row["at"][:16].replace("T", " ")
        table.add_row(str(row["number"]), since, Text(row["by"]), file, Text(row["reason"]))
    return table


def _one(data: Any) -> RenderableType:  # noqa: ANN401 - as it was shown
    head = Text(f"{data['by']}: {data['reason']}\n", style="bold")
    if data["void"]:
        told = f"{data['file']} has changed since, so this cannot be approved any more."
        return Group(head, Text(told, style="yellow"))
    lines = (Text(line, style=_COLOURS.get(line[:1], "")) for line in data["patch"].splitlines())
    return Group(head, *lines)


def _answer(data: Any) -> RenderableType:  # noqa: ANN401 - as it was shown
    if data["approved"]:
        return Text(f"Approved: {data['file']} counts from the next plan on.", style="green")
    return Text(f"Rejected: {data['file']} stays as it is.")
