"""The audit log: who did what, when, and why."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.pipeline.auditing import deeds
from perennial.studio.asking import whole_number
from perennial.studio.room import Room
from perennial.studio.visitors import Visitor

_PAGE = 100


def audit_routes(room: Room) -> list[Route]:
    """The log, the newest first."""

    async def show(request: Request, visitor: Visitor) -> Response:
        number = whole_number(request, "page", default=1)
        until = number * _PAGE
        found = await room.ask(lambda p: deeds(p.ledger, limit=until + 1))
        return room.pages.page(
            "audit",
            request,
            visitor,
            deeds=found[until - _PAGE : until],
            number=number,
            more=len(found) > until,
        )

    return [room.page("/audit", show)]
