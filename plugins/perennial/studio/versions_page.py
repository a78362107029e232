"""Versions of a campaign's files: who changed what and why, line by line, and the way back."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.ledger.versions import FOUND, FileVersion
from perennial.model.words import VersionState
from perennial.pipeline.changes import hash_of, read_text
from perennial.steps.services import Perennial
from perennial.studio.asking import whole_number
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor


@dataclass(frozen=True, kw_only=True)
class DiffLine:
    """A line of a difference: added, gone, the same, or where a part of the file begins."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Versions:
    """A file's versions, and how one of them differs from the one before, and from what lies in the folder now."""

    campaign: str
    files: Sequence[str]
    file: str
    versions: Sequence[FileVersion]
    chosen: FileVersion | None
    changed: Sequence[DiffLine]
    back: Sequence[DiffLine]
    seen: str
    read_only: bool


def look_at_versions(
    perennial: Perennial, campaign: str, file: str | None, number: int | None
) -> Versions:
    """The versions of one file, the newest chosen unless another is asked for.

    Raises:
        SettingsError: there is no such campaign.
        HTTPException: there is no such version, or the file is none of the campaign's.
    """
    editor = perennial.editor
    files = editor.files_of(campaign)
    chosen_file = file or _last_changed(perennial, files)
    if chosen_file not in files:
        raise HTTPException(404, "This is none of the campaign's files.")
    versions = editor.versions(chosen_file)
    by_number = {version.number: version for version in versions}
    if number is not None and number not in by_number:
        raise HTTPException(404, "There is no such version.")
    chosen = by_number[number] if number else (versions[0] if versions else None)
    now = read_text(editor.project, chosen_file) or ""
    before = _before(versions, chosen) if chosen else None
    return Versions(
        campaign=campaign,
        files=files,
        file=chosen_file,
        versions=versions,
        chosen=chosen,
        changed=differences(before.content, chosen.content) if chosen and before else (),
        back=differences(now, chosen.content) if chosen else (),
        seen=hash_of(now),
        read_only=editor.read_only,
    )


def differences(before: str, after: str) -> list[DiffLine]:
    """How one text became another, with three lines of what stayed around each change."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm=""))
    kinds = {"+": "added", "-": "gone", "@": "place"}
    return [
        DiffLine(kind=kinds.get(line[:1], "same"), text=line)
        for line in lines[2:]  # behind the names of the two files
    ]


def version_routes(room: Room) -> list[Route]:
    """The list with its differences, and the way back."""

    async def show(request: Request, visitor: Visitor) -> Response:
        name, file = request.path_params["name"], request.query_params.get("file")
        number = whole_number(request, "number", default=0) or None
        seen = await room.ask(lambda p: look_at_versions(p, name, file, number))
        return room.pages.page("versions", request, visitor, seen=seen, found=FOUND)

    async def roll_back(request: Request, visitor: Visitor, form: FormData) -> Response:
        name = request.path_params["name"]
        file, number, seen, reason = (
            str(form.get(key, "")) for key in ("file", "number", "seen", "reason")
        )

        def act(perennial: Perennial) -> bool:
            editor = perennial.editor
            if file not in editor.files_of(name) or not number.isdigit():
                raise HTTPException(404, "There is no such version.")
            return editor.roll_back(file, int(number), seen=seen, by=visitor.name, reason=reason)

        counts = await room.ask(act)
        told = f"{file} says again what it said in version {number}."
        if not counts:
            told = f"{file} going back to version {number} is proposed. It counts once a second person has approved it."
        return room.back(request, f"/campaigns/{name}/versions", said=told)

    return [
        room.page("/campaigns/{name}/versions", show),
        room.action("/campaigns/{name}/versions", roll_back, right=Right.OPERATE),
    ]


def _before(versions: Sequence[FileVersion], chosen: FileVersion) -> FileVersion | None:
    """What the file said before a version; what was never saved it never said."""
    older = (v for v in versions if v.number < chosen.number and v.state is VersionState.SAVED)
    return next(older, None)


def _last_changed(perennial: Perennial, files: Sequence[str]) -> str:
    """The file that was saved last; the campaign's own where none was."""
    newest = [version[0] for file in files if (version := perennial.ledger.versions_of(file))]
    return max(newest, key=lambda version: version.at).file if newest else files[0]
