"""One night of the little shop, made once a process and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from one_person import DAY, a_shop_with_quirina, home_of
from perennial.steps.services import Perennial, services


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("one-person")
    a_shop_with_quirina(home / "shop.db")
    with services(home_of(home)) as perennial:
        perennial.night(DAY)
    return home


@pytest.fixture
def home(first_night: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first_night, tmp_path / "home"))


@pytest.fixture
def perennial(home: Path) -> Iterator[Perennial]:
    with services(home_of(home)) as installation:
        yield installation
