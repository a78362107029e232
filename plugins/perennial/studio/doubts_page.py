"""Doubts: messages that may have been sent. Nobody is written to twice, so somebody has to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.errors import PerennialError
from perennial.ledger.values import Doubt, Ruling
from perennial.model.keys import MessageKey
from perennial.steps.services import Perennial
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

_SHOWN = 200
_RULED = 50


@dataclass(frozen=True, kw_only=True)
class DoubtQueue:
    """The oldest doubts, how many there are in all, and how the last ones were settled."""

    doubts: Sequence[Doubt]
    total: int
    rulings: Sequence[Ruling]


def look_at_doubts(perennial: Perennial, campaign: str | None) -> DoubtQueue:
    """The queue of a campaign, or of all."""
    found = perennial.ledger.doubts(campaign=campaign)
    return DoubtQueue(
        doubts=found[:_SHOWN],
        total=len(found),
        rulings=list(islice(reversed(perennial.rulings(campaign=campaign)), _RULED)),
    )


def doubt_routes(room: Room) -> list[Route]:
    """The queue, and what can be done about it."""

    async def show(request: Request, visitor: Visitor) -> Response:
        campaign = request.query_params.get("campaign") or None
        queue = await room.ask(lambda p: look_at_doubts(p, campaign))
        names = await room.ask(lambda p: [c.name for c in p.campaigns])
        return room.pages.page(
            "doubts", request, visitor, queue=queue, campaign=campaign, names=names
        )

    async def ask_providers(request: Request, _: Visitor, __: FormData) -> Response:
        answered = await room.ask(lambda p: p.ask_about_doubts())
        count = sum(answered.values())
        said = f"The providers know of {count:,}." if count else "The providers say nothing new."
        return room.back(request, "/doubts", said=said)

    async def settle(request: Request, visitor: Visitor, form: FormData) -> Response:
        keys = [MessageKey(str(key)) for key in form.getlist("key")]
        accepted = _verdict(form)
        reason = str(form.get("reason", "")).strip()
        if not keys:
            msg = "Choose at least one message."
            raise PerennialError(msg)
        count = await room.ask(
            lambda p: p.rule_doubts(keys, accepted=accepted, by=visitor.name, reason=reason)
        )
        noun = "message counts" if count == 1 else "messages count"
        what = "sent" if accepted else "not sent, and may be sent again"
        return room.back(request, "/doubts", said=f"{count:,} {noun} as {what}.")

    return [
        room.page("/doubts", show),
        room.action("/doubts/ask", ask_providers, right=Right.OPERATE),
        room.action("/doubts/settle", settle, right=Right.STEWARD),
    ]


def _verdict(form: FormData) -> bool:
    match form.get("verdict"):
        case "accepted":
            return True
        case "not_accepted":
            return False
    msg = "Say whether the messages were sent or not."
    raise PerennialError(msg)
