"""The page of a day: the night in numbers and pictures, every message, every reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from perennial.model.words import Outcome, Reason, Stage
from perennial.report.charts import orders_chart, waves_chart
from perennial.report.day_figures import CampaignFigures, DayFigures, Person
from perennial.report.response_figures import response_figures

_HERE = Path(__file__).parent


def render_day(figures: DayFigures) -> str:
    """One self-contained HTML page; emails are shown from their files beside it."""
    campaigns = [_campaign(c) for c in figures.campaigns]
    total: Counter[str] = Counter()
    for campaign in figures.campaigns:
        total.update(_totals(campaign))
    return _template().render(
        shop=figures.shop,
        day=format_date(figures.day, "d MMMM y", locale="en"),
        figures=figures,
        campaigns=campaigns,
        total=total,
        told_at=_instant(figures),
        unwritten=total["audience"] - total["send"],
        cost=format_currency(
            sum(c.cost for c in figures.campaigns), figures.shop.currency, locale="en"
        ),
        stages=_shares({stage: figures.stages.get(stage, 0) for stage in Stage}),
        stage_meaning={str(stage): stage.meaning for stage in Stage},
        rfm=_rfm(figures.rfm),
        orders_chart=orders_chart(figures.orders_by_day),
        waves_chart=waves_chart(figures.waves, figures.shop.zone) if figures.waves else "",
        people=_embedded(figures.people, figures),
        listed=_listed(figures),
        meanings=_embedded_words(),
    )


def _totals(campaign: CampaignFigures) -> dict[str, int]:
    channels = campaign.responses.channels
    return {
        "audience": campaign.audience,
        "send": campaign.send,
        "hold_out": campaign.hold_out,
        "defer": sum(campaign.defer.values()),
        "skip": sum(campaign.skip.values()),
        "accepted": campaign.accepted,
        "in_doubt": campaign.in_doubt,
        "emails": campaign.emails,
        "sms": campaign.sms,
        "sms_segments": campaign.sms_segments,
        "whatsapp": campaign.whatsapp,
        "unfinished": campaign.send - campaign.accepted,
        "delivered": sum(c.delivered for c in channels),
        "reported": sum(c.accepted - c.untold for c in channels),
        "answered": sum(c.answered for c in channels),
        "left": sum(c.unsubscribed + c.stopped for c in channels),
        "cases": campaign.responses.cases,
    }


def _campaign(campaign: CampaignFigures) -> dict[str, Any]:
    reasons: list[dict[str, Any]] = [
        {"kind": kind, "reason": reason, "meaning": Reason(reason).meaning, "count": count}
        for kind, counted in (("defer", campaign.defer), ("skip", campaign.skip))
        for reason, count in sorted(counted.items(), key=lambda item: -item[1])
    ]
    totals = _totals(campaign)
    bar = {name: totals[name] for name in ("send", "hold_out", "defer", "skip")}
    return {
        "figures": campaign,
        "bar": _shares(bar),
        "reasons": reasons,
        "most": max((int(r["count"]) for r in reasons), default=1),
        "responses": response_figures(campaign.responses),
    }


def _instant(figures: DayFigures) -> str | None:
    if figures.told_at is None:
        return None
    return format_datetime(
        figures.told_at, "d MMMM y, HH:mm", tzinfo=figures.shop.zone, locale="en"
    )


def percent(share: float, digits: int = 0) -> str:
    """A share of 0 to 100; what is not quite nothing, or not quite everything, does not look like it."""
    rounded = round(share, digits)
    if share and not rounded:
        return f"< {10**-digits:.{digits}f} %"
    if rounded == 100 and share < 100:
        return f"> {100 - 10**-digits:.{digits}f} %"
    return f"{rounded:.{digits}f} %"


def _shares(counts: Mapping[Any, int]) -> list[dict[str, Any]]:
    whole = sum(counts.values()) or 1
    return [
        {"name": str(name), "count": count, "percent": round(100 * count / whole, 2)}
        for name, count in counts.items()
    ]


def _rfm(counts: Mapping[tuple[int, int], int]) -> list[list[dict[str, Any]]]:
    most = max(counts.values(), default=1)
    return [
        [
            {
                "count": counts.get((recency, value), 0),
                "heat": round(counts.get((recency, value), 0) / most, 3),
                "recency": recency,
                "value": value,
            }
            for value in range(1, 6)
        ]
        for recency in range(5, 0, -1)
    ]


def _embedded(people: Sequence[Person], figures: DayFigures) -> str:
    rows = [
        {
            "campaign": p.campaign,
            "id": p.customer_id,
            "name": p.first_name or "",
            "outcome": p.outcome,
            "reason": p.reason,
            "detail": p.detail,
            "channel": p.channel,
            "locale": p.locale,
            "at": p.send_at.astimezone(figures.shop.zone).strftime("%H:%M") if p.send_at else "",
            "zone": p.zone,
            "segments": p.segments,
            "state": p.state,
            "html": p.html,
            "text": p.text,
        }
        for p in people
    ]
    return _script_safe(rows)


def _listed(figures: DayFigures) -> list[dict[str, Any]]:
    """Everybody once more, for browsers without JavaScript."""
    titles = {campaign.name: campaign.title for campaign in figures.campaigns}
    return [
        {
            "name": p.first_name,
            "id": p.customer_id,
            "title": titles[p.campaign],
            "why": _why(p, figures),
            "html": p.html,
            "text": p.text,
        }
        for p in figures.people
    ]


def _why(person: Person, figures: DayFigures) -> str:
    if person.outcome == Outcome.SEND and person.send_at is not None:
        at = person.send_at.astimezone(figures.shop.zone).strftime("%H:%M")
        state = f", {person.state.replace('_', ' ')}" if person.state else ""
        return f"{person.channel}, {at}{state}"
    meaning = (Reason(person.reason) if person.reason else Outcome(person.outcome)).meaning
    return f"{meaning} ({person.detail})" if person.detail else meaning


def _embedded_words() -> str:
    words = {str(reason): reason.meaning for reason in Reason}
    words |= {str(outcome): outcome.meaning for outcome in Outcome}
    return _script_safe(words)


def _script_safe(data: object) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for unsafe, safe in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(unsafe, safe)
    return text


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = lambda value: format_decimal(value, locale="en")
    environment.filters["percent"] = percent
    return environment.get_template("day_page.html.j2")
