"""A new campaign from a starter: a title, and its file and words in every language of the shop are there to be edited."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.errors import PerennialError
from perennial.pipeline.changes import patch_of
from perennial.pipeline.starting import begin, name_from, starters
from perennial.steps.services import Perennial
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

_SAID = "The campaign is there. Change its words and its audience here; Airflow shows it within minutes."


def start_campaign(perennial: Perennial, *, starter: str, name: str, title: str, by: str) -> str:
    """Saves a new campaign and says its name.

    Raises:
        PerennialError: it cannot be named so, or cannot be saved.
    """
    editor = perennial.editor
    found = [s for s in starters(editor.project) if f"{s.own:d}:{s.name}" == starter]
    if not found or not title:
        msg = "Choose what the campaign shall begin from, and give it a title."
        raise PerennialError(msg)
    chosen = name or name_from(title)
    changes = begin(
        editor.project, found[0], name=chosen, title=title, locales=perennial.shop.locales
    )
    if editor.read_only:
        return patch_of(changes)
    editor.save(changes, by=by, reason=f"begun from {found[0].name}")
    return chosen


def new_routes(room: Room) -> list[Route]:
    """The form, and what it does; it stands before the pages of single campaigns."""

    async def show(request: Request, visitor: Visitor) -> Response:
        found = await room.ask(lambda p: starters(p.settings.project))
        read_only = room.office.settings.studio_read_only
        return room.pages.page("new", request, visitor, starters=found, read_only=read_only)

    async def start(request: Request, visitor: Visitor, form: FormData) -> Response:
        starter, name, title = (
            " ".join(str(form.get(key, "")).split()) for key in ("starter", "name", "title")
        )
        made = await room.ask(
            lambda p: start_campaign(p, starter=starter, name=name, title=title, by=visitor.name)
        )
        if room.office.settings.studio_read_only:
            disposition = 'attachment; filename="new_campaign.patch"'
            headers = {"Content-Disposition": disposition}
            return Response(made.encode(), media_type="text/x-diff; charset=utf-8", headers=headers)
        return room.back(request, f"/campaigns/{made}/edit", said=_SAID)

    return [
        room.page("/campaigns/new", show, right=Right.OPERATE),
        room.action("/campaigns/new", start, right=Right.OPERATE),
    ]
