from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from shop_builder import TinyShop


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(Lake(tmp_path)) as engine:
        yield engine


@pytest.fixture
def tiny() -> TinyShop:
    return TinyShop()
