"""Preview: what a campaign really writes to a real customer, and how it looks where it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from perennial.campaigns.definition import Campaign
from perennial.lake.partitions import Partition
from perennial.messages.templates import Templates
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.model.message import EmailMessage
from perennial.model.words import Channel, Reason
from perennial.pipeline.awkward_customers import Awkward, awkward_customers
from perennial.pipeline.plan_reading import plan_partition
from perennial.pipeline.previewing import Preview, Wish
from perennial.steps.services import Perennial
from perennial.studio.asking import read_day, shop_day
from perennial.studio.message_looks import EmailLook, TextLook, WhatsAppLook, look_of
from perennial.studio.preview_frames import SEALED, Scheme, in_scheme
from perennial.studio.preview_shelf import Shelf
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

LONGEST_ID = 128
WORDS: Mapping[str, Any] = {"Reason": Reason, "Scheme": Scheme}
"""What templates that show messages speak of."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an address asks to see; without a customer, the first awkward one."""

    campaign: str
    day: date | None
    customer_id: str | None
    wish: Wish

    def address(self, **more: object) -> str:
        """The same as an address says it."""
        said = {
            "day": self.day,
            "customer": self.customer_id,
            "channel": self.wish.channel,
            "locale": self.wish.locale,
            "step": self.wish.step,
            **more,
        }
        return urlencode({name: value for name, value in said.items() if value is not None})


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One message in one language, and how it looks."""

    preview: Preview
    look: EmailLook | TextLook | WhatsAppLook
    address: str


@dataclass(frozen=True, kw_only=True)
class PreviewFigures:
    """A message, once or in several languages, and who else may be looked at."""

    campaign: Campaign
    asked: Asked
    shown: Sequence[Shown]
    awkward: Sequence[Awkward]
    channels: Sequence[Channel]


def look_at_preview(
    perennial: Perennial, asked: Asked, shelf: Shelf, *, every_language: bool = False
) -> PreviewFigures:
    """The message that is asked for; nothing is shown where the audience is empty and nobody is asked for.

    Raises:
        PlanError: there is no such customer on that day.
        MissingPartition: no night has been that far.
        RenderError: the message cannot be said to this customer.
    """
    campaign = perennial.campaign(asked.campaign)
    day = asked.day or _latest_day(perennial)
    awkward = awkward_on(perennial, campaign, perennial.templates, day, shelf)
    customer_id = asked.customer_id or next((each.customer_id for each in awkward), None)
    asked = Asked(campaign=campaign.name, day=day, customer_id=customer_id, wish=asked.wish)
    return PreviewFigures(
        campaign=campaign,
        asked=asked,
        shown=_shown(perennial, asked, shelf, every_language=every_language),
        awkward=awkward,
        channels=campaign.channels,
    )


def preview_routes(room: Room) -> list[Route]:
    """The message, its frame, all languages side by side, and a test of it to oneself."""
    shelf = Shelf()

    async def show(request: Request, visitor: Visitor) -> Response:
        asked = _asked(request, request.query_params)
        seen = await room.ask(lambda p: look_at_preview(p, asked, shelf))
        return room.pages.page("preview", request, visitor, seen=seen, **WORDS)

    async def languages(request: Request, visitor: Visitor) -> Response:
        asked = _asked(request, request.query_params)
        seen = await room.ask(lambda p: look_at_preview(p, asked, shelf, every_language=True))
        return room.pages.page("languages", request, visitor, seen=seen, **WORDS)

    async def frame(request: Request, _: Visitor) -> Response:
        asked, scheme = _asked(request, request.query_params), scheme_of(request)
        html = await room.ask(lambda p: _html(p, asked, shelf))
        return HTMLResponse(in_scheme(html, scheme), headers=SEALED)

    async def send_test(request: Request, visitor: Visitor, form: FormData) -> Response:
        given = QueryParams([(name, str(value)) for name, value in form.multi_items()])
        asked = _asked(request, given)
        to = str(form.get("to", "")).strip()
        if asked.customer_id is None or asked.day is None:
            raise HTTPException(404, "Say which customer's message of which day you want.")
        customer_id, day = asked.customer_id, asked.day
        where = await room.ask(
            lambda p: p.send_test(
                asked.campaign, customer_id, day=day, to=to, by=visitor.name, wish=asked.wish
            )
        )
        path = f"/campaigns/{asked.campaign}/preview?{asked.address()}"
        return room.back(request, path, said=f"A test is on its way to {where}.")

    return [
        room.page("/campaigns/{name}/preview", show),
        room.page("/campaigns/{name}/preview/email", frame),
        room.page("/campaigns/{name}/languages", languages),
        room.action("/campaigns/{name}/preview/test", send_test, right=Right.OPERATE),
    ]


def _asked(request: Request, given: QueryParams) -> Asked:
    customer = given.get("customer", "").strip()
    if len(customer) > LONGEST_ID or not customer.isprintable():
        raise HTTPException(404, "There is no such customer.")
    channel, step, locale = given.get("channel"), given.get("step"), given.get("locale")
    if channel and channel not in list(Channel):
        raise HTTPException(404, "There is no such channel.")
    if step and not (step.isascii() and step.isdigit() and len(step) < 4):
        raise HTTPException(404, "There is no such step.")
    return Asked(
        campaign=request.path_params["name"],
        day=read_day(given.get("day")),
        customer_id=customer or None,
        wish=Wish(
            channel=Channel(channel) if channel else None,
            locale=locale or None,
            step=int(step) if step else None,
        ),
    )


def scheme_of(request: Request) -> Scheme:
    """Light, unless an address asks for dark."""
    dark = request.query_params.get("scheme") == Scheme.DARK
    return Scheme.DARK if dark else Scheme.LIGHT


def _latest_day(perennial: Perennial) -> date:
    today = shop_day(perennial)
    if perennial.engine.lake.exists(Partition(dataset=MEMBERSHIPS.name, day=today)):
        return today
    return perennial.last_night()


def awkward_on(
    perennial: Perennial, campaign: Campaign, templates: Templates, day: date, shelf: Shelf
) -> Sequence[Awkward]:
    """Who is worth a look on a day, for the words of some templates.

    Looked for once for each plan: a large one takes a second.

    Raises:
        MissingPartition: the night has not formed the day's audiences.
    """
    lake = perennial.engine.lake
    planned, formed = (
        plan_partition(campaign.name, day),
        Partition(dataset=MEMBERSHIPS.name, day=day),
    )
    read = planned if lake.exists(planned) else formed
    place = lake.existing(read)
    ways = [(step.template, channel) for step in campaign.steps for channel in campaign.channels]
    fields = frozenset[str]().union(*(templates.fields(*way) for way in ways))
    known = (campaign.name, place, lake.stamp(read), fields)
    return shelf.awkward(known, lambda: awkward_customers(perennial.engine, campaign, day, fields))


def _shown(
    perennial: Perennial, asked: Asked, shelf: Shelf, *, every_language: bool
) -> list[Shown]:
    if asked.customer_id is None or asked.day is None:
        return []
    written = perennial.shop.locales
    locales: Sequence[str | None] = written if every_language else (asked.wish.locale,)
    if not {None, *written}.issuperset(locales):
        raise HTTPException(404, "The shop does not write in that language.")
    wishes = [
        Wish(channel=asked.wish.channel, locale=locale, step=asked.wish.step) for locale in locales
    ]
    lake = perennial.engine.lake
    # Whoever is erased, and whatever is made anew, is not told from what was kept.
    made_of = lake.stamps(
        [
            Partition(dataset=CUSTOMER_FEATURES.name, day=asked.day),
            plan_partition(asked.campaign, asked.day),
        ]
    )
    found = perennial.previews(
        asked.campaign,
        asked.customer_id,
        day=asked.day,
        wishes=wishes,
        keep=lambda known, gather: shelf.row((known, *made_of), gather),
    )
    shown = []
    for wish, preview in zip(wishes, found, strict=True):
        own = Asked(
            campaign=asked.campaign, day=asked.day, customer_id=asked.customer_id, wish=wish
        )
        if isinstance(preview.message, EmailMessage):
            shelf.put((own.campaign, own.address()), preview.message.html)
        look = look_of(preview.message, perennial.shop, at=perennial.now())
        shown.append(Shown(preview=preview, look=look, address=own.address()))
    return shown


def _html(perennial: Perennial, asked: Asked, shelf: Shelf) -> str:
    """The HTML that the page around the frame has just shown, or the same once more."""
    kept = shelf.take((asked.campaign, asked.address()))
    if kept is not None:
        return kept
    for shown in look_at_preview(perennial, asked, shelf).shown:
        if isinstance(shown.preview.message, EmailMessage):
            return shown.preview.message.html
    raise HTTPException(404, "There is no such email.")
