"""Which files make a table on which night, and what queries see of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from file_shop import NAMES, SINCE, UNTIL, file_shop, people, refused_people, rows_of
from perennial.errors import SourceError
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import CUSTOMERS
from perennial.pipeline.extracting import extract_night

TOTALS = """
    select id as order_id, '7' as customer_id, moment as ordered_at, 'placed' as status, 'EUR' as currency,
           '0' as discount, total, moment as updated_at
    from orders where moment >= coalesce(:since, '') and moment < :until
"""
ORDERED = "id;total;moment\n{}"


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def of_day(
    folder: Path, *, since: datetime | None = SINCE, until: datetime = UNTIL, **table: str
) -> list[str]:
    query = NAMES.replace("name as first_name", "file_name || ' ' || file_day as first_name")
    with file_shop(folder, {"customers": query}, people=table) as source:
        return [row["first_name"] for row in rows_of(source, "customers", since=since, until=until)]


def test_a_pattern_takes_all_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b-2.csv", "b-1.csv", "c.csv", "old/b-3.csv"):
        write(tmp_path, name, f"id,name\n{name},Ana\n")
    assert [one for one, _ in people(tmp_path, path="b-*.csv")] == ["b-1.csv", "b-2.csv"]
    assert len(people(tmp_path, path="**/b-*.csv")) == 3


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("exports/{day}/people.csv", "exports/%Y-%m-%d/people.csv"),
        ("people-{day:%Y%m%d}.csv", "people-%Y%m%d.csv"),
        ("{day:%Y/%m/%d}/*.csv", "%Y/%m/%d/people.csv"),
        ("ex*/p-{day}-*.csv", "exports/p-%Y-%m-%d-01.csv"),
    ],
)
def test_a_night_reads_the_files_of_its_day(tmp_path: Path, path: str, name: str) -> None:
    for n in (18, 19, 20, 21):
        write(tmp_path, date(2026, 11, n).strftime(name), f"id,name\n{n},Ana\n")

    days = [said.split()[-1] for said in of_day(tmp_path, path=path)]
    assert days == ["2026-11-20"]
    first_night = [said.split()[-1] for said in of_day(tmp_path, since=None, path=path)]
    assert first_night == ["2026-11-18", "2026-11-19", "2026-11-20"]


def test_a_folder_may_be_named_by_the_night_that_reads_it(tmp_path: Path) -> None:
    for n in (20, 21):
        write(tmp_path, f"2026-11-{n}/people.csv", f"id,name\n{n},Ana\n")
    assert of_day(tmp_path, path="{night}/people.csv") == ["people.csv 2026-11-21"]


def test_days_are_those_of_the_clock_of_the_source(tmp_path: Path) -> None:
    madrid = ZoneInfo("Europe/Madrid")
    for n in (19, 20, 21):
        write(tmp_path, f"2026-11-{n}.csv", f"id,name\n{n},Ana\n")
    since, until = (datetime(2026, 11, n, tzinfo=madrid).astimezone(UTC) for n in (20, 21))
    with file_shop(
        tmp_path, {"customers": NAMES}, zone="Europe/Madrid", people="{day}.csv"
    ) as source:
        (row,) = rows_of(source, "customers", since=since, until=until)
    assert row["customer_id"] == "20"


def test_a_day_that_was_not_delivered_is_no_empty_one(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-19/people.csv", "id,name\n1,Ana\n")
    with pytest.raises(SourceError) as caught:
        of_day(tmp_path, path="{day}/people.csv")
    assert str(caught.value) == (
        "sources.files.people: there is no 2026-11-20/people.csv yet. Run the night again when it has come."
    )


def test_a_pattern_that_finds_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file is called people-\*\.csv"):
        people(tmp_path, path="people-*.csv")


def test_files_may_lie_in_any_store(tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/perennial-test/2026-11-20/people.csv", b"id,name\n1,Ana\n")
    try:
        assert of_day(tmp_path, path="memory://perennial-test/{day}/people.csv") == [
            "people.csv 2026-11-20"
        ]
    finally:
        store.rm("/perennial-test", recursive=True)


def test_a_store_whose_driver_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be looked for: .*nostore"):
        people(tmp_path, path="nostore://bucket/people.csv")


def test_json_lines_keep_digits_and_may_differ_in_their_names(tmp_path: Path) -> None:
    lines = [
        '{"id": 1.50, "name": "José \\"x\\"", "tags": [1, "a"]}',
        "",
        '{"id": 10000000000000000000001}',
        "[1]",
        '{"id": true, "name": null}',
    ]
    write(tmp_path, "a.jsonl", "\n".join(lines))

    assert people(tmp_path, path="a.jsonl") == [
        ("1.50", 'José "x"'),
        ("10000000000000000000001", None),
        ("true", None),
    ]
    assert refused_people(tmp_path, path="a.jsonl") == ["people a.jsonl:4: it is no JSON object"]


def test_parquet_becomes_text(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    table = pa.table(
        {
            "id": pa.array([7, 8]),
            "total": pa.array([Decimal("1.50"), None], pa.decimal128(12, 2)),
            "moment": pa.array([moment, moment], pa.timestamp("us", "UTC")),
        }
    )
    pq.write_table(table, tmp_path / "orders.parquet")
    with file_shop(
        tmp_path, {"orders": TOTALS}, zone="Europe/Madrid", orders="orders.parquet"
    ) as source:
        rows = rows_of(source, "orders", until=datetime(2026, 11, 20, 9, 31, tzinfo=UTC))

    assert [(row["order_id"], row["total"]) for row in rows] == [("7", "1.50"), ("8", None)]
    assert {row["updated_at"] for row in rows} == {"2026-11-20 10:30:00+01:00"}


def test_what_is_no_parquet_is_told(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", "id,name\n")
    with pytest.raises(SourceError, match=r"a\.parquet is no Parquet file, or cut off"):
        people(tmp_path, path="a.parquet")


def test_rows_are_chosen_by_the_interval_on_a_column(tmp_path: Path) -> None:
    at = [
        "2026-11-19 23:59:59",
        "2026-11-20 00:00:00",
        "2026-11-20T23:59:59",
        "2026-11-21 00:00:00",
    ]
    write(tmp_path, "o.csv", ORDERED.format("\n".join(f"{n};1;{t}" for n, t in enumerate(at))))
    with file_shop(tmp_path, {"orders": TOTALS}, orders="o.csv") as source:
        rows = rows_of(source, "orders")
    assert [(row["order_id"], row["updated_at"]) for row in rows] == [
        ("1", "2026-11-20T00:00:00Z"),
        ("2", "2026-11-20T23:59:59Z"),
    ]


@pytest.mark.parametrize(
    ("decimal", "expected"),
    [
        (",", ["12.50", "1234.50", "1234", "-0.5", "n/a"]),
        (None, ["12,50", "1.234,50", "1.234", "-0,5", "n/a"]),
    ],
)
def test_a_decimal_comma_is_understood_where_it_is_stated(
    tmp_path: Path, decimal: str | None, expected: list[str]
) -> None:
    said = ["12,50", "1.234,50", "1.234", "-0,5", "n/a"]
    lines = "\n".join(f"1.234;{total};2026-11-20 09:00:00" for total in said)
    write(tmp_path, "o.csv", ORDERED.format(lines))
    table = {"path": "o.csv", "decimal": decimal}
    with file_shop(tmp_path, {"orders": TOTALS}, orders=table) as source:
        rows = rows_of(source, "orders")

    assert [row["total"] for row in rows] == expected
    assert {row["order_id"] for row in rows} == {"1.234"}  # an id is no number


def test_a_query_may_reckon_with_commas_itself(tmp_path: Path) -> None:
    write(tmp_path, "o.csv", ORDERED.format("1;1.234,50;2026-11-20 09:00:00\n"))
    query = TOTALS.replace("total, moment", "comma_number(total) - 1 as total, moment")
    with file_shop(tmp_path, {"orders": query}, orders={"path": "o.csv", "decimal": ","}) as source:
        (row,) = rows_of(source, "orders")
    assert Decimal(row["total"]) == Decimal("1233.5")


def test_a_wrong_query_is_told_with_the_place_to_mend_it(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "id,nome\n1,Ana\n")
    with pytest.raises(SourceError) as caught:
        people(tmp_path, path="a.csv")
    assert str(caught.value).startswith("customers: its query cannot be run on the files: ")
    assert "sources.customers.sql in shop.yaml" in str(caught.value)


def test_recent_buyers_are_those_of_the_files_that_are_there(tmp_path: Path) -> None:
    buyers = "select customer_id from orders where moment >= :since and moment < :until"
    text = (
        "customer_id,moment\n07,2026-11-20 08:00:00\n08,2026-11-21 10:00:00\n,2026-11-21 11:00:00\n"
    )
    with file_shop(tmp_path, {}, buyers=buyers, orders="{day}.csv") as source:
        assert source.recent_buyers(SINCE) == set()
        write(tmp_path, "2026-11-20.csv", text)
        assert source.recent_buyers(SINCE) == {"07", "08"}
        assert source.recent_buyers(SINCE, until=UNTIL) == {"07"}
        assert source.recent_buyers(datetime(2026, 11, 22, tzinfo=UTC)) == set()


def test_closed_days_are_those_of_a_file(tmp_path: Path) -> None:
    closed = "select day from calendar"
    with file_shop(tmp_path, {}, closed=closed, calendar="calendar.csv") as source:
        assert source.closed_days() == ()
        write(tmp_path, "calendar.csv", "day,why\n2026-12-25,Christmas\n01-01,New Year\n")
        assert source.closed_days() == ("01-01", "2026-12-25")


def test_a_night_keeps_what_it_refused_beside_what_it_read(tmp_path: Path) -> None:
    """Case 44: quarantined with file, line and reason."""
    write(tmp_path, "2026-11-20/a.csv", "id,name\n1,Ana\n2\n3,Leo\n")
    lake, night = Lake(tmp_path / "lake"), date(2026, 11, 21)
    with file_shop(tmp_path, {"customers": NAMES}, people="{day}/a.csv") as source:
        summaries = [
            extract_night(source, lake, CUSTOMERS, night, ZoneInfo("UTC")) for _ in range(2)
        ]
    aside = lake.path(Partition(dataset="quarantine/files", day=night, name="customers"))

    assert [(s.rows, s.refused, s.reused) for s in summaries] == [(2, 1, False), (2, 1, True)]
    assert pq.read_table(aside).to_pylist() == [
        {
            "table": "people",
            "file": "2026-11-20/a.csv",
            "line": 3,
            "reason": "1 value under 2 columns",
        }
    ]


def test_a_night_that_fails_on_a_file_leaves_nothing_and_may_be_run_again(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-20/a.csv", "id,name\n1,Ana\n")
    (tmp_path / "2026-11-20/b.csv").write_bytes(b"id,name\n1,\xe9\xff\xfe,\x98\n" * 3)
    lake, night = Lake(tmp_path / "lake"), date(2026, 11, 21)
    with file_shop(tmp_path, {"customers": NAMES}, people="{day}/*.csv") as source:
        with pytest.raises(SourceError):
            extract_night(source, lake, CUSTOMERS, night, ZoneInfo("UTC"))
        assert lake.partitions("raw/customers") == []
        write(tmp_path, "2026-11-20/b.csv", "id,name\n2,Eva\n")
        assert extract_night(source, lake, CUSTOMERS, night, ZoneInfo("UTC")).rows == 2
