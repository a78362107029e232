from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from perennial.errors import ShopError
from perennial.model.shop import Shop
from perennial.settings import PROJECT
from perennial.sources.shop_file import read_shop

GOOD = """\
shop:
  name: Juniper & Rye
  timezone: America/New_York
  currency: USD
  country: US
  default_locale: en
  postal_address: 214 Orchard Street, Cincinnati
  website: https://juniperandrye.example
  from_address: hello@juniperandrye.example
  sms_name: Juniper
"""


def shop_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ShopError) as caught:
        read_shop(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def only_fault(tmp_path: Path, line: str) -> str:
    faults = faults_of(shop_file(tmp_path, f"{GOOD}  {line}\n"))
    assert len(faults) == 1, faults
    return faults[0]


def test_the_shop_file_of_the_repository_is_read() -> None:
    shop = read_shop(PROJECT / "shop.yaml")
    assert shop.name == "Juniper & Rye"
    assert shop.zone == ZoneInfo("America/New_York")
    assert shop.points.rewards == (500, 1000, 2500)
    assert shop.prices.sms_segment == Decimal("0.0079")
    assert shop.colours["brand"] == "#1f5c4d"


def test_what_is_left_out_has_the_defaults_of_the_model(tmp_path: Path) -> None:
    shop = read_shop(shop_file(tmp_path, GOOD))
    assert shop.locales == ("en", "es", "ru")
    assert shop.reply_to is None


def test_every_mistake_is_shown_at_once_with_line_and_column(tmp_path: Path) -> None:
    text = GOOD.replace("USD", "USDD").replace("timezone: America/New_York", "timzone: Mars")
    assert faults_of(shop_file(tmp_path, text)) == [
        "2:3: shop.timezone is missing. Add `timezone:` to `shop:`.",
        "3:3: `shop` knows no `timzone`. Did you mean `timezone`?",
        "4:13: shop.currency names no currency: `USDD`. Did you mean `USD`?",
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("prices: {email: 0.0008}", 'would be rounded. Write "0.0008".'),
        ('prices: {emial: "0.0008"}', "knows no `emial`. Did you mean `email`?"),
        (
            'prices: "0.01"',
            "shop.prices is not a mapping. Known here: email, sms_segment, whatsapp.",
        ),
        ("points: {rewards: [1000, 500]}", "does not rise."),
        ("points: {rewards: 500}", "is not a list."),
        ("points: {redemption_minimum: 0}", "is below 1."),
        ("points: {redemption_minimum: true}", "is not a whole number."),
        ("colours: {brand: green}", "is not a colour."),
        ("colours: {brnad: '#112233'}", "Did you mean `brand`?"),
        ("locales: [es, xx-yy-zz]", "names no language: `xx-yy-zz`."),
        ("locales: [es, ru]", "is `en`, which is not among shop.locales."),
        ("leap_day_on_1_march: maybe", "is neither true nor false."),
        ("discreet_departments: Tobacco", "is not a list."),
        ("reply_to: care@", "is not an email address."),
        ("reply_to: [a, b]", "is not text."),
        ("reply_to: '  '", "is empty."),
    ],
)
def test_a_wrong_value_says_what_to_write(tmp_path: Path, line: str, says: str) -> None:
    assert says in only_fault(tmp_path, line)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("America/New_York", "America/NewYork", "Did you mean `America/New_York`?"),
        ("America/New_York", "america/new_york", "Did you mean `America/New_York`?"),
        ("America/New_York", "America", "names no time zone"),
        ("country: US", "country: USA", "names no country: `USA`. Did you mean `US`?"),
        ("https://juniperandrye.example", "juniperandrye", "is not an https address."),
    ],
)
def test_a_wrong_name_is_met_with_the_nearest_right_one(
    tmp_path: Path, right: str, wrong: str, says: str
) -> None:
    faults = faults_of(shop_file(tmp_path, GOOD.replace(right, wrong)))
    assert len(faults) == 1
    assert says in faults[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a mapping of names to values."),
        ("- a\n- b\n", "is not a mapping of names to values."),
        ("shop: [", "is not YAML"),
        ("shop:\n  name: a\n  name: b\n", "is not YAML: found duplicate key"),
        ("shop: yes please\n", "`shop` is not a mapping."),
        ("sources: {}\n", "`shop:` is missing."),
    ],
)
def test_a_file_that_is_no_shop_is_refused(tmp_path: Path, text: str, says: str) -> None:
    assert any(says in fault for fault in faults_of(shop_file(tmp_path, text)))


def test_a_section_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    faults = faults_of(shop_file(tmp_path, GOOD + "source: {}\n"))
    assert faults == ["11:1: `shop.yaml` knows no `source`. Did you mean `sources`?"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ShopError, match=r"shop\.yaml: cannot be read: No such file"):
        read_shop(tmp_path / "shop.yaml")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_bytes(GOOD.replace("Juniper &", "Genièvre &").encode("latin-1"))
    assert any("UTF-8" in fault for fault in faults_of(path))


def test_the_reference_lists_every_key_of_the_shop() -> None:
    page = (PROJECT / "docs" / "reference" / "shop.md").read_text(encoding="utf-8")
    keys = {field.name for field in fields(Shop)} - {"zone"} | {"timezone"}
    assert {key for key in keys if f"`{key}`" not in page} == set()
