"""What a night writes is what its contracts say: every column by its name, its type and its place, and no other."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from one_person import DAY, home_of
from perennial.lake.partitions import Partition
from perennial.model.datasets import DECISIONS, DERIVED_DATASETS, SHOP_DATASETS, Column, Dataset
from perennial.model.quarantined import quarantine_of
from perennial.steps.services import services

CONTRACTS: Mapping[str, Dataset] = {
    **{f"verified/{name}": dataset for name, dataset in SHOP_DATASETS.items()},
    **DERIVED_DATASETS,
    **{(aside := quarantine_of(dataset)).name: aside for dataset in SHOP_DATASETS.values()},
}


@pytest.fixture(scope="module")
def planned(good_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night, and the plan of a campaign."""
    home = Path(shutil.copytree(good_night, tmp_path_factory.mktemp("planned") / "home"))
    with services(home_of(home)) as perennial:
        perennial.plan("birthday", DAY)
    return home


@pytest.fixture(scope="module")
def written(planned: Path) -> dict[str, list[tuple[str, str]]]:
    """The columns of each partition of the day, as DuckDB reads them."""
    with services(home_of(planned)) as perennial:
        lake = perennial.engine.lake
        return {
            folder: [
                (row["column_name"], row["column_type"])
                for row in perennial.engine.rows(
                    "describe select * from read_parquet($path, hive_partitioning = false)",
                    {"path": str(lake.existing(_partition(folder)))},
                )
            ]
            for folder in CONTRACTS
        }


def _partition(folder: str) -> Partition:
    name = "birthday" if folder == DECISIONS.name else "data"
    return Partition(dataset=folder, day=DAY, name=name)


@pytest.mark.parametrize("folder", CONTRACTS)
def test_a_partition_has_the_columns_of_its_contract_in_their_order(
    folder: str, written: dict[str, list[tuple[str, str]]]
) -> None:
    types = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    assert written[folder] == [
        (c.name, types.get(c.type, c.type)) for c in CONTRACTS[folder].columns
    ]


@pytest.mark.parametrize("folder", CONTRACTS)
def test_what_a_contract_always_promises_is_never_empty(folder: str, planned: Path) -> None:
    with services(home_of(planned)) as perennial:
        perennial.engine.view("written", _partition(folder))
        missing = " or ".join(
            f'"{c.name}" is null' for c in CONTRACTS[folder].columns if c.required
        )
        assert perennial.engine.scalar(f"select count(*) from written where {missing}") == 0


@pytest.mark.parametrize("type_", ["INTEGER", "DECIMAL(12,2)", "DOUBLE", "DATE"])
def test_a_number_says_its_unit_and_a_date_its_clock(type_: str) -> None:
    with pytest.raises(ValueError, match="The column points must say its unit, or its zone"):
        Column(name="points", type=type_, meaning="Some.")
    assert Column(name="points", type=type_, meaning="Some.", unit="points").unit == "points"


def test_an_instant_is_in_utc() -> None:
    assert Column(name="at", type="TIMESTAMPTZ", meaning="Then.").unit == "instant, UTC"
