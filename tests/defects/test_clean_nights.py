"""Ninety nights of the sample shop in a row, without a defect."""

from __future__ import annotations

from pathlib import Path

import pytest

from defects.good_nights import CLEAN_NIGHTS, clean_nights

pytestmark = [pytest.mark.sample, pytest.mark.timeout(1800)]


def test_ninety_clean_nights_are_not_stopped_and_no_row_is_put_aside(good_nights: Path) -> None:
    nights = clean_nights(good_nights)

    assert len(nights) == CLEAN_NIGHTS == 90
    assert [found for night in nights for found in night["stop"]] == []
    assert [dataset for night in nights for dataset in night["put aside"]] == []
