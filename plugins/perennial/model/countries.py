"""The countries that have a zone, by their ISO 3166-1 code."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def zones_of_countries() -> dict[str, tuple[str, ...]]:
    """The zones of each country, from the installed zone data."""
    table = (resources.files("tzdata.zoneinfo") / "zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    countries: dict[str, tuple[str, ...]] = {}
    for country, _, zone, *_ in rows:
        countries[country] = (*countries.get(country, ()), zone)
    return countries
