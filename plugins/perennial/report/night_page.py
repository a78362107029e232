"""The page of a night: what the checks found, which rows were put aside and why, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import jinja2
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from perennial.report.night_figures import NightFigures
from perennial.validation.verdicts import Action

_HERE = Path(__file__).parent
_WORST_FIRST = (Action.STOP, Action.HOLD, Action.QUARANTINE, Action.WARN)


def render_night(figures: NightFigures) -> str:
    """One self-contained HTML page that needs no network; the files it names lie beside the lake."""
    release = figures.release
    page = _environment().get_template("night_page.html.j2")
    return page.render(
        figures=figures,
        day=format_date(figures.day, "EEEE, d MMMM y", locale="en"),
        findings=sorted(figures.findings, key=lambda f: _WORST_FIRST.index(f.action)),
        rows=sum(d.rows for d in figures.datasets),
        accepted=sum(d.accepted for d in figures.datasets),
        quarantined=sum(d.quarantined for d in figures.datasets),
        returned=sum(d.returned for d in figures.datasets),
        back=sum(d.back for d in figures.datasets),
        waiting=sum(d.waiting for d in figures.datasets),
        released_at=format_datetime(release.at, "d MMMM y, HH:mm 'UTC'", locale="en")
        if release
        else None,
        meaning={str(action): action.meaning for action in Action},
    )


def render_no_data(
    *, shop: str, day: date, why: str, campaigns: Sequence[str], night_page: str | None
) -> str:
    """The page of a day without verified data: nothing was sent, and why."""
    return (
        _environment()
        .get_template("no_data_page.html.j2")
        .render(
            shop=shop,
            day=format_date(day, "d MMMM y", locale="en"),
            why=why,
            campaigns=campaigns,
            night_page=night_page,
        )
    )


def _with_code(text: str) -> Markup:
    """Text with what stands between `backticks` shown as code; everything else is literal."""
    parts = re.split(r"`([^`]*)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def _number(value: float) -> str:
    """A count, or a share: as many figures as say something."""
    digits = "#,##0" if value == int(value) or abs(value) >= 100 else "#,##0.###"
    return format_decimal(value, format=digits, locale="en")


def _percent(share: float) -> str:
    return "< 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = _number
    environment.filters["percent"] = _percent
    environment.filters["with_code"] = _with_code
    return environment
