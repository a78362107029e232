"""What must be read to know a dataset is found out once, and again whenever anything of it lies otherwise."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.lake.folder_store import FolderStore
from perennial.lake.partitions import Lake, Partition
from perennial.lake.snapshots import known_partitions, seal

FIRST = date(2026, 11, 1)
LAST = FIRST + timedelta(days=3)
FOLDER = "verified/orders"
DAYS = st.integers(0, 3)
# What happens to a lake, and on which day: the last is a file that was overwritten where it lay, by whoever restored it.
EVENTS = st.lists(
    st.tuples(st.sampled_from(("publish", "remove", "snapshot", "unsnap", "overwrite")), DAYS),
    max_size=8,
)


@dataclass(frozen=True)
class Counting(FolderStore):
    """A folder that tells how often it was listed."""

    listed: list[str] = field(default_factory=list)

    def listing(
        self, dataset: str, wanted: Callable[[str], bool]
    ) -> Iterator[tuple[str, list[str]]]:
        self.listed.append(dataset)
        return super().listing(dataset, wanted)


def publish(lake: Lake, partition: Partition, text: str) -> None:
    """As the lake does it, but for waiting for the disk."""
    path = lake.path(partition)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def happen(lake: Lake, event: str, number: int, text: str) -> None:
    day = FIRST + timedelta(days=number)
    own = Partition(dataset=FOLDER, day=day)
    match event:
        case "publish":
            publish(lake, own, text)
        case "remove":
            lake.remove(own)
        case "snapshot":
            if increments := lake.partitions(FOLDER, until=day):
                name = seal(lake, increments)
                publish(lake, Partition(dataset="snapshots/orders", day=day, name=name), text)
        case "unsnap":
            for snapshot in lake.partitions("snapshots/orders", since=day, until=day):
                lake.remove(snapshot)
        case "overwrite":
            if lake.exists(own):
                lake.path(own).write_text(text * 2, encoding="utf-8")


def let_time_pass(root: Path, ticks: Iterator[int]) -> None:
    """Makes whatever changed just now look as if it had changed a while ago, each time a moment later."""
    passed = 1_700_000_000 + next(ticks)
    for folder, _, _ in os.walk(root):
        if os.stat(folder).st_mtime > time.time() - 1_000:  # noqa: PTH116 - beside os.walk
            os.utime(folder, (passed, passed))


@settings(max_examples=40)
@given(events=EVENTS, asked=st.lists(DAYS, min_size=1, max_size=2))
def test_a_lake_that_has_answered_before_answers_like_one_that_has_not(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, int]], asked: list[int]
) -> None:
    root, ticks = tmp_path_factory.mktemp("lake"), count()
    lake = Lake(root)
    for number, (event, of_day) in enumerate(events):
        happen(Lake(root), event, of_day, f"{number}")
        let_time_pass(root, ticks)
        for until in asked:
            day = FIRST + timedelta(days=until)
            for _ in range(2):
                again = known_partitions(lake, FOLDER, day)

                assert again == known_partitions(Lake(root), FOLDER, day)


def test_a_file_that_was_overwritten_where_it_lay_breaks_what_was_made_of_it(
    tmp_path: Path,
) -> None:
    lake, ticks = Lake(tmp_path), count()
    for event in ("publish", "snapshot"):
        happen(lake, event, 0, "1")
    let_time_pass(tmp_path, ticks)
    before = known_partitions(lake, FOLDER, LAST)
    happen(lake, "overwrite", 0, "2")
    after = known_partitions(lake, FOLDER, LAST)

    assert [p.dataset for p in before] == ["snapshots/orders"]
    assert [p.dataset for p in after] == [FOLDER]


def test_what_lies_as_it_did_is_not_listed_again(tmp_path: Path) -> None:
    store = Counting(tmp_path)
    lake = Lake(store)
    publish(lake, Partition(dataset=FOLDER, day=FIRST), "1")
    let_time_pass(tmp_path, count())

    for _ in range(3):
        known_partitions(lake, FOLDER, LAST)

    assert store.listed == [FOLDER, "snapshots/orders"]


def test_what_has_changed_just_now_is_listed_each_time(tmp_path: Path) -> None:
    """A second change within the tick of a clock leaves a folder's time as it is."""
    lake = Lake(tmp_path)
    first, second = (Partition(dataset=FOLDER, day=FIRST, name=name) for name in ("a", "b"))
    publish(lake, first, "1")
    at = lake.path(first).parent.stat().st_mtime_ns
    assert known_partitions(lake, FOLDER, LAST) == [first]
    publish(lake, second, "1")
    os.utime(lake.path(first).parent, ns=(at, at))

    assert known_partitions(lake, FOLDER, LAST) == [first, second]
