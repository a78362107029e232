"""Charts as SVG, drawn here and coloured by the page, so that they follow light and dark."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

_AXIS = {
    "labelColor": "var(--muted)",
    "titleColor": "var(--muted)",
    "gridColor": "var(--line)",
    "domain": False,
    "ticks": False,
    "labelFont": "inherit",
    "titleFont": "inherit",
    "labelFontSize": 12,
}

_CHANNELS = {
    "email": ("Email", "var(--brand)"),
    "sms": ("SMS", "var(--accent)"),
    "whatsapp": ("WhatsApp", "var(--muted)"),
}


def orders_chart(orders_by_day: Sequence[tuple[date, int]]) -> str:
    """Orders of each day, as an area."""
    import altair as alt

    rows = [{"day": day.isoformat(), "orders": count} for day, count in orders_by_day]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_area(
            color="var(--brand)", opacity=0.25, line={"color": "var(--brand)", "strokeWidth": 1.5}
        )
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b", grid=False, tickCount=6)),
            y=alt.Y("orders:Q", title=None, axis=alt.Axis(tickCount=4)),
        )
        .properties(width=560, height=150)
    )
    return _svg(chart, "Orders of each day")


def waves_chart(waves: Sequence[tuple[datetime, str, int]], zone: ZoneInfo) -> str:
    """Messages by the hour in which they leave, on the shop's clock."""
    import altair as alt

    rows = [
        {
            "hour": at.astimezone(zone).strftime("%H:00"),
            "channel": _CHANNELS[channel][0],
            "messages": count,
        }
        for at, channel, count in waves
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X("hour:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("sum(messages):Q", title=None, axis=alt.Axis(tickCount=4)),
            color=alt.Color(
                "channel:N",
                scale=_scale({channel for _, channel, _ in waves}),
                legend=alt.Legend(title=None, orient="top", labelColor="var(--muted)"),
            ),
        )
        .properties(width=560, height=150)
    )
    return _svg(chart, "Messages by the hour in which they leave")


def _scale(used: Collection[str]) -> Any:  # noqa: ANN401 - Altair's
    """A colour each; a channel that is seldom used is in the legend only where it is used."""
    import altair as alt

    shown = [pair for name, pair in _CHANNELS.items() if name in {"email", "sms", *used}]
    return alt.Scale(domain=[label for label, _ in shown], range=[colour for _, colour in shown])


def _svg(chart: Any, title: str) -> str:  # noqa: ANN401 - Altair has many chart types
    import vl_convert

    styled = chart.configure(background="transparent", font="inherit")
    styled = styled.configure_view(stroke=None).configure_axis(**_AXIS)
    svg: str = vl_convert.vegalite_to_svg(json.loads(styled.to_json()))
    label = f'<svg role="img" aria-label="{title}" '
    return svg.replace("<svg ", label, 1)
