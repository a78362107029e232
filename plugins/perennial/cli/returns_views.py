"""What `perennial status` shows of what came back, in a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from perennial.cli.showing import table_of
from perennial.model.words import SurveyScale
from perennial.report.response_figures import ResponseFigures
from perennial.steps.looking import DayReturns

Json = Mapping[str, Any]

_COUNTS = (
    *("accepted", "delivered", "bounced", "undelivered", "untold"),
    *("opened", "clicked", "unsubscribed", "stopped", "complained"),
)


def returns_json(found: Iterable[DayReturns]) -> list[dict[str, Any]]:
    """What came back, as data; `opened` and `clicked` are people, and empty for what nobody has reported yet."""
    return [
        {
            "campaign": each.campaign,
            "day": each.day.isoformat(),
            **_counts(each.figures),
            "surveys": [
                {
                    "scale": survey.scale,
                    "answers": survey.answers,
                    "value": round(survey.estimate.value, 4),
                    "low": round(survey.estimate.low, 4),
                    "high": round(survey.estimate.high, 4),
                }
                for survey in each.figures.surveys
            ],
            "cases": each.figures.cases,
            "orders": each.orders,
        }
        for each in found
    ]


def _counts(figures: ResponseFigures) -> Mapping[str, int | None]:
    lines = (*figures.reached, *figures.lost, *figures.refused)
    known = dict.fromkeys(_COUNTS, 0) | {line.name: line.count for line in lines}
    if not figures.told:
        silent = dict.fromkeys(_COUNTS) | {name: known[name] for name in ("accepted", "untold")}
        return silent | {"opened_by_machines": None, "clicked_by_machines": None}
    return known | {
        "opened_by_machines": figures.machines,
        "clicked_by_machines": figures.machine_clicks,
    }


def returns(data: Sequence[Json]) -> RenderableType:
    """A table a campaign, and a sentence for each day on which somebody left, answered or bought."""
    if not data:
        return Text("Nothing has left: --days looks further back.", style="dim")
    parts: list[RenderableType] = []
    for campaign, days in groupby(data, key=lambda row: row["campaign"]):
        rows = list(days)
        heads = ("day", "accepted", "delivered", "bounced", "opened", "clicked", "machines")
        table = table_of(f"What came back: {campaign}", *heads)
        for row in rows:
            told = (row[n] for n in (*heads[1:-1], "clicked_by_machines"))
            table.add_row(row["day"], *("–" if n is None else f"{n:,}" for n in told))
        sentences = [Text(f"{row['day']}: {said}") for row in rows if (said := _said(row))]
        parts += [table, *sentences, Text()] if sentences else [table]
    parts.append(
        Text(
            "People opened and clicked; machines are links that none but programs followed. A dash: nobody has said.",
            style="dim",
        )
    )
    return Group(*parts)


def _said(row: Json) -> str:
    return ", ".join(_phrases(row))


def _phrases(row: Json) -> Iterator[str]:
    words = (
        ("unsubscribed", "unsubscribed"),
        ("stopped", "answered STOP"),
        ("complained", "marked it as spam"),
        ("undelivered", "not delivered this time"),
    )
    for name, phrase in words:
        if row[name]:
            yield f"{row[name]:,} {phrase}"
    for survey in row["surveys"]:
        yield f"{_many(survey['answers'], 'answer')}, {_score(survey)}"
    if row["cases"]:
        yield _many(row["cases"], "case")
    if row["orders"] is not None:
        yield f"{_many(row['orders'], 'order')} by those written to"


def _score(survey: Json) -> str:
    value, low, high = (survey[name] for name in ("value", "low", "high"))
    if survey["scale"] == SurveyScale.CSAT:
        return f"CSAT {value:.0%} ({low:.0%} to {high:.0%})"
    return f"NPS {value:+.0f} ({low:+.0f} to {high:+.0f})"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
