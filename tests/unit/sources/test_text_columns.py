from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.sources.text_columns import text_column

NEW_YORK = ZoneInfo("America/New_York")
ZULU = ZoneInfo("UTC")


def texts(values: list[Any], *, moments: bool = False, zone: ZoneInfo = ZULU) -> list[str | None]:
    result: list[str | None] = text_column(values, moments=moments, zone=zone).to_pylist()
    return result


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7, None, -1], ["7", None, "-1"]),
        ([2**70, 1], [str(2**70), "1"]),
        (["007", "", None], ["007", "", None]),
        ([Decimal("1.50"), Decimal("1E+3"), None], ["1.50", "1000", None]),
        ([True, False, None], ["true", "false", None]),
        ([0.1, 1e22], ["0.1", "1e+22"]),
        ([date(2026, 3, 1)], ["2026-03-01"]),
        ([None, None], [None, None]),
        ([], []),
        ([1, "1", True, 1.5, Decimal("2.0")], ["1", "1", "true", "1.5", "2.0"]),
        ([{"b": 1, "a": "é"}], ['{"a": "é", "b": 1}']),
        ([b"caf\xc3\xa9"], ["café"]),
    ],
)
def test_every_value_keeps_what_the_shop_said(
    values: list[Any], expected: list[str | None]
) -> None:
    assert texts(values) == expected


def test_moments_are_told_in_utc() -> None:
    aware = datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=2)))
    naive = datetime(2026, 3, 1, 9)  # noqa: DTZ001 - what a database without offsets returns
    assert texts([aware, None]) == ["2026-03-01T07:00:00Z", None]
    assert texts([naive], zone=NEW_YORK) == ["2026-03-01T14:00:00Z"]


def test_a_fraction_of_a_second_is_kept() -> None:
    moment = datetime(2026, 3, 1, 9, 0, 0, 250_000, tzinfo=UTC)
    assert texts([moment]) == ["2026-03-01T09:00:00.250000Z"]


def test_naive_text_gets_the_offset_of_its_zone_and_other_text_stays() -> None:
    said = ["2026-07-01 12:00:00", "2026-07-01T12:00:00.5", "yesterday", None, "2026-07-01"]
    assert texts(said, moments=True) == [
        "2026-07-01T12:00:00Z",
        "2026-07-01T12:00:00.5Z",
        "yesterday",
        None,
        "2026-07-01",
    ]
    assert texts(said[:1] + said[2:], moments=True, zone=NEW_YORK) == [
        "2026-07-01T16:00:00Z",
        "yesterday",
        None,
        "2026-07-01",
    ]


def test_text_outside_moments_is_never_touched() -> None:
    assert texts(["2026-07-01 12:00:00"]) == ["2026-07-01 12:00:00"]


@given(st.lists(st.none() | st.datetimes(timezones=st.just(UTC)), max_size=5))
def test_a_moment_survives_the_way_through_text(moments: list[datetime | None]) -> None:
    read = [None if t is None else datetime.fromisoformat(t) for t in texts(moments, moments=True)]
    assert read == moments


@given(st.lists(st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=2)))
def test_a_decimal_survives_to_the_cent(amounts: list[Decimal | None]) -> None:
    assert [None if t is None else Decimal(t) for t in texts(amounts)] == amounts
