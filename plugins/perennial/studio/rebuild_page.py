"""Rebuilding nights of the past: a backfill of `nightly`, started in Airflow in the visitor's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.errors import PerennialError
from perennial.model.words import LONGEST_REASON, AuditAction
from perennial.steps.services import Perennial
from perennial.studio.asking import shop_day
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

DAG = "nightly"
_MOST_NIGHTS = 400


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """A range of nights, both ends included; `again` for those, too, that have run."""

    since: date
    until: date
    again: bool
    reason: str

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first and last second of the nights. Airflow takes what their clock shows for a time on the schedule's own."""
        first = datetime.combine(self.since, time(), UTC)
        return first, datetime.combine(self.until, time(23, 59, 59), UTC)

    @property
    def in_words(self) -> str:
        nights = (self.until - self.since).days + 1
        asked = "1 night" if nights == 1 else f"{nights} nights"
        kept = "" if self.again else ", those that have run are left as they are"
        return f"{asked} from {self.since} to {self.until}{kept}"


def rebuild_routes(room: Room) -> list[Route]:
    """What the form on the page of all nights starts."""

    async def start(request: Request, visitor: Visitor, form: FormData) -> Response:
        wanted = await room.ask(lambda p: _wanted(form, shop_day(p)))
        since, until = wanted.span
        await room.airflow.backfill(visitor, DAG, since=since, until=until, again=wanted.again)
        await room.ask(lambda p: _note(p, visitor, wanted))
        return room.back(request, "/data", said=f"Airflow rebuilds {wanted.in_words}.")

    return [room.action("/data/rebuild", start, right=Right.OPERATE)]


def _note(perennial: Perennial, visitor: Visitor, wanted: Rebuild) -> None:
    perennial.ledger.note_audit(
        AuditAction.STARTED,
        actor=visitor.name,
        subject=DAG,
        reason=f"rebuild {wanted.in_words}: {wanted.reason}",
        at=perennial.now(),
    )


def _wanted(form: FormData, today: date) -> Rebuild:
    since, until = _day(form, "since"), _day(form, "until")
    if not since <= until <= today or (until - since).days >= _MOST_NIGHTS:
        msg = (
            f"Choose a first and a last night, the last no later than today, at most {_MOST_NIGHTS} nights."
            " Nothing was started."
        )
        raise PerennialError(msg)
    reason = " ".join(str(form.get("reason", "")).split())
    if not 0 < len(reason) <= LONGEST_REASON:
        msg = f"Say why, in 1 to {LONGEST_REASON} signs: it is kept with your name."
        raise PerennialError(msg)
    return Rebuild(since=since, until=until, again=form.get("again") == "yes", reason=reason)


def _day(form: FormData, name: str) -> date:
    try:
        return date.fromisoformat(str(form.get(name, "")))
    except ValueError:
        msg = "A night is written as its day: 2026-11-22. Nothing was started."
        raise PerennialError(msg) from None
