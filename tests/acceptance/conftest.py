"""A small sample shop with one night behind it, made once a process and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from one_night import DAY, HOUSEHOLDS, settings_at
from perennial.sample.loading import load_sample
from perennial.steps.services import Perennial, services


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("first-night")
    load_sample(home / "shop.db", shift_to=DAY, households=HOUSEHOLDS)
    with services(settings_at(home)) as perennial:
        perennial.night(DAY)
    return home


@pytest.fixture
def home(first_night: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(first_night, copy)
    return copy


@pytest.fixture
def perennial(home: Path) -> Iterator[Perennial]:
    with services(settings_at(home)) as installation:
        yield installation
