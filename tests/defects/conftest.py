from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from audience_nights import Audiences
from defects.good_nights import SpoiledNights, run_clean_nights
from defects.of_audiences import NIGHTS, USUAL_AGREED, USUAL_MEMBERS
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake


@pytest.fixture(scope="session")
def good_nights(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Ninety clean nights; run once, also where several processes test side by side."""
    base = tmp_path_factory.getbasetemp()
    folder = base if worker_id == "master" else base.parent
    home = folder / "good nights"
    with (folder / "good nights.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            draft = folder / "good nights draft"
            run_clean_nights(draft)
            draft.rename(home)
    return home


@pytest.fixture(scope="session")
def spoiled_nights(
    good_nights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SpoiledNights]:
    lake = tmp_path_factory.mktemp("spoiled") / "lake"
    shutil.copytree(good_nights / "lake", lake)
    nights = SpoiledNights(lake)
    yield nights
    nights.close()


@pytest.fixture(scope="module")
def audiences(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audiences]:
    """A campaign with ten usual nights behind it."""
    with Engine(Lake(tmp_path_factory.mktemp("audiences") / "lake")) as engine:
        usual = Audiences(engine)
        usual.past(USUAL_MEMBERS, nights=NIGHTS, agreed=USUAL_AGREED)
        yield usual
