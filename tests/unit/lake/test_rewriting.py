"""Whoever takes rows out of a partition loses nothing of what a night does to it meanwhile."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from object_storage import Bucket
from perennial.lake.partitions import Lake, Partition
from perennial.lake.rewriting import rewrite

PARTITION = Partition(dataset="contacts", day=date(2026, 11, 16))


@pytest.fixture(params=["folder", "objects"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "folder":
        return Lake(tmp_path)
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.lake(tmp_path)


def put(lake: Lake, *people: str) -> None:
    with lake.publishing(PARTITION) as draft:
        pq.write_table(pa.table({"customer_id": list(people)}), draft)


def people_in(lake: Lake) -> list[str]:
    with lake.opened(PARTITION) as file:
        found: list[str] = pq.read_table(file)["customer_id"].to_pylist()
    return found


def without_ann(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.not_equal(rows["customer_id"], "ann"))


def test_what_a_night_publishes_meanwhile_is_not_lost(lake: Lake) -> None:
    put(lake, "ann", "bob")
    published: list[str] = []

    def while_a_night_publishes(rows: pa.Table) -> pa.Table:
        if not published:
            put(lake, "ann", "bob", "cyd")
            published.append("once")
        return without_ann(rows)

    assert rewrite(lake, PARTITION, while_a_night_publishes) == 1
    assert people_in(lake) == ["bob", "cyd"]


def test_what_a_night_takes_away_meanwhile_does_not_come_back(lake: Lake) -> None:
    put(lake, "ann", "bob")

    def while_a_night_moves_it(rows: pa.Table) -> pa.Table:
        lake.remove(PARTITION)
        return without_ann(rows)

    assert rewrite(lake, PARTITION, while_a_night_moves_it) == 0
    assert lake.partitions(PARTITION.dataset) == []
