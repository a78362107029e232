from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from perennial.lake.partitions import Lake, Partition
from perennial.lake.rewriting import rewrite

PARTITION = Partition(dataset="contacts", day=date(2026, 11, 16))


def put(lake: Lake, *people: str) -> None:
    with lake.publishing(PARTITION) as draft:
        pq.write_table(pa.table({"customer_id": list(people)}), draft)


def people_in(lake: Lake) -> list[str]:
    found: list[str] = pq.read_table(lake.path(PARTITION))["customer_id"].to_pylist()
    return found


def without_ann(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.not_equal(rows["customer_id"], "ann"))


def test_what_a_night_publishes_meanwhile_is_not_lost(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, "ann", "bob")
    published: list[str] = []

    def while_a_night_publishes(rows: pa.Table) -> pa.Table:
        if not published:
            put(lake, "ann", "bob", "cyd")
            published.append("once")
        return without_ann(rows)

    assert rewrite(lake, PARTITION, while_a_night_publishes) == 1
    assert people_in(lake) == ["bob", "cyd"]


def test_what_a_night_takes_away_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, "ann", "bob")

    def while_a_night_moves_it(rows: pa.Table) -> pa.Table:
        lake.path(PARTITION).unlink()
        return without_ann(rows)

    assert rewrite(lake, PARTITION, while_a_night_moves_it) == 0
    assert not list(lake.path(PARTITION).parent.iterdir())
