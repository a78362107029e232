"""What every answer of the Studio tells browsers, and how a form proves that it was ours."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request

from perennial.studio.visitors import Visitor

FORM_KEY = "form_key"
LARGEST_FORM = 512 * 1024

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    # The Studio stands in a frame of Airflow's own page, and in nobody else's.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
        " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def comes_from_us(request: Request, form: FormData, visitor: Visitor, secret: str) -> bool:
    """Whether a form was sent off from a page of ours, by whom we made it for."""
    given = form.get(FORM_KEY)
    right_key = isinstance(given, str) and hmac.compare_digest(given, visitor.form_key(secret))
    return right_key and _same_site(request)


def _same_site(request: Request) -> bool:
    """Browsers say where a form comes from; what says nothing is no browser, and has proved itself by the key."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("Host")
