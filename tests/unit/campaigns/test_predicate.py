"""What a condition may say, and that whatever it may not say never reaches the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from perennial.campaigns.condition_parts import CLOSED
from perennial.campaigns.predicate import check_where, compile_where
from perennial.errors import CampaignError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.model.datasets import CUSTOMER_FEATURES


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    columns = ", ".join(f'"{c.name}" {c.type}' for c in CUSTOMER_FEATURES.columns)
    with Engine(Lake(tmp_path_factory.mktemp("lake")), memory_limit="500MB", threads=1) as engine:
        engine.execute(f"create table customer_features ({columns})")
        engine.execute(
            "insert into customer_features by name select 'c1' as customer_id, 'lapsed' as stage,"
            " 3 as orders, 90.00 as revenue, 2.5 as silence_ratio, 'US' as country,"
            " date '2026-08-01' as last_order_on, date '2026-01-01' as first_order_on, 0 as refunds,"
            " 1240 as points_balance, 'champions' as rfm_cell"
        )
        yield engine


def _holds(engine: Engine, where: str) -> bool:
    count = engine.scalar(f"select count(*) from customer_features where {compile_where(where)}")
    return bool(count)


def _said(where: str) -> list[str]:
    return [f"{f.column}: {f.message} {f.hint or ''}".strip() for f in check_where(where)]


def test_columns_come_out_quoted_and_qualified() -> None:
    sql = compile_where("silence_ratio >= 2.3 and Orders >= 2")

    assert sql == '"customer_features"."silence_ratio" >= 2.3 AND "customer_features"."orders" >= 2'


ALLOWED = {
    "orders >= 2 and silence_ratio >= 2.3": True,
    "orders > 3 or not refunds > 0": True,
    "customer_features.orders = 3": True,
    '"orders" = 3': True,
    "stage in ('lapsed', 'lost')": True,
    "stage not in ('lapsed', 'lost')": False,
    "rfm_cell = 'champions' and stage <> 'lost'": True,
    "orders between 2 and 3": True,
    "birth_date is null and country is not null": True,
    "country like 'U%' and country not like 'X%'": True,
    "country = 'it''s'": False,
    "revenue / orders > 29.99": True,
    "revenue - orders * 2.5 = 82.5": True,
    "orders + 2147483647 > 0": True,
    "2147483647 + 2147483647 > orders": True,
    "revenue * revenue * revenue * revenue > 1": True,
    "-orders < - -1": True,
    "abs(orders - 5) = 2 and round(silence_ratio) = 3 and round(revenue, 1) = 90": True,
    "lower(country) = 'us' and upper(country) = 'US' and length(country) = 2": True,
    "coalesce(region, country) = 'US' and least(orders, 9) = 3 and greatest(orders, 9) = 9": True,
    "last_order_on > '2026-07-31' and last_order_on < date '2026-08-02'": True,
    "last_order_on + interval 3 day = '2026-08-04'": True,
    "last_order_on - interval '1 month' in ('2026-07-01')": True,
    "last_order_on - first_order_on = 212": True,
    "true and not false": True,
}


@pytest.mark.parametrize(("where", "holds"), ALLOWED.items(), ids=list(ALLOWED))
def test_a_condition_means_what_it_says(where: str, holds: bool, engine: Engine) -> None:  # noqa: FBT001
    assert _holds(engine, where) is holds


def test_a_division_by_nothing_selects_nobody(engine: Engine) -> None:
    assert not _holds(engine, "revenue / refunds > 5")
    assert not _holds(engine, "not revenue / refunds > 5")


@pytest.mark.parametrize("column", CUSTOMER_FEATURES.column_names)
def test_every_column_can_be_named(column: str, engine: Engine) -> None:
    assert not _holds(engine, f"{column} is null and {column} is not null")


REFUSED = {
    "silense_ratio > 1": ["1: unknown column 'silense_ratio'. Did you mean 'silence_ratio'?"],
    "ordrs > 1 and revnue > 2": [
        "1: unknown column 'ordrs'. Did you mean 'orders'?",
        "15: unknown column 'revnue'. Did you mean 'revenue'?",
    ],
    "rfm_cell = 3": ["12: rfm_cell is text, 3 is a number: they cannot be compared."],
    "last_order_on > 3": ["17: last_order_on is a date, 3 is a number: they cannot be compared."],
    "orders in (1, 'x')": ["15: orders is a number, 'x' is text: they cannot be compared."],
    "1 < orders < 3": ["1: 1 < orders is a condition: it cannot be compared."],
    "stage = 'laped'": ["9: stage is never 'laped'. Did you mean 'lapsed'?"],
    "stage in ('new', 'Lapsed')": ["18: stage is never 'Lapsed'. Did you mean 'lapsed'?"],
    "rfm_cell <> 'champion'": ["13: rfm_cell is never 'champion'. Did you mean 'champions'?"],
    "preferred_channel = 'mail'": ["21: preferred_channel is never 'mail'. Did you mean 'email'?"],
    "stage = lapsed": ["9: unknown column 'lapsed'. Words stand in single quotes: 'lapsed'."],
    'country = "US"': ["11: unknown column 'US'. Words stand in single quotes: 'US'."],
    "stage = null": ["1: nothing equals null. Write `is null` or `is not null`."],
    "orders": ["1: orders is a number, not a condition. Compare it with something."],
    "orders > 1 and revenue": [
        "16: revenue is a number, not a condition. Compare it with something."
    ],
    "orders is true": ["1: after `is` stands `null` or `not null`."],
    "last_order_on > '2026-02-30'": [
        "17: '2026-02-30' is not a date. Write year, month and day: '2026-11-21'."
    ],
    "last_order_on + 3 > '2026-01-01'": [
        "1: a number cannot be added to a date. Days are added so: last_order_on + interval 3 day."
    ],
    "last_order_on + interval 9999 year > '2026-01-01'": [
        (
            "1: this length of time cannot be used here."
            " Write interval 3 day; day, week, month or year, up to 2,000."
        )
    ],
    "country + 1 > 2": [
        "1: a number cannot be added to text. Days are added so: last_order_on + interval 3 day."
    ],
    "orders * 'x' > 2": ["10: 'x' is text, not a number."],
    "points_balance / 0 > 1": ["1: nothing can be divided by 0."],
    "orders = 1e5": [
        (
            "10: '1e5' is not a figure that can be used here."
            " Write up to 12 digits, and up to 6 after the point."
        )
    ],
    "round(revenue, orders) > 1": [
        "1: round takes a figure and, if you like, 0 to 6 places: round(revenue, 2)."
    ],
    "orders in ()": ["1: `in` needs at least one value: in ('a', 'b')."],
    "other.orders = 1": [
        "1: a condition may only name columns of customer_features, not of 'other'."
    ],
    "orders >": ["8: something is missing after '>'."],
    "(orders > 1": ["11: ')' is missing after '1'."],
    "orders > 1) or (true": ["11: ')' is not expected here."],
    "orders > 1 as x": ["12: 'as' is not expected here."],
    "stage = 'new": ["1: the condition cannot be read. A quotation mark has no partner."],
    "": [
        "1: the condition is empty. Leave `where` out to write to everybody who has the occasion."
    ],
}


@pytest.mark.parametrize(("where", "said"), REFUSED.items(), ids=[repr(w) for w in REFUSED])
def test_a_mistake_is_named_with_its_column_and_the_way_out(where: str, said: list[str]) -> None:
    assert _said(where) == said


_FUNCTIONS = "It is one of: abs, coalesce, greatest, least, length, lower, round, upper."
HOSTILE = {
    "1=1; drop table customer_features": "';' has no place in a condition: it is one expression.",
    "1=1 -- and more": "a comment has no place inside a condition. Write it in the line above, after #.",
    "1=1 /* x */ or true": "a comment has no place inside a condition. Write it in the line above, after #.",
    "exists(select 1 from orders)": "a query has no place in a condition.",
    "orders in (select 1)": "a query has no place in a condition.",
    "orders = (select max(orders) from orders)": "a query has no place in a condition.",
    "select 1": "'select' is not expected here.",
    "drop table customer_features": "'drop' is not expected here.",
    "set x = 1": "'x' is not expected here.",
    "read_csv('/etc/passwd') = 'x'": f"unknown function 'read_csv'. {_FUNCTIONS}",
    "getenv('HOME') = 'x'": f"unknown function 'getenv'. {_FUNCTIONS}",
    "read_text('/etc/passwd') = 'x'": "unknown function 'read_text'. Did you mean 'greatest'?",
    "sum(orders) over () > 1": "sum(orders) has no place in a condition.",
    "count(*) > 1": "unknown function 'count'. Did you mean 'round'?",
    "random() < 0.5": f"unknown function 'random'. {_FUNCTIONS}",
    "current_date > last_order_on": "a condition has no clock. Count with columns such as recency_days.",
    "orders = $1": "a parameter has no place in a condition.",
    "orders = ?": "a parameter has no place in a condition.",
    "orders::varchar = '1'": "a cast has no place in a condition. Dates are written date '2026-11-21'.",
    "case when true then true end": "`case` has no place in a condition.",
    "country || 'x' = 'y'": "country || 'x' has no place in a condition.",
    "country ~ '(a+)+$'": None,
    "orders % 2 = 1": "orders % 2 has no place in a condition.",
    "{'a': 1} = 1": None,
    "[1, 2] = 1": None,
    "country = $$x$$": None,
    "country = E'x'": None,
    "country like 'x' escape '!'": None,
    "country = 'x' collate nocase": None,
    "orders between symmetric 3 and 1": "'symmetric' has no place in a condition.",
    "orders > all (select 1)": None,
    "(orders, 1) = (1, 1)": None,
    "country = 'a\x00b'": "a control character has no place in a condition.",
    "(" * 5_000: f"the condition is longer than {4_000:,} characters.",
    "(" * 21 + "true" + ")" * 21: "the condition is nested more than 20 deep.",
    "not " * 300 + "true": "the condition is nested more than 20 deep.",
    " or ".join(["true"] * 300): "the condition has more than 400 words and signs.",
}


@pytest.mark.parametrize(("where", "said"), HOSTILE.items(), ids=[repr(w[:40]) for w in HOSTILE])
def test_what_is_no_condition_is_refused(where: str, said: str | None) -> None:
    faults = check_where(where)

    assert faults
    if said:
        assert said in {f"{f.message} {f.hint or ''}".strip() for f in faults}


def test_a_refusal_carries_every_mistake() -> None:
    with pytest.raises(CampaignError) as refused:
        compile_where("ordrs > 1 and stage = 'x'")

    assert len(refused.value.faults) == 2


def test_the_cells_of_the_rfm_grid_are_those_that_the_features_give(engine: Engine) -> None:
    grid = Path(compile_where.__code__.co_filename).parents[1] / "features" / "rfm_cells.sql"
    cells = engine.rows(f"select distinct rfm_cell from ({grid.read_text('utf-8')})")

    assert {row["rfm_cell"] for row in cells} == set(CLOSED["rfm_cell"])


_SCRAPS = st.sampled_from(
    [
        *CUSTOMER_FEATURES.column_names,
        *("and", "or", "not", "in", "between", "is", "null", "like", "true", "date", "interval"),
        *("(", ")", ",", "+", "-", "*", "/", "=", "<>", "<", ">=", "||", "::", ";", "--", "[", "{"),
        *("abs(", "coalesce(", "round(", "least(", "lower(", "length(", "getenv(", "read_csv("),
        *(
            "select",
            "from",
            "exists(",
            "case",
            "when",
            "then",
            "end",
            "over",
            "$1",
            "?",
            ".",
            "day",
        ),
        *("'lapsed'", "'2026-01-01'", "'x'", "3", "0", "2.5", "2147483647", "999999999999"),
    ]
)
_NUMBER = st.sampled_from(["orders", "revenue", "silence_ratio", "points_balance", "0", "3", "0.5"])
_NUMBERS = st.recursive(
    _NUMBER,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("abs({})".format, inner),
        st.builds("round({}, 2)".format, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("-{}".format, inner),
    ),
    max_leaves=6,
)
_COMPARISON = st.one_of(
    st.builds("{} {} {}".format, _NUMBERS, st.sampled_from(["=", "<", ">=", "<>"]), _NUMBERS),
    st.builds("{} between {} and {}".format, _NUMBERS, _NUMBERS, _NUMBERS),
    st.builds("{} is not null".format, _NUMBERS),
)
_CONDITIONS = st.recursive(
    _COMPARISON,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=400)
@given(st.one_of(st.text(max_size=60), st.lists(_SCRAPS, max_size=12).map(" ".join), _CONDITIONS))
@example("country = '\\'' or true --'")
@example("orders = 1 union select 1")
@example("(values (1)) = 1")
@example("orders in (table orders)")
@example("customer_features.customer_features.orders = 1")
@example("orders = ALL(SELECT 1)")
def test_any_text_is_refused_or_runs_over_customer_features_alone(
    engine: Engine, text: str
) -> None:
    try:
        sql = compile_where(text)
    except CampaignError:
        return
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    engine.scalar(f"select count(*) from customer_features where {sql}")

    assert not list(tree.find_all(exp.Table, exp.Query, exp.Anonymous))
    assert {column.table for column in tree.find_all(exp.Column)} <= {"customer_features"}


@settings(max_examples=200)
@given(st.text(max_size=20).filter(lambda text: text.isprintable()))
def test_words_reach_the_database_as_they_are(engine: Engine, text: str) -> None:
    quoted = text.replace("'", "''")
    sql = compile_where(f"country = '{quoted}'").split(" = ", 1)[1]

    assert engine.scalar(f"select {sql}") == text


@given(st.dates(min_value=date(1, 1, 1)))
def test_dates_reach_the_database_as_they_are(engine: Engine, day: date) -> None:
    sql = compile_where(f"last_order_on = '{day.isoformat()}'").split(" = ", 1)[1]

    assert engine.scalar(f"select {sql}") == day
