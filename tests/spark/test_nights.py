"""Night after night of the sample shop, Spark leaves in the lake what DuckDB has left there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from one_night import DAY, settings_at
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.lake.spark.session import Cluster
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS, Dataset
from perennial.sample.loading import load_sample
from perennial.settings import EngineName
from perennial.steps.services import Perennial, services

pytestmark = [pytest.mark.spark, pytest.mark.sample]
NIGHTS = int(os.environ.get("NIGHTS", "30"))
HOUSEHOLDS = int(os.environ.get("HOUSEHOLDS", "0")) or None
DAYS = [DAY - timedelta(days=n) for n in range(NIGHTS - 1, -1, -1)]


@pytest.fixture(scope="module")
def by_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a shop whose nights DuckDB has worked out."""
    home = tmp_path_factory.mktemp("nights")
    load_sample(home / "shop.db", shift_to=DAY, households=HOUSEHOLDS)
    with services(settings_at(home)) as perennial:
        perennial.nights(DAYS)
    return home


@pytest.fixture(scope="module")
def perennial(by_duckdb: Path, running_spark: Cluster) -> Iterator[Perennial]:
    """The same installation, told to use Spark, and nothing else."""
    chosen = {
        "engine": EngineName.SPARK,
        "spark_master": running_spark.master,
        "spark_options": dict(running_spark.options),
    }
    with services(settings_at(by_duckdb).model_copy(update=chosen)) as installation:
        yield installation


def kept_aside(engine: Engine, dataset: Dataset, day: date) -> str:
    """Moves what DuckDB has made out of the way, and says what it was."""
    partition = Partition(dataset=dataset.name, day=day)
    content = engine.content_hash(partition)
    engine.lake.move(partition, Partition(dataset=f"by_duckdb/{dataset.name}", day=partition.day))
    return content


def different_columns(engine: Engine, dataset: Dataset, day: date) -> list[str]:
    engine.view("expected", Partition(dataset=f"by_duckdb/{dataset.name}", day=day))
    engine.view("found", Partition(dataset=dataset.name, day=day))
    key = ", ".join(dataset.key)
    return [
        name
        for name in dataset.column_names
        if engine.scalar(
            f"select count(*) from expected full join found using ({key})"
            f' where expected."{name}" is distinct from found."{name}"'
        )
    ]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("day", DAYS, ids=str)
def test_features_and_memberships_of_a_night_are_the_same(perennial: Perennial, day: date) -> None:
    tables = (CUSTOMER_FEATURES, MEMBERSHIPS)
    expected = [kept_aside(perennial.engine, table, day) for table in tables]

    made = perennial.understood(day)

    assert made["customers"] > 0
    different = {t.name: different_columns(perennial.engine, t, day) for t in tables}
    assert different == {CUSTOMER_FEATURES.name: [], MEMBERSHIPS.name: []}
    # Types and order are the same, too.
    assert [
        perennial.engine.content_hash(Partition(dataset=t.name, day=day)) for t in tables
    ] == expected
