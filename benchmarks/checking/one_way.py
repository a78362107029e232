"""Runs the checks of a laid night in one way, and tells how long they took and how many rows break each rule."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from raw_orders import DAY, raw

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.model.datasets import CUSTOMERS, ORDERS
from perennial.pipeline.verifying import validate_dataset
from perennial.settings import PROJECT
from perennial.sources.shop_file import read_shop
from perennial.validation import expecting
from perennial.validation.night_rows import NightRows
from perennial.validation.suites import Rule, Suite, load_suite
from perennial.validation.vocabulary import parameters_for

SUITES = PROJECT / "expectations"
SHOP = read_shop(PROJECT / "shop.yaml")
Broken = Mapping[str, Sequence[int]]


def main(way: str, root: Path, count: int) -> dict[str, Any]:
    with Engine(Lake(root)) as engine:
        if way == "shipped":
            begun = time.perf_counter()
            verdict = validate_dataset(engine, ORDERS, DAY, SHOP, SUITES)
            took = time.perf_counter() - begun
            return {"checks": took, "accepted": verdict.accepted, "aside": verdict.quarantined}
        _open(engine)
        rows = NightRows(
            engine, ORDERS, DAY, SHOP.zone, chunk=500_000 if way != "pandas" else 10**9
        )
        suite = load_suite(SUITES, ORDERS, parameters_for(SHOP, DAY)).about_rows()
        chosen = [rule for rule in suite.rules if rule.columns][:count]
        assert len(chosen) == count, f"the suite has {len(chosen)} rules about rows"
        begun = time.perf_counter()
        broken = _by_sql(engine, chosen) if way == "sql" else _by_suite(way, suite, chosen, rows)
        took = time.perf_counter() - begun
    told = {name: [len(n), _hash(n)] for name, n in sorted(broken.items())}
    return {"checks": round(took, 2), "broken": told}


def _open(engine: Engine) -> None:
    """The views that a night's rows are made from, as the night makes them."""
    texts = dict.fromkeys(ORDERS.column_names, "varchar")
    types = {c.name: c.type for c in ORDERS.columns}
    engine.stack("said", texts, [raw(ORDERS)])
    engine.stack("waiting", texts | {"retry_until": "date"}, [])
    for name in ("earlier_orders", "recent"):
        engine.stack(name, types, [])
    people = engine.lake.path(raw(CUSTOMERS))
    engine.execute(
        f"create or replace view known_customers as select customer_id from read_parquet('{people}')"
    )


def _by_suite(way: str, suite: Suite, chosen: Sequence[Rule], rows: NightRows) -> Broken:
    if way != "screened":
        expecting.can_be_screened = lambda _: False
    found = expecting.breaches(replace(suite, rules=tuple(chosen)), rows)
    return {breach.rule.name: np.sort(breach.rows).tolist() for breach in found}


def _by_sql(engine: Engine, chosen: Sequence[Rule]) -> Broken:
    broken = {}
    for rule in chosen:
        query = f"select row_no from judged_rows where not ({_condition(rule)}) order by row_no"
        numbers = engine.table(query)["row_no"].to_pylist()
        if numbers:
            broken[rule.name] = numbers
    return broken


def _condition(rule: Rule) -> str:
    """What a row must fulfil, as DuckDB says it; empty values fulfil all but `not_be_null`."""
    kwargs, kind = rule.kwargs, rule.type.removeprefix("expect_column_")
    if kind == "pair_values_a_to_be_greater_than_b":
        return f"coalesce({kwargs['column_A']} >= {kwargs['column_B']}, true)"
    column = f'"{kwargs["column"]}"'
    if kind == "values_to_not_be_null":
        return f"{column} is not null"
    if kind == "values_to_be_null":
        return f"{column} is null"
    if kind == "values_to_be_in_set":
        listed = ", ".join(_literal(value) for value in kwargs["value_set"])
        return f"coalesce({column} in ({listed}), true)"
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    above = f"{column} >= {_literal(low)}" if low is not None else "true"
    below = f"{column} <= {_literal(high)}" if high is not None else "true"
    return f"coalesce({above} and {below}, true)"


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        return f"timestamptz '{value.isoformat()}'"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _hash(numbers: Sequence[int]) -> str:
    return hashlib.sha256(json.dumps(list(numbers)).encode()).hexdigest()[:12]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
