from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from perennial.sample.loading import SampleSummary, load_sample

TODAY = date(2026, 11, 21)
HOUSEHOLDS = 100


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample") / "shop.db"


@pytest.fixture(scope="session")
def summary(sample_file: Path) -> SampleSummary:
    return load_sample(sample_file, shift_to=TODAY, households=HOUSEHOLDS)


@pytest.fixture(scope="session")
def shop(sample_file: Path, summary: SampleSummary) -> Iterator[sqlite3.Connection]:
    assert summary.rows["orders"] > 0
    connection = sqlite3.connect(sample_file)
    connection.execute("pragma query_only = on")
    yield connection
    connection.close()
