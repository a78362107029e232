from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.features.home_zones import Home, home_zone

DAY = date(2026, 11, 21)
SHOP = "America/New_York"


def _zone(**known: str | None) -> tuple[str, str]:
    return home_zone(Home(**known), SHOP, DAY)


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("America/Chicago", "America/Chicago"),
        (" america/chicago ", "America/Chicago"),
        ("Pacific/Kiritimati", "Pacific/Kiritimati"),
        ("UTC", "UTC"),
    ],
)
def test_the_profile_goes_first(said: str, zone: str) -> None:
    assert _zone(timezone=said, country="ES", phone="+79123456789") == (zone, "profile")


@pytest.mark.parametrize(
    "said", ["Mars/Olympus", "EST", "Etc/GMT+5", "../../etc/passwd", "", "\x00"]
)
def test_a_zone_that_nobody_lives_by_is_no_profile(said: str) -> None:
    assert _zone(timezone=said, country="FR") == ("Europe/Paris", "address")


@pytest.mark.parametrize(
    ("home", "zone"),
    [
        ({"country": "US", "region": "OH"}, "America/New_York"),
        ({"country": "us", "region": "us-ca"}, "America/Los_Angeles"),
        ({"country": "US", "region": "AZ"}, "America/Phoenix"),
        ({"country": "US", "region": "HI"}, "Pacific/Honolulu"),
        ({"country": "US", "region": "TX"}, "America/Chicago"),
        ({"country": "CA", "region": "BC"}, "America/Vancouver"),
        ({"country": "AU", "region": "QLD"}, "Australia/Brisbane"),
        ({"country": "JP"}, "Asia/Tokyo"),
        ({"country": "DE"}, "Europe/Berlin"),
        ({"country": "ES", "postal_code": "35001"}, "Atlantic/Canary"),
        ({"country": "ES", "postal_code": "28001"}, "Europe/Madrid"),
        ({"country": "PT", "postal_code": "9500-321"}, "Atlantic/Azores"),
    ],
)  # fmt: skip
def test_the_address_goes_second(home: dict[str, str], zone: str) -> None:
    assert _zone(**home) == (zone, "address")


def test_in_a_state_of_two_zones_the_phone_decides_between_them() -> None:
    assert _zone(country="US", region="TX", phone="+19155550134") == ("America/Denver", "address")
    assert _zone(country="US", region="TX", phone="+12125550134") == ("America/Chicago", "address")


def test_the_phone_goes_third_when_all_its_zones_show_the_same_time() -> None:
    assert _zone(phone="+15135550134") == ("America/New_York", "phone")
    assert _zone(country="US", phone="+14155550134") == ("America/Los_Angeles", "phone")


@pytest.mark.parametrize("phone", ["+79123456789", "+34612345678", "+61412345678", None])
def test_where_nothing_is_certain_the_shop_has_the_last_word(phone: str | None) -> None:
    assert _zone(phone=phone) == (SHOP, "shop")


def test_a_country_of_several_times_is_not_guessed() -> None:
    assert _zone(country="RU") == (SHOP, "shop")
    assert _zone(country="ES") == (SHOP, "shop")


@given(
    timezone=st.none() | st.text(max_size=20),
    country=st.none() | st.text(max_size=3),
    region=st.none() | st.text(max_size=6),
    postal_code=st.none() | st.text(max_size=6),
)
def test_whatever_is_typed_gives_a_zone_that_exists(
    timezone: str | None, country: str | None, region: str | None, postal_code: str | None
) -> None:
    zone, _ = _zone(timezone=timezone, country=country, region=region, postal_code=postal_code)

    assert ZoneInfo(zone).key == zone
