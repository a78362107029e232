"""What is held about one person, as a page for that person, in their language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import yaml
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from perennial.model.shop import Shop

Row = Mapping[str, Any]

LOCALES = ("en", "es", "ru")
_HERE = Path(__file__).parent
_COLUMNS = {
    "accounts": (
        *("customer_id", "first_name", "last_name", "email", "phone", "birth_date", "language"),
        *("country", "region", "postal_code", "preferred_channel", "signed_up_at"),
    ),
    "contacts": ("customer_id", "email", "phone", "zone"),
    "consents": ("channel", "topic", "state", "at", "how", "wording"),
    "preference_changes": ("preference", "value", "at", "how"),
    "suppressions": ("channel", "reason", "since", "lifted_at"),
    "messages": ("campaign", "channel", "dispatched_at", "state", "events"),
    "answers": ("score", "comment", "at"),
    "cases": ("opened_at", "closed_at", "note"),
    "orders": ("order_id", "ordered_at", "status", "total", "products"),
    "points": ("happened_at", "kind", "points", "expires_on"),
    "features": ("name", "figure"),
    "decisions": ("day", "campaign", "outcome", "reason", "channel"),
    "hold_outs": ("campaign", "day"),
    "put_aside": ("dataset", "reason"),
    "exports": ("at", "actor"),
}


@dataclass(frozen=True, kw_only=True)
class PersonPage:
    """What the page shows: rows by section, see docs/how-to/answer-a-person.md for the sections."""

    shop: Shop
    zone: ZoneInfo
    day: date
    language: str | None
    sections: Mapping[str, Sequence[Row]]


def render_person(page: PersonPage) -> str:
    """One self-contained HTML page. A language without words gets the shop's default, else English."""
    locale = locale_of(page.language, page.shop)
    words = person_words()[locale]
    cells = _Cells(locale=locale, zone=page.zone, currency=page.shop.currency, words=words)
    return _template().render(
        locale=locale,
        shop=page.shop,
        words=words,
        lede=words["lede"]
        % {
            "shop": page.shop.name,
            "day": format_date(page.day, "long", locale=locale),
            "zone": page.zone.key,
        },
        rights=words["rights"] % {"contact": page.shop.reply_to or page.shop.from_address},
        sections=[
            {
                "name": name,
                "title": words["sections"][name][0],
                "why": words["sections"][name][1],
                "columns": [words["columns"][column] for column in columns],
                "rows": [[cells.text(row, c) for c in columns] for row in page.sections[name]],
            }
            for name, columns in _COLUMNS.items()
        ],
    )


def locale_of(language: str | None, shop: Shop) -> str:
    """The language of the page: the person's, as far as there are words in it."""
    for wanted in (language, shop.default_locale):
        base = (wanted or "").partition("-")[0].lower()
        if base in LOCALES:
            return base
    return LOCALES[0]


@cache
def person_words() -> dict[str, Any]:
    """The words of the page, by language."""
    text = (_HERE / "person_words.yaml").read_text(encoding="utf-8")
    words: dict[str, Any] = yaml.safe_load(text)
    return words


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """Values as a reader of a language expects them."""

    locale: str
    zone: ZoneInfo
    currency: str
    words: Mapping[str, Any]

    def text(self, row: Row, column: str) -> str:
        value = row.get(column)
        if column == "events":
            return ", ".join(self._event(event) for event in value or ()) or self._plain(None)
        if column == "total" and value is not None:
            return format_currency(value, row.get("currency", self.currency), locale=self.locale)
        return self._plain(value)

    def _event(self, event: Row) -> str:
        return f"{self._plain(event['word'])} ({self._plain(event['at'])})"

    def _plain(self, value: object) -> str:
        if value is None or value == "":
            return "–"
        if isinstance(value, datetime):
            return format_datetime(value, "medium", tzinfo=self.zone, locale=self.locale)
        if isinstance(value, date):
            return format_date(value, "medium", locale=self.locale)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return format_decimal(value, locale=self.locale)
        word: str = self.words["values"].get(str(value), str(value))
        return word


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("person_page.html.j2")
