"""Where a value may be is remembered for as long as a file stays as it is, and what is read is always the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.lake.duck import Engine
from perennial.lake.narrowing import open_day_of, open_person
from perennial.lake.partitions import Lake, Partition
from perennial.lake.rewriting import rewrite
from perennial.lake.taking_snapshots import take_snapshots
from perennial.lake.whereabouts import find
from perennial.model.datasets import CONTACTS, CUSTOMER_FEATURES, Dataset

DAY = date(2026, 11, 1)
WHO = ("ann", "bob", "cem", "o'neill")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(Lake(tmp_path)) as engine:
        yield engine


def publish(
    engine: Engine, dataset: Dataset, rows: Sequence[Mapping[str, str]], day: date = DAY
) -> Partition:
    """Rows of text; what is not said is empty."""
    partition = Partition(dataset=dataset.name, day=day)
    values = [
        ", ".join(f"{_text(row.get(c.name))}::{c.type} as {c.name}" for c in dataset.columns)
        for row in rows
    ]
    nothing = ", ".join(f"null::{c.type} as {c.name}" for c in dataset.columns)
    query = " union all ".join(f"select {each}" for each in values) or f"select {nothing} limit 0"
    engine.publish(partition, query, order_by=", ".join(dataset.key))
    return partition


def _text(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    files=st.lists(st.lists(st.sampled_from((*WHO, None)), max_size=5), min_size=1, max_size=4),
    wanted=st.lists(st.sampled_from((*WHO, "nobody")), max_size=2),
)
def test_every_row_is_among_those_that_are_pointed_at(
    engine: Engine, files: list[list[str | None]], wanted: list[str]
) -> None:
    partitions = [
        publish(
            engine,
            CUSTOMER_FEATURES,
            [
                {"customer_id": str(number)} | ({"person_id": who} if who else {})
                for number, who in enumerate(persons)
            ],
            DAY + timedelta(days=n),
        )
        for n, persons in enumerate(files)
    ]

    found = find(engine, partitions, "person_id", wanted)

    def rows_of(partitions: Sequence[Partition], condition: str) -> list[tuple[str, ...]]:
        if not partitions or not wanted:
            return []
        persons = ", ".join(map(_text, wanted))
        return engine.values(
            f"select day, customer_id from {engine.files(partitions, 'file_row_number = true')}"
            f" where person_id in ({persons}) and {condition} order by all"
        )

    assert rows_of(found.partitions, found.condition) == rows_of(partitions, "true")
    assert [p for p in partitions if rows_of([p], "true")] == list(found.partitions)


def test_a_file_that_is_published_anew_is_looked_into_anew(engine: Engine) -> None:
    partition = publish(engine, CONTACTS, [{"customer_id": "ann"}])
    before = find(engine, [partition], "customer_id", ["bob"])
    publish(engine, CONTACTS, [{"customer_id": "ann"}, {"customer_id": "bob"}])

    assert not before.partitions
    assert find(engine, [partition], "customer_id", ["bob"]).partitions == [partition]


def test_whoever_was_erased_is_not_found_any_more_and_everybody_else_still_is(
    engine: Engine,
) -> None:
    people = [{"customer_id": who, "person_id": who} for who in WHO]
    partition = publish(engine, CUSTOMER_FEATURES, people)
    assert [open_person(engine, who, DAY) for who in WHO] == [[who] for who in WHO]
    rewrite(engine.lake, partition, lambda rows: rows.slice(1))

    assert [open_person(engine, who, DAY) for who in WHO] == [[], *([who] for who in WHO[1:])]


def test_a_snapshot_and_what_came_after_it_tell_of_a_person_together(engine: Engine) -> None:
    for number, phone in enumerate(("1", "2", "3")):
        day = DAY + timedelta(days=number)
        publish(engine, CONTACTS, [{"customer_id": w, "phone": phone} for w in WHO[number:]], day)
        if number == 1:
            take_snapshots(engine, day, every=1)

    last = {}
    for who in WHO:
        open_day_of(engine, day, [who], [CONTACTS.name])
        last |= dict(engine.values("select customer_id, phone from contacts"))

    assert last == {"ann": "1", "bob": "2", "cem": "3", "o'neill": "3"}


def test_of_a_file_with_very_many_rows_nothing_is_remembered(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perennial.lake.whereabouts._MOST_ROWS", 1)
    partition = publish(engine, CONTACTS, [{"customer_id": "ann"}, {"customer_id": "bob"}])

    found = find(engine, [partition], "customer_id", ["nobody"])

    assert (found.partitions, found.rows) == ([partition], None)
