"""From words and looks to a page: one file of HTML that loads nothing else and runs nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path

from babel.dates import format_date
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from perennial.edge.page_colours import page_colours
from perennial.edge.page_words import PageWords, accepted_languages
from perennial.messages.phrasing import reading_locale
from perennial.model.shop import Shop

_PAGES = Path(__file__).parent / "pages"


class Pages:
    """The pages of one shop, in every language that they are worded in."""

    def __init__(self, shop: Shop, words: PageWords) -> None:
        self.words = words
        self.contact = shop.reply_to or shop.from_address
        self._shop = shop
        css = _css(shop.colours)
        self._headers = {"Content-Security-Policy": _policy(css)}
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(_PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "shop": shop,
            "css": Markup(css),  # noqa: S704 - a file of ours, and colours that are six digits
            "languages": words.own_names,
            "contact": self.contact,
        }

    def page(
        self,
        name: str,
        locale: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> HTMLResponse:
        """A page by the name of its template."""
        html = self._environment.get_template(f"{name}.html.j2").render(
            locale=locale, say=partial(self.say, locale), **values
        )
        return HTMLResponse(
            html,
            status_code=status,
            headers={**self._headers, "Content-Language": locale, **(headers or {})},
        )

    def trouble(
        self,
        trouble: str | int,
        locale: str,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """A page that says what is wrong, and what to do."""
        return self.page("trouble", locale, status=status, headers=headers, trouble=str(trouble))

    def say(self, locale: str, phrase: str, /, **gaps: object) -> str:
        """A phrase in a language, its gaps filled."""
        return self.words.by_locale[locale][phrase] % {"shop": self._shop.name, **gaps}

    def date(self, locale: str, day: date) -> str:
        """A day as it is written in the language; an instant is the day that it falls on where the shop is."""
        local = day.astimezone(self._shop.zone) if isinstance(day, datetime) else day
        return format_date(local, "long", locale=reading_locale(locale, self._shop.country))

    def locale_of(self, request: Request, written_in: str | None = None) -> str:
        """The language chosen on the page, else that of the message, else that of the browser, else the shop's."""
        accepted = accepted_languages(request.headers.get("Accept-Language", ""))
        return self.words.choose(request.query_params.get("lang"), written_in, *accepted)


def _css(chosen: Mapping[str, str]) -> str:
    colours = page_colours(chosen)
    by_day, by_night = (_properties(colours[time]) for time in ("day", "night"))
    looks = (_PAGES / "page.css").read_text(encoding="utf-8")
    return (
        f":root{{color-scheme:light dark;{by_day}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{by_night}}}}}\n{looks}"
    )


def _properties(colours: Mapping[str, str]) -> str:
    return "".join(f"--{name.replace('_', '-')}:{colour};" for name, colour in colours.items())


def _policy(css: str) -> str:
    """Nothing but this one style; forms go back to where they came from."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )
