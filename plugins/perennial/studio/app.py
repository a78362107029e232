"""The Studio: campaigns inside Airflow's own UI. A list of places, and what they share."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from perennial.bootstrap import Installation
from perennial.settings import Settings
from perennial.studio.airflow_api import Airflow
from perennial.studio.approvals_page import approval_routes
from perennial.studio.audit_page import audit_routes
from perennial.studio.calendar_page import calendar_routes
from perennial.studio.campaigns_page import campaign_routes
from perennial.studio.changes_page import change_routes
from perennial.studio.customers_page import customer_routes
from perennial.studio.data_page import data_routes
from perennial.studio.doubts_page import doubt_routes
from perennial.studio.edit_page import edit_routes
from perennial.studio.edited_preview import frame_routes
from perennial.studio.new_page import new_routes
from perennial.studio.office import Office
from perennial.studio.pages import Pages, Place
from perennial.studio.preview_page import preview_routes
from perennial.studio.preview_shelf import Shelf
from perennial.studio.rebuild_page import rebuild_routes
from perennial.studio.results_page import result_routes
from perennial.studio.room import Room
from perennial.studio.runs_page import run_routes
from perennial.studio.today import today_routes
from perennial.studio.versions_page import version_routes
from perennial.studio.visitors import Login, Visitor

_STATIC = Path(__file__).parent / "static"
_KEPT_SECONDS = 900.0
_PLACES = (
    Place(path="/", title="Today"),
    Place(path="/approvals", title="Approvals"),
    Place(path="/calendar", title="Calendar"),
    Place(path="/campaigns", title="Campaigns"),
    Place(path="/results", title="Results"),
    Place(path="/customers", title="Customers"),
    Place(path="/data", title="Data"),
    Place(path="/doubts", title="Doubts"),
    Place(path="/audit", title="Audit"),
)


def make_studio(settings: Settings, *, login: Login, airflow: Airflow) -> Starlette:
    """The Studio of an installation. Every route asks for Airflow's login, the static files too.

    Raises:
        ShopError: shop.yaml has mistakes.
    """
    installation = Installation(settings)
    room = Room(
        office=Office(settings),
        pages=Pages(installation.shop, _PLACES, installation.secret),
        airflow=airflow,
        login=login,
        secret=installation.secret,
    )
    # Shared by the pages that show what nobody has saved; long enough for whoever scrolls down late.
    edited = Shelf(seconds=_KEPT_SECONDS)
    return Starlette(
        routes=[
            *today_routes(room),
            *approval_routes(room),
            *calendar_routes(room),
            *new_routes(room),
            *campaign_routes(room),
            *edit_routes(room, edited),
            *change_routes(room, edited),
            *frame_routes(room, edited),
            *version_routes(room),
            *run_routes(room),
            *result_routes(room),
            *customer_routes(room),
            *rebuild_routes(room),
            *data_routes(room),
            *preview_routes(room),
            *doubt_routes(room),
            *audit_routes(room),
            *_static_routes(room),
        ]
    )


def _static_routes(room: Room) -> list[Route]:
    async def file(request: Request, _: Visitor) -> Response:
        path = _STATIC / request.path_params["name"]
        if path.parent != _STATIC or not path.is_file():
            raise HTTPException(404, "There is no such file.")
        return FileResponse(path, headers={"Cache-Control": "private, max-age=300"})

    return [room.page("/static/{name}", file)]
