"""The people behind the baskets, made from the seed: nobody real, and no address or number that reaches anybody.

Addresses are at domains kept for examples; numbers are 555-0100 to 555-0199 of each area code, which no carrier
gives out. There are about 35,000 of those; customers beyond that have no phone.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")

DATA_YEAR = 2017
LANGUAGE_SHARES = {"en": 0.70, "es": 0.20, "ru": 0.10}
ZONE_SHARES = {
    "America/New_York": 0.70,
    "America/Chicago": 0.15,
    "America/Los_Angeles": 0.09,
    "America/Denver": 0.04,
    "America/Phoenix": 0.02,
}
CHANNEL_SHARES = {"email": 0.35, "sms": 0.15, None: 0.50}
TAGS = {
    "en": {"en": 0.8, "en-US": 0.2},
    "es": {"es": 0.5, "es-MX": 0.3, "es-US": 0.2},
    "ru": {"ru": 1.0},
}
BIRTH_DATE_MISSING, PHONE_MISSING, ZONE_MISSING, CYRILLIC_SHARE = 0.05, 0.12, 0.06, 0.6
LEAP_DAY_SHARE = 0.002
_DOMAINS = (
    "example.com",
    "example.net",
    "example.org",
    "mail.example",
    "post.example",
    "inbox.example",
)
_PHONE_STYLES = (
    "({0}) 555-{1}",
    "{0}-555-{1}",
    "{0}.555.{1}",
    "+1{0}555{1}",
    "1 {0} 555 {1}",
    "{0}555{1}",
)
_AGES = {
    "19-24": (19, 24),
    "25-34": (25, 34),
    "35-44": (35, 44),
    "45-54": (45, 54),
    "55-64": (55, 64),
    "65+": (65, 88),
}
_AGE_SHARES = (0.08, 0.20, 0.24, 0.22, 0.14, 0.12)
_LETTERS = (
    {"а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z"}
    | {"и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r"}
    | {"с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh"}
    | {"щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya"}
)


class Person(NamedTuple):
    """One row of the shop's customers, without its times."""

    customer_id: str
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    birth_date: str | None
    language: str | None
    timezone: str | None
    country: str | None
    region: str | None
    postal_code: str | None
    preferred_channel: str | None


@dataclass(frozen=True, kw_only=True)
class AreaCode:
    """A part of the country with its telephone prefix."""

    area_code: str
    region: str
    timezone: str
    postal_prefix: str


class Places:
    """Hands out homes, each with a telephone number that is nobody's, once."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = defaultdict(int)

    def next(self, zone: str) -> tuple[AreaCode, str | None]:
        """A place in a zone and a free line there: four digits, or nothing when every one is given out."""
        codes = _area_codes()[zone]
        slot = self._taken[zone]
        self._taken[zone] += 1
        line, code = divmod(slot, len(codes))
        return codes[code], f"{100 + line:04d}" if line < 100 else None


def make_people(
    customer_ids: Sequence[str],
    age_bands: Sequence[str | None],
    places: Places,
    rng: np.random.Generator,
) -> list[Person]:
    """One person for each id."""
    count = len(customer_ids)
    languages = _drawn(rng, LANGUAGE_SHARES, count)
    zones = _drawn(rng, ZONE_SHARES, count)
    channels = _drawn(rng, CHANNEL_SHARES, count)
    births = _birth_dates(age_bands, rng)
    return [
        _person(
            customer_ids[i], str(languages[i]), str(zones[i]), channels[i], births[i], places, rng
        )
        for i in range(count)
    ]


def latin(name: str) -> str:
    """A name in the letters that an address may have."""
    romanised = "".join(_LETTERS.get(letter, letter) for letter in name.casefold())
    plain = unicodedata.normalize("NFKD", romanised).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain if letter.isalnum())


def _person(  # noqa: PLR0917 - one value a column
    customer_id: str,
    language: str,
    zone: str,
    channel: str | None,
    birth_date: date | None,
    places: Places,
    rng: np.random.Generator,
) -> Person:
    first, last = _name(language, rng)
    place, line = places.next(zone)
    dice = rng.random(4)
    style = _PHONE_STYLES[rng.integers(len(_PHONE_STYLES))]
    phone = style.format(place.area_code, line) if line and dice[0] >= PHONE_MISSING else None
    domain = _DOMAINS[rng.integers(len(_DOMAINS))]
    return Person(
        customer_id=customer_id,
        first_name=first if dice[2] < CYRILLIC_SHARE else _romanised(first),
        last_name=last if dice[2] < CYRILLIC_SHARE else _romanised(last),
        email=f"{latin(first)}.{latin(last)}.{customer_id.lstrip('0')}@{domain}",
        phone=phone,
        birth_date=birth_date.isoformat() if birth_date and dice[3] >= BIRTH_DATE_MISSING else None,
        language=str(_drawn(rng, TAGS[language], 1)[0]),
        timezone=zone if dice[1] >= ZONE_MISSING else None,
        country="US",
        region=place.region,
        postal_code=f"{place.postal_prefix}{rng.integers(1, 100):02d}",
        preferred_channel=channel,
    )


def _name(language: str, rng: np.random.Generator) -> tuple[str, str]:
    firsts, lasts = _first_names()[language], _last_names()[language]
    first, gender = firsts[rng.integers(len(firsts))]
    masculine, feminine = lasts[rng.integers(len(lasts))]
    return first, feminine if gender == "f" else masculine


def _romanised(name: str) -> str:
    """Cyrillic as many of its bearers abroad write it; any other name stays as it is."""
    if not any(letter in _LETTERS for letter in name.casefold()):
        return name
    return latin(name).capitalize()


def _birth_dates(bands: Sequence[str | None], rng: np.random.Generator) -> list[date]:
    """Birthdays spread evenly over the calendar, a handful on 29 February, in years that fit the age bands."""
    count = len(bands)
    days = [date(2001, 1, 1).toordinal() + n % 365 for n in range(count)]
    order = rng.permutation(count)
    leap = set(rng.permutation(count)[: max(1, round(LEAP_DAY_SHARE * count))].tolist())
    drawn = rng.choice(len(_AGES), size=count, p=_AGE_SHARES)
    born = []
    for i in range(count):
        low, high = _AGES[bands[i] or list(_AGES)[drawn[i]]]
        year = DATA_YEAR - int(rng.integers(low, high + 1))
        day = date.fromordinal(days[order[i]])
        born.append(date(year - year % 4, 2, 29) if i in leap else day.replace(year=year))
    return born


def _drawn(rng: np.random.Generator, shares: dict[T, float], count: int) -> list[T]:
    words = list(shares)
    return [words[i] for i in rng.choice(len(words), size=count, p=list(shares.values()))]


def _rows(name: str) -> list[dict[str, str]]:
    text = files("perennial.sample").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _first_names() -> dict[str, list[tuple[str, str]]]:
    names = defaultdict(list)
    for row in _rows("first_names.csv"):
        names[row["language"]].append((row["name"], row["gender"]))
    return dict(names)


@cache
def _last_names() -> dict[str, list[tuple[str, str]]]:
    names = defaultdict(list)
    for row in _rows("last_names.csv"):
        names[row["language"]].append((row["masculine"], row["feminine"]))
    return dict(names)


@cache
def _area_codes() -> dict[str, list[AreaCode]]:
    codes = defaultdict(list)
    for row in _rows("area_codes.csv"):
        codes[row["timezone"]].append(AreaCode(**row))
    return dict(codes)
