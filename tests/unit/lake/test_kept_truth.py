"""Days opened one after another show what each shows by itself."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition

FIRST = date(2026, 11, 1)
NAMES = ("tea", "rye", "jam")

# For each of some days: nothing arrived, or new prices of some products; None is a product without an id.
INCREMENTS = st.lists(
    st.none() | st.dictionaries(st.none() | st.sampled_from(NAMES), st.integers(0, 9), max_size=4),
    min_size=1,
    max_size=6,
)
# Which days are opened, in whatever order.
VISITS = st.lists(st.integers(0, 45), min_size=1, max_size=6)


def publish_prices(engine: Engine, day: date, prices: dict[str | None, int]) -> None:
    rows = " union all ".join(
        f"""select {f"'{name}'" if name else "null::varchar"} as product_id, 'n' as name, null::varchar as category,
            null::varchar as department, {price}::decimal(12,2) as price, null::varchar as url,
            timestamptz '{day} 00:00:00+00' as updated_at"""
        for name, price in prices.items()
    )
    nothing = """select null::varchar as product_id, null::varchar as name, null::varchar as category,
        null::varchar as department, null::decimal(12,2) as price, null::varchar as url,
        null::timestamptz as updated_at where false"""
    partition = Partition(dataset="verified/products", day=day)
    engine.publish(partition, rows or nothing, order_by="product_id")


def known(engine: Engine, day: date) -> list[tuple[object, ...]]:
    engine.open_day(day)
    return [
        tuple(row.values()) for row in engine.rows("select * from products order by all nulls last")
    ]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(increments=INCREMENTS, visits=VISITS)
def test_a_kept_day_is_the_day_as_its_files_tell_it(
    tmp_path_factory: pytest.TempPathFactory,
    increments: list[dict[str | None, int] | None],
    visits: list[int],
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    with Engine(lake) as plain, Engine(lake, keeps_truth=True) as keeping:
        for number, prices in enumerate(increments):
            if prices is not None:
                publish_prices(plain, FIRST + timedelta(days=number), prices)
        for visit in visits:
            day = FIRST + timedelta(days=visit)

            assert known(keeping, day) == known(plain, day)


def test_an_increment_that_comes_after_its_day_was_opened_belongs_to_the_next_day(
    tmp_path: Path,
) -> None:
    with Engine(Lake(tmp_path), keeps_truth=True) as engine:
        publish_prices(engine, FIRST, {"tea": 1})
        before = known(engine, FIRST)
        publish_prices(engine, FIRST + timedelta(days=1), {"tea": 2})
        after = known(engine, FIRST + timedelta(days=1))

    assert [len(before), len(after)] == [1, 1]
    assert before != after


def test_only_an_engine_that_keeps_the_truth_remembers_what_nights_have_told(
    tmp_path: Path,
) -> None:
    with Engine(Lake(tmp_path)) as plain, Engine(Lake(tmp_path), keeps_truth=True) as keeping:
        for engine in (plain, keeping):
            engine.learned("days")[FIRST] = 1

        assert plain.learned("days") == {}
        assert keeping.learned("days") == {FIRST: 1}
        assert keeping.learned("something else") == {}
