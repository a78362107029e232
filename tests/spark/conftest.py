"""One Spark for all tests, on two cores of this machine; each test has a lake and an engine of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.lake.spark.engine import SparkEngine
from perennial.lake.spark.session import Cluster
from spark_engines import SMALL


@pytest.fixture(scope="session")
def running_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Spark stays up from the first test to the last: every engine is a session of its own in it."""
    with (
        Engine(Lake(tmp_path_factory.mktemp("running-spark"))) as duck,
        SparkEngine(duck, SMALL),
    ):
        yield SMALL


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Engine]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield engine


@pytest.fixture
def spark(running_spark: Cluster, duck: Engine) -> Iterator[SparkEngine]:
    with SparkEngine(duck, running_spark) as engine:
        yield engine
