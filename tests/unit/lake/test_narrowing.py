"""What is known about a few customers is what the whole day says about them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.lake.duck import Engine
from perennial.lake.narrowing import open_day_of
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import SHOP_DATASETS

FIRST = date(2026, 11, 1)
WHO = ("ann", "bob", "o'neill")
# For each day, whose order each of some is by then: orders may move from one account to another.
INCREMENTS = st.lists(
    st.dictionaries(st.sampled_from(("1", "2", "3")), st.sampled_from(WHO), max_size=3),
    min_size=1,
    max_size=4,
)
SHOWN = {
    "orders": "select * from orders where customer_id in (select unnest($w)) order by order_id",
    "order_lines": "select l.* from order_lines as l join orders as o using (order_id)"
    " where o.customer_id in (select unnest($w)) order by all",
    "consents": "select * from consents where customer_id in (select unnest($w)) order by all",
}


def publish(engine: Engine, dataset: str, day: date, rows: list[dict[str, str]]) -> None:
    """Rows of text; what is not said is empty."""
    columns = SHOP_DATASETS[dataset].columns
    selects = [
        "select "
        + ", ".join(
            f"{_text(row[c.name]) if c.name in row else 'null'}::{c.type} as {c.name}"
            for c in columns
        )
        for row in rows
    ]
    nothing = (
        f"select {', '.join(f'null::{c.type} as {c.name}' for c in columns)} from range(0) as t(n)"
    )
    query = " union all ".join([*selects, nothing])
    order = ", ".join(SHOP_DATASETS[dataset].key)
    engine.publish(Partition(dataset=f"verified/{dataset}", day=day), query, order_by=order)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    increments=INCREMENTS,
    whom=st.lists(st.sampled_from((*WHO, "nobody")), min_size=1, max_size=2),
    after=st.integers(0, 4),
)
def test_a_few_customers_are_as_everybody_s_day_shows_them(
    tmp_path_factory: pytest.TempPathFactory,
    increments: list[dict[str, str]],
    whom: list[str],
    after: int,
) -> None:
    with Engine(Lake(tmp_path_factory.mktemp("lake"))) as engine:
        for number, orders in enumerate(increments):
            day = FIRST + timedelta(days=number)
            rows = [
                {"order_id": o, "customer_id": c, "status": f"of day {number}"}
                for o, c in orders.items()
            ]
            publish(engine, "orders", day, rows)
            publish(engine, "order_lines", day, [{"order_id": o, "line_no": "1"} for o in orders])
            said = [{"consent_id": o, "customer_id": c} for o, c in orders.items()]
            publish(engine, "consents", day, said)
        day = FIRST + timedelta(days=after)
        engine.open_day(day)
        expected = {name: engine.rows(query, {"w": whom}) for name, query in SHOWN.items()}

        open_day_of(engine, day, whom, list(SHOWN))

        found = {name: engine.rows(f"select * from {name} order by all") for name in SHOWN}
        assert {n: sorted(map(str, rows)) for n, rows in found.items()} == {
            n: sorted(map(str, rows)) for n, rows in expected.items()
        }


def test_everybody_is_back_when_the_day_is_opened_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Engine(Lake(tmp_path_factory.mktemp("lake"))) as engine:
        publish(
            engine,
            "orders",
            FIRST,
            [{"order_id": "1", "customer_id": "ann"}, {"order_id": "2", "customer_id": "bob"}],
        )
        open_day_of(engine, FIRST, ["ann"], ["orders", "points_entries"])
        narrowed = engine.scalar("select count(*) from orders")
        engine.open_day(FIRST)

        assert narrowed == 1
        assert engine.scalar("select count(*) from orders") == 2
        assert engine.scalar("select count(*) from points_entries") == 0
