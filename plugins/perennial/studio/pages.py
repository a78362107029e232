"""From figures to a page of the Studio: server-rendered HTML that works by keyboard and follows Airflow's light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from starlette.requests import Request
from starlette.responses import HTMLResponse

from perennial.model.shop import Shop
from perennial.report.day_page import percent
from perennial.studio.visitors import Right, Visitor

_PAGES = Path(__file__).parent / "pages"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page that the navigation leads to."""

    path: str
    title: str


class Pages:
    """The pages of one shop's Studio."""

    def __init__(self, shop: Shop, places: tuple[Place, ...], secret: str) -> None:
        self._secret = secret
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(_PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"shop": shop, "places": places, "Right": Right}
        zone = shop.zone

        def instant(at: datetime, form: str = "d MMM, HH:mm") -> str:
            return format_datetime(at, form, tzinfo=zone, locale="en")

        def ago(at: datetime, now: datetime) -> str:
            return format_timedelta(at - now, add_direction=True, locale="en")

        def day(value: date, form: str = "EEEE, d MMMM y") -> str:
            return format_date(value, form, locale="en")

        def number(value: float | Decimal) -> str:
            return format_decimal(value, locale="en")

        def money(value: Decimal) -> str:
            return format_currency(value, shop.currency, locale="en")

        def price(value: Decimal) -> str:
            # A text message costs less than a cent.
            return format_currency(
                value, shop.currency, "¤0.00##", locale="en", currency_digits=False
            )

        self._environment.filters |= {
            f.__name__: f for f in (instant, ago, day, number, money, percent, price)
        }

    def page(
        self,
        template: str,
        request: Request,
        visitor: Visitor,
        /,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> HTMLResponse:
        """A page by the name of its template; paths in it begin with `root`."""
        html = self.html(template, request, visitor, **values)
        return HTMLResponse(html, status_code=status, headers=headers)

    def html(self, template: str, request: Request, visitor: Visitor, /, **values: object) -> str:
        """A page, or a part of one, as text."""
        return self._environment.get_template(f"{template}.html.j2").render(
            root=request.scope.get("root_path", ""),
            here=request.scope["path"].removeprefix(request.scope.get("root_path", "")),
            visitor=visitor,
            form_key=visitor.form_key(self._secret),
            said=request.query_params.get("said"),
            **values,
        )
