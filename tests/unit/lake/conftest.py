from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def engine(lake: Lake) -> Iterator[Engine]:
    with Engine(lake) as engine:
        yield engine
