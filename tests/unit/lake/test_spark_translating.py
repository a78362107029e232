"""What every SQL file of a night says in Spark's dialect; without Spark, so that every change of a file is seen."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from perennial import audience, features
from perennial.campaigns.predicate import compile_where
from perennial.errors import LakeError
from perennial.lake.spark.translating import parsed, spark_sql

FOLDERS = (Path(features.__file__).parent, Path(audience.__file__).parent / "occasions")
FILES = [file for folder in FOLDERS for file in sorted(folder.glob("*.sql"))]
PARAMETERS: dict[str, Any] = {
    "above": 0,
    "checked_above": 20,
    "checked_upto": 30,
    "cells": ["lost", "champions"],
    "confirm_days": 7,
    "currency": "USD",
    "day": date(2026, 11, 21),
    "discreet": ["Intimate"],
    **dict.fromkeys(
        (f"{when}_{days}" for when in ("earlier", "now") for days in (0, 30, 90, 365)),
        datetime(2026, 11, 21, 5, tzinfo=UTC),
    ),
    "everybody": False,
    "first": "00000001",
    "frequency": [1, 2, 3, 4],
    "leap_day_on_1_march": False,
    "median_gap": 17.5,
    "monetary": ["10.50", "20.00", "30.00", "40.00"],
    "next": "00004711",
    "open_for": 14,
    "recency": [10, 20, 30, 40],
    "redemption_minimum": 500,
    "rewards": [500, 1000],
    "starts_at": datetime(2026, 11, 21, 5, tzinfo=UTC),
    "upto": 100,
    "width": 100,
    "year_before": datetime(2025, 11, 21, 5, tzinfo=UTC),
    "zone": "America/New_York",
}


def said(sql: str, **parameters: Any) -> str:
    return spark_sql(parsed(sql), parameters)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_of_a_night_can_be_said_in_sparks_dialect(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("{column}", "lapsed_on")

    translated = said(text.replace("{facts}", "'orders', \"orders\""), **PARAMETERS)

    again = sqlglot.parse_one(translated, dialect="spark")
    assert not list(again.find_all(exp.Placeholder, exp.Parameter))
    # A function that sqlglot does not know would reach Spark as DuckDB spells it.
    unknown = {node.name.lower() for node in again.find_all(exp.Anonymous)}
    assert unknown <= {
        "array_contains",
        "make_date",
        "max_by",
        "percentile",
        "percentile_disc",
        "shiftleft",
    }


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("silence_ratio >= 2.3 and orders >= 2", "`silence_ratio` >= 2.3"),
        ("revenue / orders > 20", "CAST"),
        ("round(revenue / orders, 1) > 20", "ROUND("),
        ("favourite_category in ('Tea', 'O''Brien')", "'O\\'Brien'"),
        ("last_order_on >= '2026-01-31'", "CAST('2026-01-31' AS DATE)"),
    ],
)
def test_what_a_campaign_may_ask_can_be_said_in_sparks_dialect(condition: str, words: str) -> None:
    assert words in said(f"select * from customer_features where {compile_where(condition)}")


def test_a_text_stays_a_text_whatever_is_in_it() -> None:
    text = "'; drop table orders; -- \\' \\\\"

    translated = said("select $zone as zone", zone=text)

    (literal,) = sqlglot.parse_one(translated, dialect="spark").find_all(exp.Literal)
    assert literal.name == text


def test_a_division_is_one_of_doubles_as_duckdb_does_it() -> None:
    assert said("select money.a / money.b from money") == (
        "SELECT CAST((money.a) AS DOUBLE) / money.b FROM money"
    )


def test_an_empty_list_says_what_it_is_a_list_of() -> None:
    assert "AS ARRAY<STRING>" in said("select $rewards", rewards=[])


def test_places_of_a_list_are_counted_from_one_whether_written_or_worked_out() -> None:
    assert said("select quartiles[2] as q from t") == "SELECT quartiles[1] AS q FROM t"
    assert said("select cells[n + 2] as c from t") == "SELECT cells[(n + 2) - 1] AS c FROM t"


def test_a_parameter_that_is_not_given_is_refused() -> None:
    with pytest.raises(LakeError, match=r"asks for \$day, which is not given"):
        said("select $day")


def test_what_is_no_sql_is_refused() -> None:
    with pytest.raises(LakeError, match="cannot be read for Spark"):
        said("select from where")
