from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from perennial.campaigns.choices import OfferKind
from perennial.messages.phrasing import Phrasing, human_days, plural_forms
from perennial.messages.values import Offer, Product
from perennial.model.shop import Shop

NBSP = "\u00a0"


def say(shop: Shop, locale: str, filter_: str, *values: object, **options: str) -> str:
    return str(Phrasing(locale, shop).filters()[filter_](*values, **options)).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "$1,240.50"),
        ("es", "$1,240.50"),
        ("es-ES", f"1.240,50{NBSP}US$"),
        ("ru", f"1{NBSP}240,50{NBSP}$"),
    ],
)
def test_money_as_readers_in_the_shops_country_write_it(
    shop: Shop, locale: str, words: str
) -> None:
    assert say(shop, locale, "money", Decimal("1240.50")) == words


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", "December 5, 2026"), ("es", "5 de diciembre de 2026"), ("ru", "5 декабря 2026 г.")],
)
def test_dates_in_long_form(shop: Shop, locale: str, words: str) -> None:
    assert say(shop, locale, "date", date(2026, 12, 5)) == words


def test_a_british_shop_writes_the_day_first(shop: Shop) -> None:
    assert say(replace(shop, country="GB"), "en", "date", date(2026, 12, 5)) == "5 December 2026"


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "December 5"), ("es", "5 de diciembre"), ("ru", "5 декабря")]
)
def test_days_without_their_year(shop: Shop, locale: str, words: str) -> None:
    assert say(shop, locale, "day", date(2026, 12, 5)) == words


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "November 20, 2026, 11:30 PM EST"),
        ("es", "20 de noviembre de 2026, 11:30 p.m. EST"),
        ("ru", "20 ноября 2026 г., 23:30 GMT-05:00"),
    ],
)
def test_moments_are_told_by_the_shops_clock_and_name_it(
    shop: Shop, locale: str, words: str
) -> None:
    moment = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)

    assert say(shop, locale, "moment", moment).replace(NBSP, " ") == words


RUSSIAN = {"one": "балл", "few": "балла", "many": "баллов", "other": "балла"}


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (0, "баллов"),
        (1, "балл"),
        (2, "балла"),
        (5, "баллов"),
        (11, "баллов"),
        (21, "балл"),
        (112, "баллов"),
    ],
)
def test_russian_plurals(shop: Shop, number: int, word: str) -> None:
    assert say(shop, "ru", "plural", number, **RUSSIAN) == word


@pytest.mark.parametrize(("number", "word"), [(0, "points"), (1, "point"), (2, "points")])
def test_english_plurals(shop: Shop, number: int, word: str) -> None:
    assert say(shop, "en", "plural", number, one="point", other="points") == word


def test_a_form_that_only_millions_take_falls_back(shop: Shop) -> None:
    assert say(shop, "es", "plural", 1_000_000, one="punto", other="puntos") == "puntos"


def test_the_forms_that_a_language_asks_of_whole_numbers() -> None:
    assert set(plural_forms("ru")) == {"one", "few", "many"}
    assert set(plural_forms("es")) == {"one", "other"}


@pytest.mark.parametrize(
    ("days", "span"),
    [
        (1, (1, "day")),
        (13, (13, "day")),
        (14, (2, "week")),
        (34, (5, "week")),
        (69, (10, "week")),
        (70, (2, "month")),
        (365, (12, "month")),
        (731, (2, "year")),
    ],
)
def test_spans_of_days_in_the_unit_that_people_use(days: int, span: tuple[int, str]) -> None:
    assert human_days(days) == span


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "5 weeks"), ("es", "5 semanas"), ("ru", "5 недель")]
)
def test_spans_of_days_in_words(shop: Shop, locale: str, words: str) -> None:
    assert say(shop, locale, "ago", 34) == words


@pytest.mark.parametrize(
    ("locale", "kind", "value", "words"),
    [
        ("en", OfferKind.PERCENT, "10", "10%"),
        ("en", OfferKind.PERCENT, "12.5", "12.5%"),
        ("ru", OfferKind.PERCENT, "10", f"10{NBSP}%"),
        ("en", OfferKind.AMOUNT, "5", "$5"),
        ("en", OfferKind.AMOUNT, "5.50", "$5.50"),
        ("ru", OfferKind.AMOUNT, "5", f"5{NBSP}$"),
        ("en", OfferKind.POINTS, "500", "500 points"),
        ("ru", OfferKind.POINTS, "501", "501 балл"),
    ],
)
def test_offers(shop: Shop, locale: str, kind: OfferKind, value: str, words: str) -> None:
    assert say(shop, locale, "offer", Offer(kind=kind, value=Decimal(value))) == words


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "a, b, and c"), ("es", "a, b y c"), ("ru", "a, b и c")]
)
def test_lists_of_words(shop: Shop, locale: str, words: str) -> None:
    assert say(shop, locale, "join_words", ["a", "b", "c"]) == words


def test_a_list_of_products_is_their_names(shop: Shop) -> None:
    products = (Product(name="{0}"), Product(name="Tea"))

    assert say(shop, "en", "join_words", products) == "{0} and Tea"
