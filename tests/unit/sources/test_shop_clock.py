"""The shop's clock is read quickly, and a mistake in the file is named as ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.errors import ShopError
from perennial.settings import PROJECT
from perennial.sources.shop_clock import read_zone
from perennial.sources.shop_file import read_shop


def test_the_zone_is_that_of_the_whole_file() -> None:
    path = PROJECT / "shop.yaml"

    assert read_zone(path) == read_shop(path).zone


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("shop: {timezone: Mars/Olympus}", "timezone"),
        ("shop: {name: Somewhere}", "timezone"),
        ("shop: [", "shop.yaml"),
        ("- a list", "shop.yaml"),
        ("", "shop"),
    ],
)
def test_a_file_without_a_zone_is_refused_with_its_mistakes(
    tmp_path: Path, text: str, named: str
) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ShopError, match=named):
        read_zone(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ShopError, match=r"shop\.yaml"):
        read_zone(tmp_path / "shop.yaml")
