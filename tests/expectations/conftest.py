from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from night_samples import ShopNights
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[ShopNights]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield ShopNights(engine)
