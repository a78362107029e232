from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.errors import LakeError, SourceError
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import PRODUCTS, Dataset
from perennial.pipeline.extracting import extract_night, midnight, night_interval

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 11, 21)
FOLDER = "raw/products"


@dataclass
class ShelfSource:
    """A shop with products written at known moments; remembers what it was asked."""

    written: dict[str, datetime] = field(default_factory=dict)
    asked: list[tuple[datetime | None, datetime]] = field(default_factory=list)
    fails_on: datetime | None = None

    def extract(
        self, dataset: Dataset, *, since: datetime | None, until: datetime, chunk_rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        self.asked.append((since, until))
        if until == self.fails_on:
            msg = "products: the shop's database said: no."
            raise SourceError(msg)
        rows = [
            dict.fromkeys(dataset.column_names) | {"product_id": name, "updated_at": str(moment)}
            for name, moment in self.written.items()
            if (since is None or moment >= since) and moment < until
        ]
        schema = pa.schema([(name, pa.string()) for name in dataset.column_names])
        for start in range(0, len(rows), chunk_rows):
            yield pa.RecordBatch.from_pylist(rows[start : start + chunk_rows], schema=schema)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def extract(source: ShelfSource, lake: Lake, day: date = DAY, *, refresh: bool = False) -> int:
    return extract_night(source, lake, PRODUCTS, day, NEW_YORK, refresh=refresh).rows


def names_in(lake: Lake, day: date, number: int = 1) -> list[str]:
    partition = Partition(dataset=FOLDER, day=day, name=f"extract-{number:04d}")
    names: list[str] = pq.read_table(lake.path(partition))["product_id"].to_pylist()
    return names


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=NEW_YORK).astimezone(UTC)


def test_the_first_night_takes_everything_before_its_midnight(lake: Lake) -> None:
    source = ShelfSource({"old": at(1), "yesterday": at(20, 23), "today": at(21, 0)})
    assert extract(source, lake) == 2
    assert names_in(lake, DAY) == ["old", "yesterday"]
    assert source.asked == [(None, datetime(2026, 11, 21, 5, tzinfo=UTC))]


def test_the_next_night_takes_the_day_before_it_and_no_more(lake: Lake) -> None:
    source = ShelfSource({"old": at(1), "first": at(21, 0), "last": at(21, 23), "next": at(22, 0)})
    extract(source, lake)
    assert extract(source, lake, date(2026, 11, 22)) == 2
    assert names_in(lake, date(2026, 11, 22)) == ["first", "last"]


def test_after_an_outage_every_missed_day_is_a_partition_of_its_own(lake: Lake) -> None:
    source = ShelfSource({"a": at(21), "b": at(22), "c": at(23)})
    extract(source, lake)
    summary = extract_night(source, lake, PRODUCTS, date(2026, 11, 24), NEW_YORK)
    assert [partition.day.day for partition in summary.partitions] == [22, 23, 24]
    assert summary.rows == 3
    assert [names_in(lake, date(2026, 11, day)) for day in (22, 23, 24)] == [["a"], ["b"], ["c"]]


def test_an_outage_that_is_interrupted_goes_on_where_it_stopped(lake: Lake) -> None:
    source = ShelfSource(
        {"a": at(21), "b": at(22)}, fails_on=midnight(date(2026, 11, 23), NEW_YORK)
    )
    extract(source, lake)
    with pytest.raises(SourceError):
        extract(source, lake, date(2026, 11, 23))
    assert lake.days(FOLDER) == [DAY, date(2026, 11, 22)]
    source.fails_on = None
    assert extract(source, lake, date(2026, 11, 23)) == 1


def test_a_night_that_is_there_is_left_as_it_is(lake: Lake) -> None:
    source = ShelfSource({"a": at(20)})
    extract(source, lake)
    source.written["late"] = at(20)
    summary = extract_night(source, lake, PRODUCTS, DAY, NEW_YORK)
    assert (summary.reused, summary.rows) == (True, 1)
    assert len(source.asked) == 1


def test_a_refresh_adds_an_extract_of_the_same_interval(lake: Lake) -> None:
    source = ShelfSource({"a": at(20)})
    extract(source, lake)
    extract(source, lake, date(2026, 11, 22))
    source.written["late"] = at(20)
    assert extract(source, lake, refresh=True) == 2
    assert names_in(lake, DAY) == ["a"]
    assert names_in(lake, DAY, 2) == ["a", "late"]
    assert source.asked[2] == source.asked[0]
    assert extract_night(source, lake, PRODUCTS, DAY, NEW_YORK).rows == 3


def test_a_refresh_of_a_night_that_is_not_there_is_its_first_extract(lake: Lake) -> None:
    assert extract(ShelfSource({"a": at(20)}), lake, refresh=True) == 1
    assert names_in(lake, DAY) == ["a"]


def test_a_night_before_the_oldest_takes_everything_before_it(lake: Lake) -> None:
    source = ShelfSource({"a": at(10), "b": at(20)})
    extract(source, lake)
    assert extract(source, lake, date(2026, 11, 15)) == 1
    assert source.asked[1][0] is None


def test_an_empty_night_still_has_its_columns(lake: Lake) -> None:
    assert extract(ShelfSource(), lake) == 0
    table = pq.read_table(lake.path(Partition(dataset=FOLDER, day=DAY, name="extract-0001")))
    assert table.schema.names == list(PRODUCTS.column_names)
    assert {str(field.type) for field in table.schema} == {"string"}


def test_a_source_that_fails_leaves_no_partition(lake: Lake) -> None:
    source = ShelfSource(fails_on=midnight(DAY, NEW_YORK))
    with pytest.raises(SourceError):
        extract(source, lake)
    assert lake.partitions(FOLDER) == []


def test_a_file_that_no_extraction_wrote_is_not_refreshed(lake: Lake) -> None:
    partition = Partition(dataset=FOLDER, day=DAY, name="extract-0001")
    with lake.publishing(partition) as draft:
        pq.write_table(pa.table({"product_id": ["a"]}), draft)
    with pytest.raises(LakeError, match="does not say which interval it holds"):
        extract(ShelfSource(), lake, refresh=True)


def test_a_damaged_partition_is_named(lake: Lake) -> None:
    partition = Partition(dataset=FOLDER, day=DAY, name="extract-0001")
    with lake.publishing(partition) as draft:
        draft.write_bytes(b"half a file")
    with pytest.raises(LakeError, match=r"raw/products/day=2026-11-21/extract-0001 cannot be read"):
        extract(ShelfSource(), lake)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 9), 23), (date(2026, 11, 2), 25), (DAY, 24)]
)
def test_a_night_is_as_long_as_the_day_before_it(day: date, hours: int) -> None:
    interval = night_interval(day, NEW_YORK)
    assert interval.since is not None
    assert interval.until - interval.since == timedelta(hours=hours)


ZONES = ("America/New_York", "Europe/Moscow", "America/Santiago", "Africa/Cairo", "Pacific/Apia")


@given(
    st.dates(min_value=date(2000, 1, 2), max_value=date(2037, 12, 30)),
    st.sampled_from(ZONES).map(ZoneInfo),
)
def test_nights_follow_each_other_without_gap_or_overlap(day: date, zone: ZoneInfo) -> None:
    night, next_night = night_interval(day, zone), night_interval(day + timedelta(days=1), zone)
    assert night.until == next_night.since
    assert next_night.since <= next_night.until
