"""Many nights in one go leave the very files that the nights left one by one, and send nothing."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest

from one_night import DAY, accepted, settings_at
from perennial.errors import NightStopped
from perennial.steps.services import services

pytestmark = pytest.mark.sample
DAYS = [DAY - timedelta(days=n) for n in range(4, -1, -1)]


@pytest.fixture
def untouched(home: Path) -> Path:
    """The shop, before its first night."""
    shutil.rmtree(home / "lake")
    return home


def content(home: Path) -> dict[str, bytes]:
    """Every file of the lake."""
    lake = home / "lake"
    return {
        path.relative_to(lake).as_posix(): path.read_bytes()
        for path in sorted(lake.rglob("day=*/*"))
    }


def test_a_range_leaves_what_its_nights_leave_one_by_one(untouched: Path, tmp_path: Path) -> None:
    other = shutil.copytree(untouched, tmp_path / "other")
    with services(settings_at(untouched)) as perennial:
        one_by_one = [perennial.night(day) for day in DAYS]
    with services(settings_at(other)) as perennial:
        in_one_go = perennial.nights(DAYS)
        first = content(other)
        perennial.nights(DAYS)

    assert in_one_go == one_by_one
    assert first == content(untouched)
    assert content(other) == first
    assert accepted(other).total() == 0


def test_a_stopped_night_leaves_the_nights_before_it_done(untouched: Path) -> None:
    with sqlite3.connect(untouched / "shop.db") as connection:
        connection.execute(
            "update orders set total_cents = -100 where ordered_at >= ?", (f"{DAYS[2]} 06:00",)
        )
    with services(settings_at(untouched)) as perennial:
        with pytest.raises(NightStopped, match=f"The night of {DAYS[3]}"):
            perennial.nights(DAYS)
        formed = [perennial.audiences_formed(day) for day in DAYS]

    assert formed == [True, True, True, False, False]


def test_progress_hears_of_every_day(untouched: Path) -> None:
    heard: list[date] = []
    with services(settings_at(untouched)) as perennial:
        perennial.nights(DAYS[:2], progress=heard.append)

    assert heard == DAYS[:2]
