from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.features.home_zones import Home, home_country, home_region, home_zone

DAY = date(2026, 11, 21)
SHOP = "America/New_York"


def _zone(**known: str | None) -> tuple[str, str]:
    zone, source, _ = home_zone(Home(**known), SHOP, DAY)
    return zone, source


def _others(**known: str | None) -> set[str]:
    return set(home_zone(Home(**known), SHOP, DAY).others)


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
    assert _zone(country="US", region="TX", phone="+19155550134") == ("America/Denver", "phone")
    assert _others(country="US", region="TX", phone="+19155550134") == set()


def test_in_a_state_of_two_zones_without_such_a_phone_both_count() -> None:
    for phone in (None, "+12125550134"):
        assert _zone(country="US", region="TX", phone=phone) == ("America/Chicago", "address")
        assert _others(country="US", region="TX", phone=phone) == {"America/Denver"}


def test_the_phone_goes_third() -> None:
    assert _zone(phone="+15135550134") == ("America/New_York", "phone")
    assert _zone(country="US", phone="+14155550134") == ("America/Los_Angeles", "phone")
    assert _others(country="US", phone="+14155550134") == set()


def test_where_nothing_is_known_the_shop_has_the_last_word() -> None:
    assert _zone(phone=None) == (SHOP, "shop")
    assert _others(phone=None) == set()


@pytest.mark.parametrize(
    ("home", "zone", "among_others"),
    [
        ({"phone": "+34612345678"}, "Europe/Madrid", {"Atlantic/Canary"}),
        ({"country": "ES"}, "Europe/Madrid", {"Atlantic/Canary"}),
        ({"country": "RU"}, "Asia/Novosibirsk", {"Europe/Kaliningrad", "Asia/Kamchatka"}),
        ({"country": "US"}, "America/Los_Angeles", {"America/New_York", "Pacific/Honolulu"}),
        ({"phone": "+18005550134"}, None, {"Pacific/Honolulu", "America/St_Johns"}),
    ],
    ids=["a Spanish mobile", "Spain", "Russia", "a country of eight times", "toll-free"],
)
def test_where_several_clocks_are_open_each_of_them_counts(
    home: dict[str, str], zone: str | None, among_others: set[str]
) -> None:
    """Case 34."""
    found = home_zone(Home(**home), SHOP, DAY)

    assert zone in (None, found.zone)
    assert found.zone not in found.others
    assert among_others <= set(found.others)


@pytest.mark.parametrize(
    ("home", "country", "region"),
    [
        ({"country": "us", "region": "us-fl"}, ("US", "address"), "FL"),
        ({"country": "US", "region": "Florida"}, ("US", "address"), None),
        ({"country": "US"}, ("US", "address"), None),
        ({"country": "FR", "region": "idf"}, ("FR", "address"), "IDF"),
        ({"country": "Freedonia", "region": "FL"}, ("CA", "shop"), None),
        ({"phone": "+34612345678"}, ("ES", "phone"), None),
        ({"phone": "+18005550134"}, ("US", "phone"), None),
        ({}, ("CA", "shop"), None),
    ],
)
def test_the_rules_of_the_address_hold_else_of_the_phone_else_of_the_shop(
    home: dict[str, str], country: tuple[str, str], region: str | None
) -> None:
    assert home_country(Home(**home), "CA") == country
    assert home_region(Home(**home)) == region


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
