from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from perennial.errors import LakeError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import CONTACTS, SHOP_DATASETS

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 11, day) for day in (16, 17, 18))


def _products(engine: Engine, day: date, prices: dict[str, str]) -> None:
    rows = " union all ".join(
        f"""select '{name}' as product_id, '{name}' as name, null::varchar as category,
            null::varchar as department, {price}::decimal(12,2) as price, null::varchar as url,
            timestamptz '{day} 00:00:00+00' as updated_at"""
        for name, price in prices.items()
    )
    engine.publish(Partition(dataset="verified/products", day=day), rows, order_by="product_id")


def _known(engine: Engine, day: date) -> dict[str, str]:
    engine.open_day(day)
    rows = engine.rows("select product_id, price::varchar as price from products order by 1")
    return {row["product_id"]: row["price"] for row in rows}


def _hash(engine: Engine, query: str, order_by: str = "1") -> str:
    partition = Partition(dataset="hashes", day=MONDAY)
    engine.publish(partition, query, order_by=order_by)
    return engine.content_hash(partition)


def test_the_latest_version_of_a_row_wins(engine: Engine) -> None:
    _products(engine, MONDAY, {"tea": "1.00", "rye": "2.00"})
    _products(engine, TUESDAY, {"tea": "1.50", "jam": "3.00"})
    _products(engine, WEDNESDAY, {"tea": "1.75"})

    assert _known(engine, WEDNESDAY) == {"jam": "3.00", "rye": "2.00", "tea": "1.75"}


def test_the_latest_version_of_a_row_wins_among_months_of_nights_without_a_snapshot(
    engine: Engine,
) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(65)]
    _products(engine, days[0], {"tea": "1.00", "rye": "2.00", "jam": "3.00"})
    for number, day in enumerate(days[1:], start=1):
        _products(engine, day, {"tea": f"{number}.10"} | ({"rye": "2.50"} if number == 30 else {}))

    assert _known(engine, days[-1]) == {"jam": "3.00", "rye": "2.50", "tea": "64.10"}


def test_every_past_day_is_seen_as_it_was_known_then(engine: Engine) -> None:
    _products(engine, MONDAY, {"tea": "1.00"})
    _products(engine, WEDNESDAY, {"tea": "1.75", "jam": "3.00"})

    assert _known(engine, date(2026, 11, 15)) == {}
    assert _known(engine, MONDAY) == {"tea": "1.00"}
    assert _known(engine, TUESDAY) == {"tea": "1.00"}
    assert _known(engine, WEDNESDAY) == {"jam": "3.00", "tea": "1.75"}


def test_nights_may_be_published_in_any_order(engine: Engine) -> None:
    _products(engine, WEDNESDAY, {"tea": "1.75"})
    _products(engine, MONDAY, {"tea": "1.00", "rye": "2.00"})
    _products(engine, TUESDAY, {"tea": "1.50"})

    assert _known(engine, WEDNESDAY) == {"rye": "2.00", "tea": "1.75"}


def test_a_dataset_that_no_night_delivered_is_empty_and_typed(engine: Engine) -> None:
    engine.open_day(MONDAY)

    for dataset in (*SHOP_DATASETS.values(), CONTACTS):
        described = engine.rows(f"describe {dataset.name}")
        types = {row["column_name"]: row["column_type"] for row in described}
        expected = {
            c.name: c.type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
            for c in dataset.columns
        }
        assert types == expected
        assert engine.scalar(f"select count(*) from {dataset.name}") == 0


def test_an_empty_partition_keeps_its_types(engine: Engine) -> None:
    partition = Partition(dataset="features", day=MONDAY)

    published = engine.publish(
        partition, "select 1::decimal(12,2) as money where false", order_by="money"
    )
    engine.view("features", partition)

    assert published.rows == 0
    assert engine.rows("describe features")[0]["column_type"] == "DECIMAL(12,2)"


def test_a_lake_may_lie_under_an_odd_path(tmp_path: Path) -> None:
    with Engine(Lake(tmp_path / "Ann's [old] lake *?" / "day 1")) as engine:
        _products(engine, MONDAY, {"tea": "1.00"})
        _products(engine, TUESDAY, {"tea": "2.00"})

        assert _known(engine, TUESDAY) == {"tea": "2.00"}


def test_a_query_may_end_in_a_comment_and_take_parameters(engine: Engine) -> None:
    published = engine.publish(
        Partition(dataset="days", day=MONDAY),
        "select $day::date as day -- the day",
        order_by="day",
        parameters={"day": MONDAY},
    )

    assert published.rows == 1


def test_repeated_publishing_gives_the_same_bytes(tmp_path: Path) -> None:
    query = """
        select i % 1000 as customer, count(*) as orders, sum(i)::decimal(18,2) as revenue, min(md5(i::varchar)) as h
        from range(300000) t(i) group by 1
        union all select i, 1, 1, md5(i::varchar) from range(1000, 300000) t(i)
    """
    partition = Partition(dataset="features", day=MONDAY)
    seen = set()
    for run in range(3):
        with Engine(Lake(tmp_path / str(run)), threads=2) as engine:
            path = Path(engine.publish(partition, query, order_by="customer").location)
            seen.add(
                (hashlib.sha256(path.read_bytes()).hexdigest(), engine.content_hash(partition))
            )

    assert len(seen) == 1


def test_the_hash_is_of_the_rows_and_not_of_the_file(engine: Engine) -> None:
    partition = Partition(dataset="hashes", day=MONDAY)
    query = "select i, md5(i::varchar) as h from range(200000) t(i)"
    expected = _hash(engine, query)
    with engine.lake.publishing(partition) as draft:
        engine.execute(
            f"copy ({query} order by i) to '{draft}' (format parquet, compression snappy, row_group_size 5000)"
        )

    assert engine.content_hash(partition) == expected


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("select 'a' as x, 'c' as y", id="another value in the last column"),
        pytest.param("select 'b' as x, 'b' as y", id="another value in the first column"),
        pytest.param("select 'a' as x, null as y", id="no value"),
        pytest.param("select 'a' as x, 'NULL' as y", id="the word NULL"),
        pytest.param("select 'a' as x, '' as y", id="an empty text"),
        pytest.param("select 'ab' as x, '' as y", id="a value moved over the border"),
        pytest.param("select 'a' as x, '1:b' as y", id="a value that looks like our coding"),
        pytest.param("select 'b' as y, 'a' as x", id="another order of columns"),
        pytest.param("select 'a' as x, 'b' as z", id="another name"),
        pytest.param("select 'a' as x, 'b'::blob as y", id="another type"),
        pytest.param("select 'a' as x, 'b' as y, null as z", id="one column more"),
        pytest.param("select 'a' as x, 'b' as y union all select 'a', 'b'", id="a row twice"),
        pytest.param("select 'a' as x, 'b' as y where false", id="no row"),
    ],
)
def test_the_hash_tells_contents_apart(engine: Engine, other: str) -> None:
    assert _hash(engine, "select 'a' as x, 'b' as y") != _hash(engine, other)


def test_the_hash_tells_orders_apart(engine: Engine) -> None:
    rows = "select i from range(10) t(i)"

    assert _hash(engine, rows, "i") != _hash(engine, rows, "i desc")


def test_the_hash_tells_no_value_and_a_dash_apart(engine: Engine) -> None:
    assert _hash(engine, "select '-' as x") != _hash(engine, "select null::varchar as x")


def test_batches_stream_while_other_queries_run(engine: Engine) -> None:
    engine.register("given", pa.table({"n": list(range(100_000))}))
    engine.execute("create table doubled as select n * 2 as n from given")
    seen = 0
    for batch in engine.batches(
        "select g.n, timestamptz '2026-11-16 10:00:00+02' as t from given g join doubled using (n) order by 1",
        size=10_000,
    ):
        seen += batch.num_rows
        assert engine.scalar("select count(*) from doubled") == 100_000
        assert str(batch.schema.field("t").type) == "timestamp[us, tz=UTC]"

    assert seen == 50_000


def test_an_error_does_not_tell_what_a_row_holds(engine: Engine) -> None:
    engine.register("people", pa.table({"name": ["Ann Canary"]}))

    for query in ("select name::int from people", "select name::date from people"):
        with pytest.raises(LakeError) as caught:
            engine.rows(query)
        assert "Canary" not in str(caught.value)
        assert "Conversion Error" in str(caught.value)


def test_sessions_do_not_share_a_folder_to_spill_into(lake: Lake) -> None:
    query = "create table t as select i, md5(i::varchar) as a, md5((i + 1)::varchar) as b from range(400000) t(i)"
    with Engine(lake, memory_limit="20MB") as one, Engine(lake, memory_limit="20MB") as two:
        one.execute(query)
        two.execute(query)
        folders = [p for p in (lake.root / ".spill").iterdir() if any(p.iterdir())]
        first, second = (e.scalar("select count(distinct a) from t") for e in (one, two))

    assert len(folders) == 2
    assert first == second == 400_000
    assert list((lake.root / ".spill").iterdir()) == []


def test_stacked_partitions_tell_where_each_row_comes_from(engine: Engine) -> None:
    first = Partition(dataset="raw/orders", day=MONDAY, name="extract-0001")
    second = Partition(dataset="raw/orders", day=TUESDAY, name="extract-0002")
    engine.publish(first, "select 'a' as order_id union all select 'b'", order_by="1")
    engine.publish(second, "select 'c' as order_id, '2' as total", order_by="1")

    engine.stack(
        "said", {"order_id": "varchar", "total": "varchar", "note": "varchar"}, [first, second]
    )

    assert [
        tuple(r.values()) for r in engine.rows("select * from said order by day, position")
    ] == [
        ("a", None, None, MONDAY, "extract-0001", 0),
        ("b", None, None, MONDAY, "extract-0001", 1),
        ("c", "2", None, TUESDAY, "extract-0002", 0),
    ]


def test_a_stack_of_nothing_is_empty_and_typed(engine: Engine) -> None:
    engine.stack("said", {"order_id": "varchar"}, [])

    assert engine.rows("select * from said") == []
    assert [r["column_type"] for r in engine.rows("describe said")] == [
        "VARCHAR",
        "DATE",
        "VARCHAR",
        "BIGINT",
    ]


def test_a_view_takes_the_place_of_a_table_that_was_registered_under_its_name(
    engine: Engine,
) -> None:
    _products(engine, MONDAY, {"tea": "1.00"})
    night = Partition(dataset="verified/products", day=MONDAY)
    for define in (
        lambda: engine.view("products", night),
        lambda: engine.stack("products", {"product_id": "varchar"}, [night]),
        lambda: engine.open_day(MONDAY),
    ):
        engine.register("products", pa.table({"else": [1]}))
        define()

        assert engine.rows("select product_id from products") == [{"product_id": "tea"}]
