"""Data: whether each night can be trusted, what its checks found, and who lets a stopped one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.model.datasets import MEMBERSHIPS
from perennial.model.words import LONGEST_REASON
from perennial.pipeline.verifying import night_published, read_verdicts
from perennial.steps.services import Perennial
from perennial.studio.airflow_api import AirflowRefused, DagState, RequiredAction
from perennial.studio.asking import shop_day
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

_NIGHTS = 30
_DAG, _TASK = "nightly", "release"


@dataclass(frozen=True, kw_only=True)
class NightLine:
    """One night in the list; without rows it was never validated."""

    day: date
    rows: int
    quarantined: int
    findings: int
    stopped: bool
    published: bool


def look_at_nights(perennial: Perennial) -> Sequence[NightLine]:
    """The last thirty nights, the newest first; those that nobody ran are among them."""
    today = shop_day(perennial)
    newest = max([today, *perennial.engine.lake.days(MEMBERSHIPS.name)])
    return [_night(perennial, newest - timedelta(days=n)) for n in range(_NIGHTS)]


def data_routes(room: Room) -> list[Route]:
    """The nights, and each of them."""

    async def show_all(request: Request, visitor: Visitor) -> Response:
        nights = await room.ask(look_at_nights)
        return room.pages.page(
            "nights",
            request,
            visitor,
            nights=nights,
            dag=await _dag(room, visitor),
            longest=LONGEST_REASON,
        )

    async def show(request: Request, visitor: Visitor) -> Response:
        day = _day(request)
        figures = await room.ask(lambda p: p.night_figures(day))
        waits = await _waiting(room, visitor, day) is not None
        return room.pages.page("night", request, visitor, night=figures, waits=waits)

    async def release(request: Request, visitor: Visitor, form: FormData) -> Response:
        day, reason = _day(request), str(form.get("reason", ""))
        seen = str(form.get("seen", ""))
        await room.ask(lambda p: p.release_night(day, by=visitor.name, reason=reason, seen=seen))
        if action := await _waiting(room, visitor, day):
            await room.airflow.answer(visitor, action, "Approve", {"reason": reason})
            said = "The night is released, and its run goes on."
        else:
            said = (
                "The night is released. Run it again to publish it: clear its last task in Airflow."
            )
        return room.back(request, f"/data/{day}", said=said)

    return [
        room.page("/data", show_all),
        room.page("/data/{day}", show),
        room.action("/data/{day}/release", release, right=Right.STEWARD),
    ]


def _night(perennial: Perennial, day: date) -> NightLine:
    verdicts = read_verdicts(perennial.engine.lake, day)
    return NightLine(
        day=day,
        rows=sum(verdict.rows for verdict in verdicts),
        quarantined=sum(verdict.quarantined for verdict in verdicts),
        findings=sum(len(verdict.findings) for verdict in verdicts),
        stopped=any(verdict.stopped for verdict in verdicts),
        published=night_published(perennial.engine.lake, day),
    )


def _day(request: Request) -> date:
    try:
        return date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise HTTPException(404, "There is no such night.") from None


async def _dag(room: Room, visitor: Visitor) -> DagState | None:
    """How Airflow runs the nights; nothing where it does not answer."""
    try:
        return (await room.airflow.dags(visitor)).get(_DAG)
    except AirflowRefused:
        return None


async def _waiting(room: Room, visitor: Visitor, day: date) -> RequiredAction | None:
    """The question in Airflow whether to release this night, if its run waits for an answer."""
    try:
        actions = await room.airflow.required_actions(visitor)
    except AirflowRefused:
        return None
    asked = (a for a in actions if (a.dag_id, a.task_id) == (_DAG, _TASK))
    return next((a for a in asked if day.isoformat() in f"{a.subject} {a.run_id}"), None)
