from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from night_samples import ShopNights
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield engine


@pytest.fixture
def nights(engine: Engine) -> ShopNights:
    return ShopNights(engine)
