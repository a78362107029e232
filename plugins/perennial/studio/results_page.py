"""Results: what came back, and what each campaign changed, against those who were held out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.model.cells import safe_cell
from perennial.pipeline.measuring import ATTRIBUTION, WINDOW, CampaignResults, results_table
from perennial.report.response_figures import ResponseFigures, response_figures
from perennial.steps.services import Perennial
from perennial.studio.asking import chosen_day, shop_day
from perennial.studio.keeping import KeptFor, Renewed
from perennial.studio.room import Room
from perennial.studio.visitors import Visitor

_FOUR_WEEKS = timedelta(days=27)
_LONGEST = 400
_KEPT = 64
_KEPT_FOR = KeptFor(new=60.0, shown=3600.0)


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days that are looked at, both included."""

    since: date
    until: date


@dataclass(frozen=True, kw_only=True)
class ResultsPage:
    """One campaign's results, in figures and in shares, as they were counted `at` an instant."""

    title: str
    at: datetime
    results: CampaignResults
    shares: ResponseFigures


@dataclass(frozen=True, kw_only=True)
class ResultsLine:
    """A campaign in the list, by what it planned."""

    name: str
    title: str
    planned: int
    held_out: int


def look_at_all_results(perennial: Perennial, span: Span) -> Sequence[ResultsLine]:
    """Every campaign with what it planned on those days."""
    plans = perennial.ledger.plans_between(span.since, span.until)

    def total(name: str, count: str) -> int:
        return sum(plan.counts[count] for plan in plans if plan.campaign == name)

    return [
        ResultsLine(
            name=campaign.name,
            title=campaign.title,
            planned=total(campaign.name, "send"),
            held_out=total(campaign.name, "hold_out"),
        )
        for campaign in perennial.campaigns
    ]


def look_at_results(
    perennial: Perennial,
    name: str,
    span: Span,
    kept: Renewed[Perennial, CampaignResults],
    *,
    waits: bool = False,
) -> ResultsPage:
    """One campaign's results on those days, as known by the last night, and counted a while ago, which the page says.

    Whoever looks when they are older than a minute has them counted anew, for the next who looks unless they wait.

    Raises:
        SettingsError: there is no such campaign.
        MissingPartition: no night has run yet.
    """
    campaign = perennial.campaign(name)
    counted = kept.answer(
        perennial,
        (name, span, perennial.last_night()),
        lambda asked: asked.results(name, span.since, span.until),
        perennial.now,
        waits=waits,
    )
    return ResultsPage(
        title=campaign.title,
        at=counted.at,
        results=counted.figures,
        shares=response_figures(counted.figures.responses),
    )


def result_routes(room: Room) -> list[Route]:
    """The list, each campaign, and its table as a file."""
    kept = Renewed[Perennial, CampaignResults](_KEPT, lambda _: _KEPT_FOR, room.later)

    async def show_all(request: Request, visitor: Visitor) -> Response:
        span = await _span(room, request)
        lines = await room.ask(lambda p: look_at_all_results(p, span))
        return room.pages.page("results", request, visitor, span=span, lines=lines)

    async def show(request: Request, visitor: Visitor) -> Response:
        name, span = request.path_params["name"], await _span(room, request)
        seen = await room.ask(lambda p: look_at_results(p, name, span, kept))
        return room.pages.page(
            "result",
            request,
            visitor,
            span=span,
            seen=seen,
            window=WINDOW.days,
            attribution=ATTRIBUTION.days,
        )

    async def table(request: Request, _: Visitor) -> Response:
        name, span = request.path_params["name"], await _span(room, request)
        seen = await room.ask(lambda p: look_at_results(p, name, span, kept, waits=True))
        headers = {"Content-Disposition": f'attachment; filename="results-{name}.csv"'}
        return Response(
            _as_csv(seen.results), media_type="text/csv; charset=utf-8", headers=headers
        )

    return [
        room.page("/results", show_all),
        room.page("/results/{name}", show),
        room.page("/results/{name}/table.csv", table),
    ]


async def _span(room: Room, request: Request) -> Span:
    """The days that the address names; the last four weeks unless it names others."""
    until = chosen_day(request, "until")
    if until is None:
        until = await room.ask(shop_day)
    since = chosen_day(request, "since") or until - _FOUR_WEEKS
    if not 0 <= (until - since).days < _LONGEST:
        raise HTTPException(404, f"Choose a first and a last day at most {_LONGEST} days apart.")
    return Span(since=since, until=until)


def _as_csv(results: CampaignResults) -> str:
    """A table that spreadsheets open as it is, and read no formula from; it begins with a byte order mark for them."""
    rows = results_table(results)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({name: safe_cell(value) for name, value in row.items()})
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + text.getvalue()
