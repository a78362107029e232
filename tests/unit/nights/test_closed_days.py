"""What the shop's own table says of closed days is kept with the night that read it."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from one_person import DAY, home_of
from perennial.pipeline.closed_days import calendar_of_night
from perennial.steps.services import Perennial, services
from perennial.validation.usual import Trade


@pytest.fixture
def home(good_night: Path, tmp_path: Path) -> Path:
    """A night without closed days; the shop's table has got one since."""
    home = Path(shutil.copytree(good_night, tmp_path / "home"))
    with sqlite3.connect(home / "shop.db") as shop:
        shop.execute("insert into closed_days values (?)", (str(DAY - timedelta(days=1)),))
    return home


def _trade(perennial: Perennial) -> Trade:
    return calendar_of_night(perennial.engine.lake, DAY, perennial.shop).trade(DAY)


def test_a_night_that_runs_again_knows_the_closed_days_that_it_knew(home: Path) -> None:
    with services(home_of(home)) as perennial:
        perennial.extract("orders", DAY)
        assert _trade(perennial) is Trade.USUAL


def test_a_night_that_reads_the_shop_again_reads_its_closed_days_too(home: Path) -> None:
    with services(home_of(home)) as perennial:
        perennial.extract("orders", DAY, refresh=True)
        assert _trade(perennial) is Trade.CLOSED
