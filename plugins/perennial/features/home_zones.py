"""The clock a customer lives by: from the profile, else the address, else the phone's prefix, else the shop's.

The table of regions is of November 2026. Countries come from the installed zone data: one whose zones all show the
same time needs no region.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers import timezone as phone_zones

from perennial.model.countries import zones_of_countries

_EASTERN, _CENTRAL, _MOUNTAIN, _PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)
_EASTERN_STATES = (
    "CT",
    "DC",
    "DE",
    "FL",
    "GA",
    "IN",
    "KY",
    "MA",
    "MD",
    "ME",
    "MI",
    "NC",
    "NH",
    "NJ",
    "NY",
    "OH",
    "PA",
    "RI",
    "SC",
    "VA",
    "VT",
    "WV",
)
_CENTRAL_STATES = (
    "AL",
    "AR",
    "IA",
    "IL",
    "KS",
    "LA",
    "MN",
    "MO",
    "MS",
    "ND",
    "NE",
    "OK",
    "SD",
    "TN",
    "TX",
    "WI",
)
_MOUNTAIN_STATES = ("CO", "ID", "MT", "NM", "UT", "WY")
_PACIFIC_STATES = ("CA", "NV", "OR", "WA")
# Where most people of a region live; regions with two zones are listed in _ALSO as well.
_REGIONS = {
    "US": {
        **dict.fromkeys(_EASTERN_STATES, _EASTERN),
        **dict.fromkeys(_CENTRAL_STATES, _CENTRAL),
        **dict.fromkeys(_MOUNTAIN_STATES, _MOUNTAIN),
        **dict.fromkeys(_PACIFIC_STATES, _PACIFIC),
        "AK": "America/Anchorage",
        "AZ": "America/Phoenix",
        "HI": "Pacific/Honolulu",
        "PR": "America/Puerto_Rico",
        "VI": "America/St_Thomas",
        "GU": "Pacific/Guam",
        "MP": "Pacific/Saipan",
        "AS": "Pacific/Pago_Pago",
    },
    "CA": {
        "AB": "America/Edmonton",
        "BC": "America/Vancouver",
        "MB": "America/Winnipeg",
        "NB": "America/Moncton",
        "NL": "America/St_Johns",
        "NS": "America/Halifax",
        "NT": "America/Edmonton",
        "NU": "America/Iqaluit",
        "ON": "America/Toronto",
        "PE": "America/Halifax",
        "QC": "America/Toronto",
        "SK": "America/Regina",
        "YT": "America/Whitehorse",
    },
    "AU": {
        "ACT": "Australia/Sydney",
        "NSW": "Australia/Sydney",
        "NT": "Australia/Darwin",
        "QLD": "Australia/Brisbane",
        "SA": "Australia/Adelaide",
        "TAS": "Australia/Hobart",
        "VIC": "Australia/Melbourne",
        "WA": "Australia/Perth",
    },
}  # fmt: skip
_ALSO = {
    "US": {
        **dict.fromkeys(("FL", "IN", "KY", "MI"), _CENTRAL),
        **dict.fromkeys(("KS", "ND", "NE", "SD", "TX"), _MOUNTAIN),
        "TN": _EASTERN,
        "ID": _PACIFIC,
        "OR": _MOUNTAIN,
        "AK": "America/Adak",
    },
}
# Islands that their country's postal codes tell from the mainland.
_POSTAL_CODES = {
    "ES": (("35", "38"), "Atlantic/Canary", "Europe/Madrid"),
    "PT": (("95", "96", "97", "98", "99"), "Atlantic/Azores", "Europe/Lisbon"),
}


@dataclass(frozen=True, kw_only=True)
class Home:
    """What is known of where a customer lives; `phone` is in E.164."""

    timezone: str | None = None
    country: str | None = None
    region: str | None = None
    postal_code: str | None = None
    phone: str | None = None


class HomeZone(NamedTuple):
    """The zone a customer lives by, what it was found by, and the others that it may be as well."""

    zone: str
    source: str
    others: tuple[str, ...] = ()


def home_zone(home: Home, shop_zone: str, day: date) -> HomeZone:
    """The zone a customer lives by on a day: by the profile, the address, the phone, else the shop's.

    Where an address or a phone leaves several clocks open, one in the middle of them stands for the customer, and
    the others say when nothing may leave.
    """
    if profile := _real_zone(home.timezone):
        return HomeZone(profile, "profile")
    address = _clocks(_zones_of_address(home), day)
    if len(address) == 1:
        return HomeZone(address[0], "address")
    phone = _clocks(_zones_of_phone(home.phone), day)
    candidates = _agreed(address, phone, day) or address or phone
    if not candidates:
        return HomeZone(shop_zone, "shop")
    return _in_the_middle(candidates, "address" if candidates == address else "phone", day)


def home_country(home: Home, shop_country: str) -> tuple[str, str]:
    """The country whose rules hold for a customer, and what it was found by: address, phone or shop."""
    if (country := _country(home)) in zones_of_countries():
        return country, "address"
    if home.phone:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(home.phone)) or ""
        if country in zones_of_countries():
            return country, "phone"
    return shop_country, "shop"


def home_region(home: Home) -> str | None:
    """The region of the address by its code; nothing when it is not known, or is no region of a country that we know."""
    country, region = _country(home), _region(home)
    if not region or country not in zones_of_countries():
        return None
    return region if region in _REGIONS.get(country, {region: ""}) else None


def _real_zone(said: str | None) -> str | None:
    return _zones_by_small_letters().get((said or "").strip().lower())


def _country(home: Home) -> str:
    return (home.country or "").strip().upper()


def _region(home: Home) -> str:
    return (home.region or "").strip().upper().removeprefix(f"{_country(home)}-")


def _zones_of_address(home: Home) -> tuple[str, ...]:
    country, region = _country(home), _region(home)
    if by_region := _REGIONS.get(country, {}).get(region):
        other = _ALSO.get(country, {}).get(region)
        return (by_region, other) if other else (by_region,)
    if country in _POSTAL_CODES and home.postal_code:
        islands, island_zone, mainland_zone = _POSTAL_CODES[country]
        return (island_zone if home.postal_code.strip().startswith(islands) else mainland_zone,)
    return zones_of_countries().get(country, ())


def _zones_of_phone(number: str | None) -> tuple[str, ...]:
    if not number:
        return ()
    zones = phone_zones.time_zones_for_number(phonenumbers.parse(number))
    if not all(_real_zone(zone) for zone in zones):
        return ()
    return tuple(sorted(zones, key=lambda zone: (_places().get(zone, len(_places())), zone)))


@cache
def _places() -> dict[str, int]:
    """Where a zone stands in the table of countries: where most people of a country live comes first, as a rule."""
    return {zone: at for at, zone in enumerate(chain(*zones_of_countries().values()))}


def _agreed(address: tuple[str, ...], phone: tuple[str, ...], day: date) -> tuple[str, ...]:
    """The zones of an address whose clocks a phone knows, too."""
    shown = {_clock(zone, day) for zone in phone}
    return tuple(zone for zone in address if _clock(zone, day) in shown)


def _in_the_middle(zones: tuple[str, ...], source: str, day: date) -> HomeZone:
    """The first of two zones, as the tables list first where most people live; the middle one of more, by their clocks."""
    order = zones if len(zones) == 2 else sorted(zones, key=lambda zone: _clock(zone, day))
    chosen = order[(len(order) - 1) // 2]
    return HomeZone(chosen, source, tuple(zone for zone in zones if zone != chosen))


@lru_cache(maxsize=10_000)
def _clocks(zones: tuple[str, ...], day: date) -> tuple[str, ...]:
    """One zone for each different clock of the year that begins on the day."""
    first: dict[tuple[timedelta, ...], str] = {}
    for zone in zones:
        first.setdefault(_clock(zone, day), zone)
    return tuple(first.values())


@lru_cache(maxsize=10_000)
def _clock(zone: str, day: date) -> tuple[timedelta, ...]:
    """By how much a zone's clock is ahead of UTC, week by week through the year that begins on the day."""
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    weeks = (noon + timedelta(weeks=week) for week in range(53))
    return tuple(at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta() for at in weeks)


@cache
def _zones_by_small_letters() -> dict[str, str]:
    """Zones that people live by: `EST` and `Etc/GMT+5` are clocks, but nobody's home."""
    return {zone.lower(): zone for zone in sorted(available_timezones()) if _is_place(zone)}


def _is_place(zone: str) -> bool:
    return zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "SystemV/")))
