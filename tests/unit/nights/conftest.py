"""A little shop whose night is stopped, and commands on it; made once a process and copied for each test."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_runner import Run, running
from one_person import DAY, a_shop_with_quirina, home_of
from perennial.errors import NightStopped
from perennial.steps.services import Perennial, services


@pytest.fixture(scope="session")
def stopped_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop says of a consent what might be a withdrawal; the checks stop the night."""
    home = tmp_path_factory.mktemp("stopped")
    a_shop_with_quirina(home / "shop.db")
    with sqlite3.connect(home / "shop.db") as shop:
        shop.execute(
            "update consents set state = 'revoked'"
            " where consent_id = (select min(consent_id) from consents where customer_id = 'c1')"
        )
        shop.execute("update customers set birth_date = '10/06/1974' where customer_id = 'Q77431'")
    with services(home_of(home)) as perennial, pytest.raises(NightStopped):
        perennial.night(DAY)
    return home


@pytest.fixture(scope="session")
def good_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("good")
    a_shop_with_quirina(home / "shop.db")
    with services(home_of(home)) as perennial:
        perennial.night(DAY)
    return home


@pytest.fixture
def home(stopped_night: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stopped_night, tmp_path / "home"))


@pytest.fixture
def perennial(home: Path) -> Iterator[Perennial]:
    with services(home_of(home)) as installation:
        yield installation


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in the installation of the test."""
    monkeypatch.setenv("PERENNIAL_HOME", str(home))
    monkeypatch.setenv("PERENNIAL_CLOCK", "simulated")
    monkeypatch.setenv("USER", "ann")

    return running
