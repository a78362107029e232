"""The message as it would read after a change that nobody has saved yet, for a real customer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from perennial.errors import MissingPartition, PerennialError
from perennial.lake.partitions import Partition
from perennial.messages.templates import Templates
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.message import EmailMessage
from perennial.model.words import Channel
from perennial.pipeline.awkward_customers import Awkward
from perennial.pipeline.checking import Checked
from perennial.pipeline.previewing import AS_IT_IS, Preview, Wish
from perennial.steps.editing import campaign_in
from perennial.steps.services import Perennial
from perennial.studio.message_looks import EmailLook, TextLook, WhatsAppLook, look_of
from perennial.studio.preview_frames import SEALED, in_scheme
from perennial.studio.preview_page import awkward_on, scheme_of
from perennial.studio.preview_shelf import Shelf
from perennial.studio.room import Room
from perennial.studio.visitors import Visitor

_PARTS_OF_WORDS = 4


@dataclass(frozen=True, kw_only=True)
class EditedPreview:
    """A message of an unsaved change, and who else may be looked at; without one, `trouble` says why.

    `kept` is by what name the frames find the email on the shelf.
    """

    campaign: str
    day: date | None = None
    customer_id: str | None = None
    awkward: Sequence[Awkward] = ()
    preview: Preview | None = field(default=None, repr=False)
    look: EmailLook | TextLook | WhatsAppLook | None = field(default=None, repr=False)
    kept: str | None = None
    trouble: str | None = None


def preview_of(
    perennial: Perennial,
    tried: Checked,
    shelf: Shelf,
    *,
    campaign: str,
    file: str,
    customer_id: str | None = None,
) -> EditedPreview:
    """The message for one customer, else for the first of those worth a look on the last planned day, else anybody.

    Of a file of words, its message in its language; of the campaign's own file, what the customer would get.
    """
    if tried.faults or tried.templates is None:
        trouble = "There is a mistake in it: the message is shown once it is mended."
        return EditedPreview(campaign=campaign, trouble=trouble)
    try:
        return _shown(perennial, tried, tried.templates, shelf, campaign, file, customer_id)
    except PerennialError as error:
        return EditedPreview(campaign=campaign, customer_id=customer_id, trouble=str(error))


def frame_routes(room: Room, shelf: Shelf) -> list[Route]:
    """An email that nobody has saved, as a page of its own for a frame."""

    async def frame(request: Request, _: Visitor) -> Response:
        html = shelf.take(request.query_params.get("kept", ""))
        if html is None:
            raise HTTPException(404, "This email is not kept any more. Press Preview again.")
        return HTMLResponse(in_scheme(html, scheme_of(request)), headers=SEALED)

    return [room.page("/campaigns/{name}/edit/email", frame)]


def _shown(  # noqa: PLR0917 - what a preview needs
    perennial: Perennial,
    tried: Checked,
    templates: Templates,
    shelf: Shelf,
    name: str,
    file: str,
    customer_id: str | None,
) -> EditedPreview:
    campaign, day = campaign_in(tried, name), perennial.last_planned_day(name)
    awkward = awkward_on(perennial, campaign, templates, day, shelf)
    chosen = customer_id or next((each.customer_id for each in awkward), None)
    chosen = chosen or _anybody(perennial, day)
    found = EditedPreview(campaign=name, day=day, customer_id=chosen, awkward=awkward)
    wish = _wish_of(file, [step.template for step in campaign.steps], perennial.shop.locales)
    try:
        (preview,) = perennial.previews_of_change(
            tried, name, chosen, day=day, wishes=[wish], keep=shelf.row
        )
    except PerennialError as error:
        return replace(found, trouble=str(error))
    kept = None
    if isinstance(preview.message, EmailMessage):
        kept = hashlib.sha256(preview.message.html.encode()).hexdigest()[:32]
        shelf.put(kept, preview.message.html)
    look = look_of(preview.message, perennial.shop, at=perennial.now())
    return replace(found, preview=preview, look=look, kept=kept)


def _anybody(perennial: Perennial, day: date) -> str:
    """Somebody whom the night of a day knows."""
    everybody = Partition(dataset=CUSTOMER_FEATURES.name, day=day)
    perennial.engine.view("everybody", everybody)
    found: str | None = perennial.engine.scalar("select min(customer_id) from everybody")
    if found is None:
        msg = f"The night of {day} knows no customer."
        raise MissingPartition(msg)
    return found


def _wish_of(file: str, templates: Sequence[str], locales: Sequence[str]) -> Wish:
    """What a file of words says is its step, its channel and its language."""
    parts = file.split("/")
    if len(parts) != _PARTS_OF_WORDS or parts[2] not in templates:
        return AS_IT_IS
    language = parts[3].partition(".")[0]
    return Wish(
        channel=Channel(parts[1]),
        locale=language if language in locales else None,
        step=templates.index(parts[2]) + 1,
    )
