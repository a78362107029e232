"""A small shop with one day behind it: planned, sent, accounted for; made once a process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from one_night import DAY, HOUSEHOLDS, run_day, settings_at
from perennial.sample.loading import load_sample
from perennial.settings import PROJECT, Settings
from perennial.steps.services import services
from studio_visits import Door, PlayedAirflow, studio_door

_PARTS = ("shop.yaml", "policy.yaml", "campaigns", "templates", "expectations")


@pytest.fixture(scope="session")
def sent_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose day is sent; not to be written to, see `own_day`."""
    home = tmp_path_factory.mktemp("sent-day")
    load_sample(home / "shop.db", shift_to=DAY, households=HOUSEHOLDS)
    with services(settings_at(home)) as perennial:
        perennial.night(DAY)
        run_day(perennial)
    return home


@pytest.fixture(scope="session")
def sent_settings(sent_day: Path) -> Settings:
    return settings_at(sent_day)


@pytest.fixture(scope="session")
def sent_door(sent_settings: Settings) -> Iterator[Door]:
    """The Studio of that home, for those who only look."""
    with studio_door(sent_settings) as door:
        yield door


@pytest.fixture
def airflow() -> PlayedAirflow:
    return PlayedAirflow()


@pytest.fixture
def own_day(sent_day: Path, tmp_path: Path) -> Path:
    """A copy of that home for a test that changes something."""
    copy = tmp_path / "home"
    shutil.copytree(sent_day, copy)
    return copy


@pytest.fixture
def own_door(own_day: Path, airflow: PlayedAirflow) -> Iterator[Door]:
    with studio_door(settings_at(own_day), airflow=airflow) as door:
        yield door


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project whose files may be changed."""
    copy = tmp_path / "project"
    copy.mkdir()
    for name in _PARTS:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, copy / name)
    return copy


@pytest.fixture
def own_settings(sent_day: Path, tmp_path: Path, project: Path) -> Settings:
    """The sent day with an own ledger and an own project; the lake is only read."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(sent_day / "ledger.db", home / "ledger.db")
    return settings_at(home).model_copy(update={"project": project, "lake": str(sent_day / "lake")})
