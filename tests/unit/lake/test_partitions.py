from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from perennial.errors import LakeError, MissingPartition
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.settings import PROJECT

DAY = date(2026, 11, 21)
PRODUCTS = Partition(dataset="verified/products", day=DAY)
ROW = """
    select '{id}' as product_id, 'Tea' as name, null::varchar as category, null::varchar as department,
        1.50::decimal(12,2) as price, null::varchar as url, timestamptz '2026-11-20 08:00:00+00' as updated_at
"""


def _publish(engine: Engine, product_id: str) -> None:
    engine.publish(PRODUCTS, ROW.format(id=product_id), order_by="product_id")


def _run(code: str, lake: Lake) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(lake.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "plugins")},
    )


def test_a_publisher_that_is_killed_leaves_the_old_partition(lake: Lake, engine: Engine) -> None:
    _publish(engine, "old")
    child = _run(
        """
        import sys, time
        from datetime import date
        from pathlib import Path
        from perennial.lake.partitions import Lake, Partition

        partition = Partition(dataset="verified/products", day=date(2026, 11, 21))
        with Lake(Path(sys.argv[1])).publishing(partition) as draft:
            draft.write_bytes(b"PAR1 half a file")
            print("writing", flush=True)
            time.sleep(60)
        """,
        lake,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "writing\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()

    drafts = list(lake.path(PRODUCTS).parent.glob(".*.tmp"))
    engine.open_day(DAY)

    assert len(drafts) == 1
    assert lake.partitions("verified/products") == [PRODUCTS]
    assert engine.scalar("select product_id from products") == "old"


def test_the_draft_of_a_killed_publisher_is_swept_after_a_day(lake: Lake, engine: Engine) -> None:
    _publish(engine, "old")
    folder = lake.path(PRODUCTS).parent
    forgotten, fresh = folder / ".data.parquet.aa.tmp", folder / ".data.parquet.bb.tmp"
    for draft in (forgotten, fresh):
        draft.touch()
    os.utime(forgotten, (time.time() - 90_000,) * 2)

    _publish(engine, "new")

    assert not forgotten.exists()
    assert fresh.exists()


def test_a_full_disk_is_an_error_that_leaves_the_old_partition(lake: Lake, engine: Engine) -> None:
    _publish(engine, "old")
    child = _run(
        """
        import resource, signal, sys
        from datetime import date
        from pathlib import Path
        from perennial.errors import LakeError
        from perennial.lake.duck import Engine
        from perennial.lake.partitions import Lake, Partition

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        partition = Partition(dataset="verified/products", day=date(2026, 11, 21))
        with Engine(Lake(Path(sys.argv[1]))) as engine:
            try:
                engine.publish(partition, "select md5(i::varchar) as h from range(500000) t(i)", order_by="h")
            except LakeError as error:
                print(error)
        """,
        lake,
    )
    said, complaints = child.communicate()

    engine.open_day(DAY)

    assert "verified/products/day=2026-11-21/data" in said, complaints
    assert [path.name for path in lake.path(PRODUCTS).parent.iterdir()] == ["data.parquet"]
    assert engine.scalar("select product_id from products") == "old"


def test_a_block_that_fails_publishes_nothing(lake: Lake) -> None:
    def fail(draft: Path) -> None:
        draft.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), lake.publishing(PRODUCTS) as draft:
        fail(draft)

    assert not lake.exists(PRODUCTS)
    assert list(lake.path(PRODUCTS).parent.iterdir()) == []


def test_a_lake_that_cannot_be_written_names_the_partition(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("in the way")

    with (
        pytest.raises(LakeError, match="verified/products/day=2026-11-21/data cannot be published"),
        Lake(tmp_path / "lake").publishing(PRODUCTS),
    ):
        pass


def _touch(lake: Lake, day: int, name: str = "data") -> None:
    path = lake.path(Partition(dataset="raw/orders", day=date(2026, 1, day), name=name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_partitions_come_oldest_first_and_end_with_the_day(lake: Lake) -> None:
    for day, name in ((3, "data"), (1, "extract-0002"), (1, "extract-0001"), (2, "data")):
        _touch(lake, day, name)

    found = lake.partitions("raw/orders", until=date(2026, 1, 2))

    assert [(p.day.day, p.name) for p in found] == [
        (1, "extract-0001"),
        (1, "extract-0002"),
        (2, "data"),
    ]
    assert lake.days("raw/orders") == [date(2026, 1, day) for day in (1, 2, 3)]


def test_a_folder_that_is_no_day_is_named(lake: Lake) -> None:
    (lake.root / "raw/orders/day=yesterday").mkdir(parents=True)
    (lake.root / "raw/orders/day=yesterday/a.parquet").touch()

    with pytest.raises(LakeError, match="day=yesterday is no folder of the lake"):
        lake.partitions("raw/orders")


def test_a_missing_partition_says_which_night_to_run(lake: Lake) -> None:
    with pytest.raises(MissingPartition, match="perennial night --day 2026-11-21"):
        lake.existing(PRODUCTS)


def test_a_record_is_kept_and_replaced(lake: Lake) -> None:
    record = Partition(dataset="verdicts", day=DAY, name="night")

    before = lake.read_record(record)
    lake.write_record(record, "{}")
    lake.write_record(record, '{"stopped": true}')

    assert before is None
    assert lake.read_record(record) == '{"stopped": true}'
    assert lake.record_days("verdicts") == [DAY]


def test_partitions_may_be_asked_for_from_a_day_on(lake: Lake) -> None:
    for day in (1, 2, 3):
        _touch(lake, day)

    found = lake.partitions("raw/orders", since=date(2026, 1, 2), until=date(2026, 1, 2))

    assert [p.day for p in found] == [date(2026, 1, 2)]


@pytest.mark.parametrize("days_later", [0, 1, 31, 32, 400])
def test_the_latest_partition_is_found_however_long_ago_it_was(lake: Lake, days_later: int) -> None:
    for day in (1, 2):
        _touch(lake, day)

    found = lake.latest("raw/orders", until=date(2026, 1, 2) + timedelta(days=days_later))

    assert found == Partition(dataset="raw/orders", day=date(2026, 1, 2))


def test_nothing_is_the_latest_partition_before_the_first(lake: Lake) -> None:
    _touch(lake, 2)

    assert lake.latest("raw/orders", until=date(2026, 1, 1)) is None


def test_only_the_days_that_are_wanted_are_named(lake: Lake) -> None:
    for day in (1, 2, 3):
        _touch(lake, day)
        lake.write_record(Partition(dataset="verdicts", day=date(2026, 1, day), name="night"), "{}")

    second = date(2026, 1, 2)

    assert lake.days("raw/orders", lambda day: day > second) == [date(2026, 1, 3)]
    assert lake.record_days("verdicts", lambda day: day < second) == [date(2026, 1, 1)]
