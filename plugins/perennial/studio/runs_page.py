"""Starting a campaign by hand: for a day, as a trial, for a few, or at a later hour; and Airflow's own pause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.campaigns.definition import Campaign
from perennial.campaigns.timing import schedule_in_words
from perennial.errors import PerennialError
from perennial.model.words import LONGEST_REASON, AuditAction
from perennial.steps.services import Perennial
from perennial.studio.airflow_api import DagState, Run
from perennial.studio.asking import shop_day
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

_MOST_CUSTOMERS = 1_000
_LAST_RUNS = 10


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A run as the form asks for it. `at` is an instant in the future, or nothing for now."""

    day: date
    dry_run: bool
    limit: int | None
    customers: Sequence[str]
    at: datetime | None
    reason: str

    @property
    def conf(self) -> dict[str, Any]:
        """What the DAG's own form would hold."""
        return {
            "day": self.day.isoformat(),
            "dry_run": self.dry_run,
            "limit": self.limit,
            "customers": list(self.customers) or None,
        }

    @property
    def in_words(self) -> str:
        parts = [f"for {self.day}"]
        parts += ["as a trial"] if self.dry_run else []
        parts += [f"at most {self.limit}"] if self.limit else []
        parts += [f"{len(self.customers)} customers alone"] if self.customers else []
        parts += [f"at {self.at:%Y-%m-%d %H:%M %Z}"] if self.at else []
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True)
class RunForm:
    """What the page shows before anything is filled in."""

    campaign: Campaign
    schedule: str
    today: date


def look_at_run_form(perennial: Perennial, name: str) -> RunForm:
    """The form of a campaign.

    Raises:
        SettingsError: there is no such campaign.
        CampaignError: its file has mistakes.
    """
    campaign = perennial.campaign(name)
    return RunForm(
        campaign=campaign, schedule=schedule_in_words(campaign), today=shop_day(perennial)
    )


def run_routes(room: Room) -> list[Route]:
    """The form, and what it starts."""

    async def show(request: Request, visitor: Visitor) -> Response:
        name = request.path_params["name"]
        form = await room.ask(lambda p: look_at_run_form(p, name))
        dag: DagState | None = (await room.airflow.dags(visitor)).get(_dag_id(name))
        runs: Sequence[Run] = ()
        if dag is not None:
            runs = await room.airflow.runs(visitor, dag.dag_id, limit=_LAST_RUNS)
        return room.pages.page(
            "run", request, visitor, form=form, dag=dag, runs=runs, longest=LONGEST_REASON
        )

    async def start(request: Request, visitor: Visitor, form: FormData) -> Response:
        name = request.path_params["name"]
        wanted = await room.ask(lambda p: _wanted(p, name, form))
        await room.airflow.trigger(visitor, _dag_id(name), wanted.conf, at=wanted.at)
        await room.ask(lambda p: _note(p, visitor, name, wanted.in_words, wanted.reason))
        return room.back(request, f"/campaigns/{name}/run", said=f"Started: {wanted.in_words}.")

    async def pause(request: Request, visitor: Visitor, form: FormData) -> Response:
        name, paused = request.path_params["name"], form.get("paused") == "yes"
        reason = _reason(form)
        await room.airflow.pause(visitor, _dag_id(name), paused=paused)
        what = "schedule paused" if paused else "schedule runs"
        await room.ask(lambda p: _note(p, visitor, name, what, reason))
        said = "Airflow starts no further runs." if paused else "Airflow starts runs again."
        return room.back(request, f"/campaigns/{name}/run", said=said)

    path = "/campaigns/{name}/run"
    return [
        room.page(path, show),
        room.action(path, start, right=Right.OPERATE),
        room.action(f"{path}/pause", pause, right=Right.OPERATE),
    ]


def _dag_id(name: str) -> str:
    return f"campaign_{name}"


def _note(perennial: Perennial, visitor: Visitor, name: str, what: str, reason: str) -> None:
    perennial.ledger.note_audit(
        AuditAction.STARTED,
        actor=visitor.name,
        subject=name,
        reason=f"{what}: {reason}",
        at=perennial.now(),
    )


def _wanted(perennial: Perennial, name: str, form: FormData) -> Wanted:
    perennial.campaign(name)
    at = _instant(perennial, str(form.get("at", "")))
    usual = at.astimezone(perennial.shop.zone).date() if at else shop_day(perennial)
    return Wanted(
        day=_day(str(form.get("day", ""))) or usual,
        dry_run=form.get("dry_run") == "yes",
        limit=_limit(str(form.get("limit", "")).strip()),
        customers=_customers(str(form.get("customers", ""))),
        at=at,
        reason=_reason(form),
    )


def _instant(perennial: Perennial, text: str) -> datetime | None:
    """An hour on the shop's clock."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=perennial.shop.zone)
    except ValueError:
        msg = "The hour is written as 2026-11-22T18:30. Nothing was started."
        raise PerennialError(msg) from None
    if at <= datetime.now(at.tzinfo):
        msg = "That hour is over. Leave it empty to start now; nothing was started."
        raise PerennialError(msg)
    return at


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        msg = "The day is written as 2026-11-22. Nothing was started."
        raise PerennialError(msg) from None


def _limit(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10_000_000):
        msg = "At most how many messages is a whole number from 1. Nothing was started."
        raise PerennialError(msg)
    return int(text)


def _customers(text: str) -> list[str]:
    found = list(dict.fromkeys(text.replace(",", "\n").split()))
    if len(found) > _MOST_CUSTOMERS:
        msg = f"Name at most {_MOST_CUSTOMERS:,} customers. Nothing was started."
        raise PerennialError(msg)
    return found


def _reason(form: FormData) -> str:
    reason = " ".join(str(form.get("reason", "")).split())
    if not 0 < len(reason) <= LONGEST_REASON:
        msg = f"Say why, in 1 to {LONGEST_REASON} signs: it is kept with your name."
        raise PerennialError(msg)
    return reason
