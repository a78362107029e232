"""A lake in object storage: as whole, as repeatable and as hard to lose rows in as one in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from object_storage import Bucket, StallingProxy
from perennial.errors import LakeError, MissingPartition, SettingsError
from perennial.lake.duck import Engine
from perennial.lake.object_store import ObjectStore
from perennial.lake.overlay import Overlay
from perennial.lake.partitions import Lake, Partition
from perennial.lake.stores import ReplacedMeanwhile
from perennial.settings import PROJECT

DAY = date(2026, 11, 21)
PARTITION = Partition(dataset="features", day=DAY)
RECORD = Partition(dataset="verdicts", day=DAY, name="night")
BIG = 40 * 2**20


@pytest.fixture
def lake(bucket: Bucket, tmp_path: Path) -> Lake:
    return bucket.lake(tmp_path / "here")


def put(lake: Lake, *people: str, partition: Partition = PARTITION) -> None:
    with lake.publishing(partition) as draft:
        pq.write_table(pa.table({"customer_id": list(people)}), draft)


def people_in(lake: Lake, partition: Partition = PARTITION) -> list[str]:
    with lake.opened(partition) as file:
        found: list[str] = pq.read_table(file)["customer_id"].to_pylist()
    return found


def test_what_is_published_is_found_by_day(lake: Lake, bucket: Bucket) -> None:
    names = ("extract-0001", "extract-0002")
    expected = [
        Partition(dataset="raw/orders", day=date(2026, 11, day), name=name)
        for day in (2, 9)
        for name in names
    ]
    for partition in reversed(expected):
        put(lake, "ann", partition=partition)
    put(lake, "bob", partition=Partition(dataset="raw/orders_of_others", day=DAY))
    lake.write_record(Partition(dataset="raw/orders", day=DAY, name="note"), "{}")

    assert lake.partitions("raw/orders") == expected
    assert lake.partitions("raw/orders", until=date(2026, 11, 2)) == expected[:2]
    assert lake.days("raw/orders") == [date(2026, 11, 2), date(2026, 11, 9)]
    assert lake.record_days("raw/orders") == [DAY]
    assert lake.partitions("raw/nothing") == []
    assert all(key.startswith("shops/ours/raw/") for key in bucket.keys())  # noqa: SIM118 - a method of ours


def test_what_was_never_written_is_missing(lake: Lake) -> None:
    assert not lake.exists(PARTITION)
    assert lake.stamp(PARTITION) == "none"
    assert lake.size(PARTITION) == 0
    assert lake.read_record(RECORD) is None
    lake.remove(PARTITION)
    for ask in (lake.existing, lake.opened):
        with pytest.raises(MissingPartition, match="perennial night"):
            ask(PARTITION)
    with pytest.raises(MissingPartition):
        lake.move(PARTITION, RECORD)


def test_a_block_that_fails_publishes_nothing(lake: Lake, bucket: Bucket) -> None:
    def fail(draft: Path) -> None:
        draft.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), lake.publishing(PARTITION) as draft:
        fail(draft)

    assert bucket.keys() == []
    assert list((lake.root / ".drafts").iterdir()) == []


def test_a_moved_partition_is_where_it_was_moved_to(lake: Lake) -> None:
    target = Partition(dataset="verified/orders", day=DAY)
    put(lake, "bob", partition=target)
    put(lake, "ann")
    lake.move(PARTITION, target)

    assert people_in(lake, target) == ["ann"]
    assert not lake.exists(PARTITION)


def test_stamps_change_with_what_is_written_whichever_way_they_are_asked_for(lake: Lake) -> None:
    partitions = [Partition(dataset="contacts", day=date(2026, 11, day)) for day in range(1, 6)]
    for partition in partitions[1:]:
        put(lake, "ann", str(partition.day), partition=partition)
    before = lake.stamps(partitions)
    put(lake, "bob", partition=partitions[3])
    after = lake.stamps(partitions)

    assert before[0] == "none"
    assert len(set(before)) == 5
    assert [a != b for a, b in zip(after, before, strict=True)] == [
        False,
        False,
        False,
        True,
        False,
    ]
    assert after == [lake.stamp(partition) for partition in partitions]


tables = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
        st.integers(-(2**40), 2**40),
        st.none() | st.dates(),
    ),
    max_size=30,
).map(
    lambda rows: pa.table(
        {
            "name": pa.array([row[0] for row in rows], pa.string()),
            "amount": pa.array([row[1] for row in rows], pa.int64()),
            "day": pa.array([row[2] for row in rows], pa.date32()),
        }
    )
)


def test_the_same_rows_have_the_same_hash_in_a_folder_and_in_a_bucket(
    lake: Lake, tmp_path: Path
) -> None:
    with Engine(Lake(tmp_path / "folder")) as here, Engine(lake) as there:

        @settings(max_examples=10)
        @given(table=tables)
        def check(table: pa.Table) -> None:
            found = set()
            for engine in (here, there):
                engine.register("given_rows", table)
                order = "name, amount, day nulls first"
                published = engine.publish(PARTITION, "select * from given_rows", order_by=order)
                with engine.lake.opened(PARTITION) as file:
                    stored = file.read()
                found.add((published.rows, engine.content_hash(PARTITION), stored))

            assert len(found) == 1

        check()


def test_many_threads_read_the_row_groups_of_a_large_object_as_they_are(
    lake: Lake,
) -> None:
    with Engine(lake, threads=4) as engine:
        query = "select i, sha256(i::varchar) as h from range(250_000) t(i)"
        engine.publish(PARTITION, query, order_by="i")
        engine.view("stored", PARTITION)
        size = lake.size(PARTITION)
        wrong = engine.scalar(
            f"select count(*) from stored join ({query}) as made using (i) where made.h <> stored.h"
        )

        assert size > 2 * 4 * 2**20  # more than is read at once
        assert wrong == 0
        assert engine.scalar("select count(*) from stored") == 250_000
        assert len(list(engine.batches("select * from stored", size=50_000))) >= 5


def test_an_engine_sees_what_is_published_while_it_is_open(lake: Lake) -> None:
    """Not the day before's rows from a cache of its own, however fast one follows the other."""
    with Engine(lake) as engine:
        for n in range(5):
            put(lake, f"customer-{n}")
            engine.view("stored", PARTITION)

            assert engine.scalar("select customer_id from stored") == f"customer-{n}"


@pytest.mark.parametrize("size", [10, BIG], ids=["one put", "in parts"])
def test_the_store_itself_refuses_to_replace_what_has_changed(
    lake: Lake, bucket: Bucket, size: int
) -> None:
    """Also in the last moment, when the new one is on its way already."""
    put(lake, "ann")
    seen = lake.stamp(PARTITION)

    def replace(stamp: str) -> None:
        with lake.publishing(PARTITION, replacing=stamp) as draft:
            draft.write_bytes(os.urandom(size))

    put(lake, "ann", "bob")
    with pytest.raises(ReplacedMeanwhile):
        replace(seen)

    assert people_in(lake) == ["ann", "bob"]
    assert bucket.uploads() == []
    replace(lake.stamp(PARTITION))
    assert lake.size(PARTITION) == size


def test_an_object_that_is_replaced_while_it_is_read_is_an_error_and_no_mixture(lake: Lake) -> None:
    def write(byte: bytes) -> None:
        with lake.publishing(PARTITION) as draft:
            draft.write_bytes(byte * 20 * 2**20)

    write(b"a")
    with lake.opened(PARTITION) as file:
        assert file.read(10) == b"a" * 10
        write(b"b")
        with pytest.raises(LakeError, match="cannot be read on"):
            file.read()
    with lake.opened(PARTITION) as file:
        assert set(file.read()) == set(b"b")


def _run(code: str, bucket: Bucket, scratch: Path, **environment: str) -> subprocess.Popen[str]:
    head = """
        import os, sys, time
        from datetime import date
        from pathlib import Path
        from perennial.lake.object_store import ObjectStore
        from perennial.lake.partitions import Lake, Partition

        lake = Lake(ObjectStore(sys.argv[1], Path(sys.argv[2])))
        partition = Partition(dataset="features", day=date(2026, 11, 21))
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(code), bucket.url, scratch],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "plugins"), **environment},
    )


def test_a_publisher_that_is_killed_while_it_writes_leaves_the_old_partition(
    lake: Lake, bucket: Bucket, tmp_path: Path
) -> None:
    put(lake, "old")
    before = bucket.keys()
    child = _run(
        """
        with lake.publishing(partition) as draft:
            draft.write_bytes(b"PAR1 half a file")
            print("writing", flush=True)
            time.sleep(600)
        """,
        bucket,
        tmp_path / "there",
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "writing\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()

    assert bucket.keys() == before
    assert people_in(lake) == ["old"]
    assert len(list((tmp_path / "there" / ".drafts").iterdir())) == 1  # swept after a day


@pytest.mark.parametrize("size", [8 * 2**20, BIG], ids=["one put", "in parts"])
@pytest.mark.parametrize("replacing", ["None", "lake.stamp(partition)"])
def test_a_publisher_that_is_killed_while_it_uploads_leaves_the_old_partition(
    lake: Lake, bucket: Bucket, tmp_path: Path, size: int, replacing: str
) -> None:
    put(lake, "old")
    stamp, before = lake.stamp(PARTITION), bucket.keys()
    with StallingProxy(bucket.server, stalls_after=size * 3 // 4) as proxy:
        child = _run(
            f"""
            with lake.publishing(partition, replacing={replacing}) as draft:
                draft.write_bytes(bytes({size}))
            """,
            bucket,
            tmp_path / "there",
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxy.port}",
        )
        while not proxy.stalled.wait(0.1):
            assert child.poll() is None, child.communicate()
        child.send_signal(signal.SIGKILL)
        child.communicate()

    assert lake.stamp(PARTITION) == stamp
    assert bucket.keys() == before
    assert people_in(lake) == ["old"]


def test_a_bucket_that_nobody_made_is_an_error(bucket: Bucket, tmp_path: Path) -> None:
    lake = Lake(ObjectStore(f"{bucket.url.replace('lake', 'no-lake')}", tmp_path))

    assert lake.partitions("contacts") == []
    with pytest.raises(
        LakeError, match=r"features/day=2026-11-21/data cannot be published.*bucket"
    ):
        put(lake, "ann")
    with pytest.raises(LakeError, match="bucket"):
        lake.store.try_out()


def test_an_object_that_goes_while_it_is_read_is_an_error_of_the_lake(lake: Lake) -> None:
    put(lake, "ann")
    with Engine(lake) as engine:
        engine.view("stored", PARTITION)
        lake.remove(PARTITION)

        with pytest.raises(LakeError, match=r"^s3://.*is not there\.$"):
            engine.rows("select * from stored")


def test_trying_a_store_out_leaves_nothing(lake: Lake, bucket: Bucket) -> None:
    lake.store.try_out()

    assert bucket.keys() == []


@pytest.mark.parametrize(
    "url", ["sftp://host/lake", "s3://", "https://bucket.example/lake", "s3://bucket/day=*"]
)
def test_a_place_in_which_nothing_can_be_published_whole_is_refused(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="PERENNIAL_LAKE is no URL of object storage"):
        ObjectStore(url, tmp_path)


def test_a_store_whose_package_is_missing_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PERENNIAL_LAKE needs a package that is not installed"):
        Lake(ObjectStore("gs://bucket/lake", tmp_path)).exists(PARTITION)


def test_an_overlay_reads_from_below_and_writes_beside(
    lake: Lake, bucket: Bucket, tmp_path: Path
) -> None:
    shared = Partition(dataset="verified/customers", day=DAY)
    put(lake, "ann", partition=shared)
    before = bucket.keys()
    beside = Lake(Overlay(below=lake.store, root=tmp_path / "beside", shared=("verified",)))
    with Engine(beside) as engine:
        engine.view("stored", shared)
        engine.publish(PARTITION, "select * from stored", order_by="customer_id")
        with pytest.raises(LakeError, match="only read"):
            put(beside, "bob", partition=shared)

    assert people_in(beside) == ["ann"]
    assert beside.days("features") == beside.days("verified/customers") == [DAY]
    assert bucket.keys() == before
