from __future__ import annotations

import pytest

from night_samples import DAY, SHOP, ShopNights, row
from perennial.lake.duck import Engine
from perennial.model.datasets import SHOP_DATASETS
from perennial.validation.casting import read_columns, said_columns, typed_columns, wrong_type

COLUMNS = {
    "VARCHAR": ("orders", "order_id"),
    "DECIMAL": ("orders", "total"),
    "TIMESTAMPTZ": ("orders", "ordered_at"),
    "BIGINT": ("order_lines", "quantity"),
    "INTEGER": ("order_lines", "line_no"),
    "DATE": ("customers", "birth_date"),
}
WRONG = "wrong"

READ = [
    ("VARCHAR", "007", "007"),
    ("VARCHAR", " x ", " x "),
    ("VARCHAR", "  ", None),
    ("DECIMAL", "12.34", "12.34"),
    ("DECIMAL", " 12 ", "12.00"),
    ("DECIMAL", "-0.5", "-0.50"),
    ("DECIMAL", "12.3400", "12.34"),
    ("DECIMAL", "0.30000000000000004", "0.30"),
    ("DECIMAL", "1e3", "1000.00"),
    ("DECIMAL", "12.345", WRONG),
    ("DECIMAL", "1,000.00", WRONG),
    ("DECIMAL", "$12", WRONG),
    ("DECIMAL", "NaN", WRONG),
    ("DECIMAL", "inf", WRONG),
    ("DECIMAL", "99999999999", WRONG),
    ("DECIMAL", "", None),
    ("BIGINT", "3", "3"),
    ("BIGINT", "3.0", "3"),
    ("BIGINT", "3.7", WRONG),
    ("BIGINT", "0x10", WRONG),
    ("BIGINT", "true", WRONG),
    ("INTEGER", "3000000000", WRONG),
    ("DATE", "1984-02-29", "1984-02-29"),
    ("DATE", "1984-02-29 00:00:00", "1984-02-29"),
    ("DATE", "1984-02-29T05:00:00Z", "1984-02-29"),
    ("DATE", "1984-02-29T04:59:59Z", "1984-02-28"),
    ("DATE", "0000-00-00", None),
    ("DATE", "1983-02-29", WRONG),
    ("DATE", "29/02/1984", WRONG),
    ("DATE", "infinity", WRONG),
    ("DATE", "29400-01-01", WRONG),
    ("TIMESTAMPTZ", "2026-11-20T10:00:00Z", "2026-11-20 10:00:00+00"),
    ("TIMESTAMPTZ", "2026-11-20T10:00:00.123456+02:00", "2026-11-20 08:00:00.123456+00"),
    ("TIMESTAMPTZ", "2026-11-20 10:00:00+0530", "2026-11-20 04:30:00+00"),
    ("TIMESTAMPTZ", "2026-11-20 10:00:00", "2026-11-20 15:00:00+00"),
    ("TIMESTAMPTZ", "2026-11-20", "2026-11-20 05:00:00+00"),
    ("TIMESTAMPTZ", "0000-00-00 00:00:00", None),
    ("TIMESTAMPTZ", "2026-02-30T10:00:00Z", WRONG),
    ("TIMESTAMPTZ", "1700000000", WRONG),
    ("TIMESTAMPTZ", "epoch", WRONG),
    ("TIMESTAMPTZ", "-infinity", WRONG),
]


@pytest.mark.parametrize(("type_", "said", "expected"), READ)
def test_text_becomes_a_value_only_when_nothing_is_lost(
    engine: Engine, type_: str, said: str, expected: str | None
) -> None:
    name, column = COLUMNS[type_]
    dataset = SHOP_DATASETS[name]
    given = ", ".join(
        f"$said::varchar as {c}" if c == column else f"null::varchar as {c}"
        for c in dataset.column_names
    )
    sql = f"""
        with heard as (select {said_columns(dataset)} from (select {given})),
        read as (select {read_columns(dataset)}, * from heard),
        typed as (select {typed_columns(dataset)}, {wrong_type(dataset)} as wrong_type from read)
        select {column}::varchar as value, wrong_type from typed
    """

    found = engine.rows(sql, {"said": said, "zone": SHOP.zone.key})[0]

    if expected is WRONG:
        assert found == {"value": None, "wrong_type": column}
    else:
        assert found == {"value": expected, "wrong_type": None}


def test_rows_that_do_not_say_what_they_are_all_stay(nights: ShopNights) -> None:
    nameless = [row("orders", order_id=None, total=str(n)) for n in range(3)]
    undated = [row("orders", updated_at="?", total=str(n)) for n in range(2)]

    verdict = nights.validate(orders=[*nameless, *undated, row("orders")])["orders"]

    assert (verdict.rows, verdict.accepted, verdict.quarantined) == (6, 1, 5)
    assert verdict.day == DAY
