"""The clock a customer lives by: from the profile, else the address, else the phone's prefix, else the shop's.

The table of regions is of November 2026. Countries come from the installed zone data: one whose zones all show the
same time needs no region.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers import timezone as phone_zones

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


def home_zone(home: Home, shop_zone: str, day: date) -> tuple[str, str]:
    """The zone a customer lives by on a day, and what it was found by: profile, address, phone or shop."""
    if profile := _real_zone(home.timezone):
        return profile, "profile"
    if address := _by_address(home, day):
        return address, "address"
    if phone := _by_phone(home.phone, day):
        return phone, "phone"
    return shop_zone, "shop"


def _real_zone(said: str | None) -> str | None:
    return _zones_by_small_letters().get((said or "").strip().lower())


def _by_address(home: Home, day: date) -> str | None:
    country = (home.country or "").strip().upper()
    region = (home.region or "").strip().upper().removeprefix(f"{country}-")
    if by_region := _REGIONS.get(country, {}).get(region):
        other = _ALSO.get(country, {}).get(region)
        return other if other and other == _by_phone(home.phone, day) else by_region
    if country in _POSTAL_CODES and home.postal_code:
        islands, island_zone, mainland_zone = _POSTAL_CODES[country]
        return island_zone if home.postal_code.strip().startswith(islands) else mainland_zone
    return _same_time(_zones_of_countries().get(country, ()), day)


def _by_phone(number: str | None, day: date) -> str | None:
    if not number:
        return None
    return _same_time(phone_zones.time_zones_for_number(phonenumbers.parse(number)), day)


@lru_cache(maxsize=10_000)
def _same_time(zones: tuple[str, ...], day: date) -> str | None:
    """The first of some zones when their clocks agree all through the year that begins on the day."""
    if not zones or not all(_real_zone(zone) for zone in zones):
        return None
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    weeks = [noon + timedelta(weeks=week) for week in range(53)]
    clocks = {tuple(at.astimezone(ZoneInfo(zone)).utcoffset() for at in weeks) for zone in zones}
    return zones[0] if len(clocks) == 1 else None


@cache
def _zones_of_countries() -> dict[str, tuple[str, ...]]:
    table = (resources.files("tzdata.zoneinfo") / "zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    countries: dict[str, tuple[str, ...]] = {}
    for country, _, zone, *_ in rows:
        countries[country] = (*countries.get(country, ()), zone)
    return countries


@cache
def _zones_by_small_letters() -> dict[str, str]:
    """Zones that people live by: `EST` and `Etc/GMT+5` are clocks, but nobody's home."""
    return {zone.lower(): zone for zone in sorted(available_timezones()) if _is_place(zone)}


def _is_place(zone: str) -> bool:
    return zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "SystemV/")))
