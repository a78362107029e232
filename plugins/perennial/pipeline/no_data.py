"""A day without verified data: nobody is written to, and everybody who looks is told so, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from perennial.errors import MissingPartition
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import MEMBERSHIPS, SHOP_DATASETS
from perennial.model.shop import Shop
from perennial.pipeline.verifying import VERDICTS, night_published, read_verdicts
from perennial.report.night_page import render_no_data

_LOOKED_BACK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class NoData:
    """One day without verified data, and why. Everybody in its audiences stays as they were."""

    day: date
    why: str

    def __str__(self) -> str:
        return f"No verified data for {self.day}: nothing was sent. {self.why}"

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"day": self.day.isoformat(), "sentence": str(self)}


def look_for_data(lake: Lake, day: date) -> NoData | None:
    """Why the audiences of a day are not formed; nothing when they are."""
    if lake.exists(Partition(dataset=MEMBERSHIPS.name, day=day)):
        return None
    return NoData(day=day, why=_why(lake, day))


def refuse_without_data(lake: Lake, day: date) -> None:
    """Lets a day pass whose audiences are formed.

    Raises:
        MissingPartition: they are not; says why.
    """
    if found := look_for_data(lake, day):
        msg = f"{found} Run the night first: perennial night --day {day}"
        raise MissingPartition(msg)


def write_no_data_page(
    missing: NoData, *, shop: Shop, campaigns: Sequence[str], page: Path
) -> Path:
    """Writes the page of a day on which nothing was sent; it leads to the night's page, where there is one."""
    night = page.with_name(f"{page.stem}-night.html")
    text = render_no_data(
        shop=shop.name,
        day=missing.day,
        why=missing.why,
        campaigns=campaigns,
        night_page=night.name if night.exists() else None,
    )
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")
    return page


def days_without_data(lake: Lake, today: date | None) -> list[NoData]:
    """The days of the last week whose audiences are not formed, oldest first; only since the first night there was.

    Without `today`, the last day that a night has looked at is taken for it.
    """
    nights = lake.record_days(VERDICTS)
    if not nights:
        return []
    last = max(today or nights[-1], nights[-1])
    first = max(nights[0], last - _LOOKED_BACK)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [found for day in days if (found := look_for_data(lake, day))]


def _why(lake: Lake, day: date) -> str:
    verdicts = read_verdicts(lake, day)
    stops = [verdict.sentence for verdict in verdicts if verdict.stopped]
    if stops and not night_published(lake, day):
        return f"The night was stopped: {' '.join(stops)}"
    if night_published(lake, day):
        return "The night was published, but its audiences are not formed yet."
    if len(verdicts) == len(SHOP_DATASETS):
        return "The night was judged, but not published yet."
    if any(day in lake.days(f"raw/{name}") for name in SHOP_DATASETS):
        return "The night was extracted, but its checks have not been through all datasets."
    return "The night has not run."
