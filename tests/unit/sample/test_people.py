from __future__ import annotations

from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import phonenumbers
import pytest
from email_validator import validate_email

from perennial.sample.awkward import CASES, make_awkward
from perennial.sample.people import Person, Places, latin, make_people

COUNT = 2469


def people(count: int = COUNT, *, seed: int = 7, band: str | None = None) -> list[Person]:
    ids = [f"{n:08d}" for n in range(1, count + 1)]
    return make_people(ids, [band] * count, Places(), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def everybody() -> list[Person]:
    return people()


def test_the_same_seed_makes_the_same_people(everybody: list[Person]) -> None:
    assert people() == everybody
    assert people(seed=8) != everybody


def test_languages_come_in_their_shares(everybody: list[Person]) -> None:
    spoken = Counter((person.language or "").split("-")[0] for person in everybody)
    assert spoken["en"] / COUNT == pytest.approx(0.70, abs=0.03)
    assert spoken["es"] / COUNT == pytest.approx(0.20, abs=0.03)
    assert spoken["ru"] / COUNT == pytest.approx(0.10, abs=0.02)
    assert any(person.language == "es-MX" for person in everybody)


def test_every_address_is_an_example_and_belongs_to_one_account(everybody: list[Person]) -> None:
    addresses = [person.email or "" for person in everybody]
    assert len(set(addresses)) == COUNT
    for address in addresses:
        validate_email(address, check_deliverability=False, strict=True)
        domain = address.split("@")[1]
        assert domain.startswith("example.") or domain.endswith(".example")


def test_every_number_is_valid_and_rings_nowhere(everybody: list[Person]) -> None:
    given = [person.phone for person in everybody if person.phone]
    parsed = [phonenumbers.parse(number, "US") for number in given]
    assert all(phonenumbers.is_valid_number(number) for number in parsed)
    assert {str(number.national_number)[3:8] for number in parsed} == {"55501"}
    assert len({number.national_number for number in parsed}) == len(given)


def test_every_calendar_day_is_somebodys_birthday(everybody: list[Person]) -> None:
    days = Counter(person.birth_date[5:] for person in everybody if person.birth_date)
    assert len(days) == 366
    assert max(days.values()) <= 8
    assert 1 <= days["02-29"] <= 10
    assert sum(days.values()) / COUNT == pytest.approx(0.95, abs=0.02)


def test_birth_years_fit_the_age_band_of_the_household() -> None:
    years = {
        date.fromisoformat(person.birth_date).year
        for person in people(300, band="45-54")
        if person.birth_date and not person.birth_date.endswith("02-29")
    }
    assert years <= set(range(2017 - 54, 2017 - 45 + 1))


def test_zones_are_known_and_mostly_the_shops(everybody: list[Person]) -> None:
    zones = Counter(person.timezone for person in everybody)
    assert all(ZoneInfo(zone) for zone in zones if zone)
    assert zones["America/New_York"] > COUNT / 2
    assert zones[None] / COUNT == pytest.approx(0.06, abs=0.02)


def test_russian_names_come_in_both_alphabets_and_agree_in_gender(everybody: list[Person]) -> None:
    speakers = [person for person in everybody if person.language == "ru"]
    names = [f"{person.first_name} {person.last_name}" for person in speakers]
    assert any(name.isascii() for name in names)
    assert any("а" in name for name in names)
    assert not [
        name for name in names if name.startswith(("Анна", "Ольга")) and name.endswith("ов")
    ]


def test_there_are_only_so_many_numbers_and_then_no_more() -> None:
    places = Places()
    lines = [places.next("America/Phoenix")[1] for _ in range(600)]
    assert len([line for line in lines if line]) == 500
    assert lines[-1] is None


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Соловьёв", "solovyov"),
        ("O'Brien", "obrien"),
        ("Núñez", "nunez"),
        ("de la Cruz", "delacruz"),
    ],
)
def test_a_name_is_written_in_the_letters_of_addresses(name: str, plain: str) -> None:
    assert latin(name) == plain


def test_every_awkward_case_is_there_in_its_share(everybody: list[Person]) -> None:
    awkward = make_awkward(everybody, np.random.default_rng(1))
    expected = sum(max(1, round(case.share * COUNT)) for case in CASES)
    changed = [new for old, new in zip(everybody, awkward, strict=True) if old != new]
    assert expected * 0.97 <= len(changed) <= expected
    assert expected / COUNT < 0.12
    names = {person.first_name for person in awkward}
    assert {None, "{{7*7}}", "{% for %}", "<script>alert(1)</script>", "NULL", "null"} <= names
    assert {"   ", "Ann\u202eevil", "JosÃ©"} <= names
    assert max(len(name or "") for name in names) == 40
    assert {"Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Madrid", "Europe/Moscow"} <= {
        person.timezone for person in awkward
    }
    assert {person.language for person in awkward} >= {None, "de"}
    assert {person.birth_date for person in awkward} >= {"1900-01-01", "2091-06-15"}


def test_some_accounts_share_an_address_also_in_other_case(everybody: list[Person]) -> None:
    awkward = make_awkward(everybody, np.random.default_rng(1))
    same = Counter(person.email for person in awkward if person.email)
    folded = Counter(person.email.casefold() for person in awkward if person.email)
    assert sum(n == 2 for n in same.values()) == round(0.006 * COUNT)
    assert sum(n == 2 for n in folded.values()) == round(0.006 * COUNT) + round(0.004 * COUNT)


def test_the_landlines_are_valid_and_reserved_for_drama(everybody: list[Person]) -> None:
    awkward = make_awkward(everybody, np.random.default_rng(1))
    numbers = [p.phone for p in awkward if p.phone and p.phone.startswith("+44")]
    assert len(numbers) == round(0.004 * COUNT)
    for number in map(phonenumbers.parse, numbers):
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE


def test_a_few_people_are_all_the_awkward_ones_that_they_can_be() -> None:
    few = people(10)
    assert len(make_awkward(few, np.random.default_rng(1))) == 10
