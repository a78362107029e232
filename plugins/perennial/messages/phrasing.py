"""Figures, dates and lists as the readers of a language write them: the filters of the templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    get_timezone_gmt,
    get_timezone_name,
)
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

from perennial.campaigns.choices import OfferKind
from perennial.errors import RenderError
from perennial.messages.values import Offer, Product
from perennial.model.shop import Shop

Number = int | float | Decimal

# Formatting by babel costs 20 to 100 times a look-up, and a campaign says the same few figures to everybody.
_REMEMBERED = 8192
PLURAL_FORMS = ("zero", "one", "two", "few", "many", "other")
_DAYS_A_WEEK = 7
_DAYS_A_MONTH = Decimal("30.44")
_DAYS_A_YEAR = Decimal("365.25")
_POINTS = {
    "en": {"one": "point", "other": "points"},
    "es": {"one": "punto", "other": "puntos"},
    "ru": {"one": "балл", "few": "балла", "many": "баллов", "other": "балла"},
}


def reading_locale(locale: str, country: str) -> Locale:
    """The locale as it is written in the shop's country, or else in general.

    A Spanish-speaking customer of a shop in the United States reads $12.40, not 12,40 US$.
    """
    language = Locale.parse(locale.replace("-", "_"))
    try:
        return language if language.territory else Locale.parse(f"{language.language}_{country}")
    except (UnknownLocaleError, ValueError):
        return language


def plural_forms(locale: str) -> tuple[str, ...]:
    """The plural forms that whole numbers up to a million take in this language."""
    rule = Locale.parse(locale.replace("-", "_")).plural_form
    taken = {rule(number) for number in range(200)}
    return tuple(form for form in PLURAL_FORMS if form in taken)


class Phrasing:
    """The filters for one language of one shop."""

    def __init__(self, locale: str, shop: Shop) -> None:
        self._locale = reading_locale(locale, shop.country)
        self._shop = shop
        self._form = lru_cache(_REMEMBERED)(self._locale.plural_form)

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Every filter by the name that templates use."""
        remembered: tuple[Callable[..., str], ...] = (
            self.money,
            self.number,
            self.date,
            self.day,
            self.moment,
            self.percent,
            self.ago,
            self.offer,
        )
        return {method.__name__: lru_cache(_REMEMBERED)(method) for method in remembered} | {
            "plural": self.plural,
            "join_words": self.join_words,
            "map": names_of,
            "length": len,
            "upper": str.upper,
            "lower": str.lower,
            "capitalize": str.capitalize,
        }

    def money(self, amount: Number) -> str:
        return format_currency(_exact(amount), self._shop.currency, locale=self._locale)

    def number(self, number: Number) -> str:
        return format_decimal(_exact(number), locale=self._locale)

    def percent(self, share: Number) -> str:
        return format_percent(_exact(share) / 100, locale=self._locale, decimal_quantization=False)

    def date(self, day: dt.date) -> str:
        return format_date(self._local(day), "long", locale=self._locale)

    def day(self, day: dt.date) -> str:
        return format_skeleton("MMMMd", self._local(day), locale=self._locale)

    def moment(self, moment: dt.datetime) -> str:
        local = moment.astimezone(self._shop.zone)
        time = format_time(local.time(), "short", locale=self._locale)
        return f"{self.date(local)}, {time} {self._zone(local)}"

    def plural(self, number: Number, **forms: str) -> str:
        form = self._form(abs(number))
        chosen = forms.get(form) or forms.get("other") or forms.get("many")
        if chosen is None:
            message = f"plural() has no form for `{form}`."
            raise RenderError(message)
        return chosen

    def ago(self, days: int) -> str:
        count, unit = human_days(days)
        return format_unit(count, f"duration-{unit}", locale=self._locale)

    def offer(self, offer: Offer) -> str:
        match offer.kind:
            case OfferKind.PERCENT:
                return self.percent(offer.value)
            case OfferKind.AMOUNT:
                return self._short_money(offer.value)
            case OfferKind.POINTS:
                return f"{self.number(offer.value)} {self._points(offer.value)}"

    def join_words(self, words: Sequence[str | Product]) -> str:
        names = [word.name if isinstance(word, Product) else word for word in words]
        return format_list(names, locale=self._locale)

    def _points(self, number: Decimal) -> str:
        forms = _POINTS.get(self._locale.language)
        if forms is None:
            message = f"offer: points have no name in the language {self._locale.language}."
            raise RenderError(message)
        return self.plural(int(number), **forms)

    def _zone(self, local: dt.datetime) -> str:
        """EST where readers of the language say so, else GMT-05:00."""
        name = get_timezone_name(local, width="short", locale=self._locale)
        return (
            name if name.isalpha() else get_timezone_gmt(local, width="long", locale=self._locale)
        )

    def _short_money(self, amount: Decimal) -> str:
        if amount != amount.to_integral_value():
            return self.money(amount)
        pattern = self._locale.currency_formats["standard"].pattern.replace(".00", "")
        return format_currency(
            amount, self._shop.currency, pattern, locale=self._locale, currency_digits=False
        )

    def _local(self, day: dt.date) -> dt.date:
        return day.astimezone(self._shop.zone).date() if isinstance(day, dt.datetime) else day


def names_of(products: Sequence[Product], attribute: str = "name") -> tuple[str, ...]:
    """One attribute of each product that has it."""
    values = (getattr(product, attribute) for product in products)
    return tuple(str(value) for value in values if value is not None)


def human_days(days: int) -> tuple[int, str]:
    """A span of days in the unit that people would use, and how many of it."""
    if days < 2 * _DAYS_A_WEEK:
        return days, "day"
    if days < 10 * _DAYS_A_WEEK:
        return round(days / _DAYS_A_WEEK), "week"
    if days < 2 * _DAYS_A_YEAR:
        return round(days / _DAYS_A_MONTH), "month"
    return round(days / _DAYS_A_YEAR), "year"


def _exact(number: Number) -> int | Decimal:
    return Decimal(str(number)) if isinstance(number, float) else number
