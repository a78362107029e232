"""A change that waits for a second person: what it would change, how the message would read, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.errors import Fault, PerennialError
from perennial.model.words import LONGEST_REASON
from perennial.pipeline.editing import ProposedChange
from perennial.steps.services import Perennial
from perennial.studio.edited_preview import EditedPreview, preview_of
from perennial.studio.preview_page import WORDS
from perennial.studio.preview_shelf import Shelf
from perennial.studio.room import Room
from perennial.studio.versions_page import DiffLine, differences
from perennial.studio.visitors import Right, Visitor

_LARGEST_ID = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """A change as somebody sees it who may approve it; `faults` is what it would break by now."""

    proposed: ProposedChange
    lines: Sequence[DiffLine] = ()
    faults: Sequence[Fault] = ()
    preview: EditedPreview | None = None
    read_only: bool = False

    def hinders(self, visitor: Visitor) -> str | None:
        """Why this visitor may not approve, or nothing."""
        if self.read_only:
            return "Campaigns are changed by pull request here."
        if self.proposed.void:
            return _VOID
        if visitor.name == self.proposed.version.author:
            return "You have proposed it: the yes comes from somebody else. You may take it back."
        if self.faults:
            return "It would be a mistake by now, so it cannot be approved."
        return None


def look_at_change(perennial: Perennial, id_: int, shelf: Shelf) -> ChangePage:
    """A change that waits, with what it would do to the file as it is now.

    Raises:
        PerennialError: it does not wait any more.
    """
    editor = perennial.editor
    proposed = editor.proposed_change(id_)
    if proposed.void:
        return ChangePage(proposed=proposed, read_only=editor.read_only)
    change = proposed.change
    tried = perennial.try_out([change])
    preview = None
    if proposed.campaigns:
        of = proposed.campaigns[0]
        preview = preview_of(perennial, tried, shelf, campaign=of, file=change.file)
    return ChangePage(
        proposed=proposed,
        lines=differences(change.before or "", change.after),
        faults=tried.faults,
        preview=preview,
        read_only=editor.read_only,
    )


def change_routes(room: Room, shelf: Shelf) -> list[Route]:
    """The page of one change, and the answer; what waits is listed with the plans that wait."""

    async def show(request: Request, visitor: Visitor) -> Response:
        id_ = _id(request)
        seen = await room.ask(lambda p: look_at_change(p, id_, shelf))
        return room.pages.page(
            "change", request, visitor, seen=seen, longest=LONGEST_REASON, **WORDS
        )

    async def answer(request: Request, visitor: Visitor, form: FormData) -> Response:
        id_, option = _id(request), str(form.get("option", ""))
        reason = " ".join(str(form.get("reason", "")).split())
        if not 0 < len(reason) <= LONGEST_REASON:
            msg = f"Say why, in 1 to {LONGEST_REASON} signs: it is kept with your name."
            raise PerennialError(msg)
        if option not in _ANSWERS:
            msg = "Choose Approve or Reject."
            raise PerennialError(msg)
        said = await room.ask(lambda p: _ANSWERS[option](p, id_, visitor.name, reason))
        return room.back(request, "/approvals", said=said)

    path = "/approvals/changes/{id}"
    return [room.page(path, show), room.action(path, answer, right=Right.OPERATE)]


_VOID = "The file has changed since, so this cannot be approved any more. Reject it, and propose it anew."


def _approve(perennial: Perennial, id_: int, by: str, reason: str) -> str:
    proposed = perennial.editor.approve(id_, by=by, reason=reason)
    return f"Approved. {proposed.version.file} counts from the next plan on."


def _reject(perennial: Perennial, id_: int, by: str, reason: str) -> str:
    proposed = perennial.editor.reject(id_, by=by, reason=reason)
    return f"Rejected. {proposed.version.file} stays as it is."


_ANSWERS = {"Approve": _approve, "Reject": _reject}


def _id(request: Request) -> int:
    text = request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) < len(str(_LARGEST_ID))):
        raise HTTPException(404, "There is no such change.")
    return int(text)
